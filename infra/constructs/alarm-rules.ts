/** What the alarms watch: something fails that should not, work stays undone, or a limit is near. CloudWatch charges for each metric watched. */
import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { type IMetric, MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { FunctionName } from '../../lib/config.ts';
import { queueNames, queues as queueRows, schedules } from '../topology.ts';
import type { QueueRow } from '../topology-rows.ts';
import type { Functions } from './functions.ts';
import type { Queues } from './queues.ts';
import type { Tables } from './tables.ts';

export interface Watched {
  readonly api: HttpApi;
  readonly functions: Functions;
  readonly tables: Tables;
  readonly queues: Queues;
}

export interface AlarmRule {
  readonly id: string;
  readonly description: string;
  readonly metric: IMetric;
  readonly when: { readonly above: number } | { readonly below: number };
  /** Alarms at the first period beyond the threshold; in two of three when absent. */
  readonly atOnce?: true;
}

const period = Duration.minutes(5);
const minute = Duration.minutes(1);

export function alarmRules({ api, functions, tables, queues }: Watched): readonly AlarmRule[] {
  return [
    apiErrors(api),
    ...Object.entries(functions).map(([name, lambda]) => functionErrors(name, lambda)),
    throttledFunctions,
    ...Object.entries(tables).map(([name, table]) => throttledTable(name, table.tableName)),
    kmsQuota,
    credentialsLost,
    destinationDisabled,
    eventsFailed,
    ...queueNames.flatMap((name) => queueRules(name, queues[name])),
    ...Object.keys(schedules).map((name) => clock(name, functions[name as FunctionName])),
  ];
}

function apiErrors(api: HttpApi): AlarmRule {
  return {
    id: 'ApiErrors',
    description: 'More than 1 % of the API calls end with a 5xx.',
    metric: new MathExpression({
      expression: '100 * errors / calls',
      usingMetrics: {
        errors: api.metricServerError({ statistic: Stats.SUM, period }),
        calls: api.metricCount({ statistic: Stats.SUM, period }),
      },
      period,
    }),
    when: { above: 1 },
  };
}

/** Handlers answer what goes wrong; what Lambda counts as an error is a crash, a time-out, a failed start. */
function functionErrors(name: string, lambda: LambdaFunction): AlarmRule {
  return {
    id: `Function-${name}`,
    description: `The function ${name} crashes or times out.`,
    metric: lambda.metricErrors({ period }),
    when: { above: 0 },
  };
}

/** All functions of an account draw on one pool, so that one metric tells of all. */
const throttledFunctions: AlarmRule = {
  id: 'FunctionThrottles',
  description: "The account's concurrency is used up, and Lambda turns calls away.",
  metric: LambdaFunction.metricAllThrottles({ period }),
  when: { above: 0 },
};

function throttledTable(name: string, TableName: string): AlarmRule {
  const events = (metricName: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName },
      statistic: Stats.SUM,
      period,
    });
  return {
    id: `Table-${name}`,
    description: `DynamoDB throttles the table ${name}.`,
    metric: new MathExpression({
      expression: 'reads + writes',
      usingMetrics: { reads: events('ReadThrottleEvents'), writes: events('WriteThrottleEvents') },
      period,
    }),
    when: { above: 0 },
  };
}

/** KMS counts no refused calls. It counts calls, and the quota is the account's, not the key's. */
const kmsQuota: AlarmRule = {
  id: 'KmsQuota',
  description:
    'The account uses more than 80 % of its KMS quota for symmetric keys; above it KMS refuses calls.',
  metric: new MathExpression({
    expression: '100 * calls / SERVICE_QUOTA(calls)',
    usingMetrics: {
      calls: new Metric({
        namespace: 'AWS/Usage',
        metricName: 'CallCount',
        dimensionsMap: {
          Service: 'KMS',
          Type: 'API',
          Resource: 'CryptographicOperationsSymmetric',
          Class: 'None',
        },
        statistic: Stats.SUM,
        period: minute,
      }),
    },
    period: minute,
  }),
  when: { above: 80 },
};

/** The functions count it in their logs, without dimensions. */
const credentialsLost: AlarmRule = {
  id: 'CredentialsLost',
  description:
    'Renewed credentials could be neither stored nor put into the rescue queue. Their users have to connect again.',
  metric: counted('credentials_lost'),
  when: { above: 0 },
  // It happens once for each user and leaves no second period to wait for.
  atOnce: true,
};

/** Counted as above; its tenant hears of it at its other destinations, if it has any. */
const destinationDisabled: AlarmRule = {
  id: 'DestinationDisabled',
  description:
    'A destination of a tenant failed for three days, or said that it is gone, and gets no events any more.',
  metric: counted('destination_disabled'),
  when: { above: 0 },
  atOnce: true,
};

/** Filed at once, so that they do not stay among the dead letters, where the alarm on these would see them. */
const eventsFailed: AlarmRule = {
  id: 'EventsFailed',
  description:
    'Events of platforms could not be handled, or events of ours not passed on, and were filed. `hawser failures list --all` shows them; once the reason is gone they can be sent again.',
  metric: new MathExpression({
    expression: 'FILL(incoming, 0) + FILL(events, 0)',
    // What fails on its way to a destination is the business of its tenant.
    usingMetrics: {
      incoming: counted('message_failed', { reason: 'incoming' }),
      events: counted('message_failed', { reason: 'events' }),
    },
    period,
  }),
  when: { above: 0 },
  atOnce: true,
};

/** What the functions count in their logs, under the dimensions that they give it. */
function counted(metricName: string, dimensionsMap: Readonly<Record<string, string>> = {}): Metric {
  return new Metric({ namespace: 'Hawser', metricName, dimensionsMap, statistic: Stats.SUM, period });
}

function queueRules(name: keyof Queues, { queue, deadLetters }: Queues[keyof Queues]): readonly AlarmRule[] {
  const failed: AlarmRule = {
    id: `DeadLetters-${name}`,
    description: `Messages of the queue ${name} failed for good and wait to be looked at.`,
    metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period }),
    when: { above: 0 },
  };
  const { delaySeconds = 0 }: QueueRow = queueRows[name];
  const late: AlarmRule = {
    id: `Backlog-${name}`,
    description: `The oldest message of the queue ${name} waits for more than ${5 + delaySeconds / 60} minutes.`,
    // A message may be that old when its delay ends. What has been received three times no longer counts as the oldest.
    metric: queue.metricApproximateAgeOfOldestMessage({ period: minute }),
    when: { above: 300 + delaySeconds },
  };
  return 'worker' in queueRows[name] ? [failed, late] : [failed];
}

function clock(name: string, lambda: LambdaFunction): AlarmRule {
  return {
    id: `Clock-${name}`,
    description: `The clock did not run ${name} for five minutes.`,
    metric: lambda.metricInvocations({ period }),
    when: { below: 1 },
  };
}
