/** The alarms: unexpected failures, stalled work, and limits that are nearly reached. CloudWatch charges for each metric. */
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
  /** Alarms after one period beyond the threshold; otherwise after two of three. */
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

/** Handlers turn failures into responses, so Lambda only counts crashes, time-outs and failed starts as errors. */
function functionErrors(name: string, lambda: LambdaFunction): AlarmRule {
  return {
    id: `Function-${name}`,
    description: `The function ${name} crashes or times out.`,
    metric: lambda.metricErrors({ period }),
    when: { above: 0 },
  };
}

/** All functions of an account share one concurrency pool, so one metric covers all of them. */
const throttledFunctions: AlarmRule = {
  id: 'FunctionThrottles',
  description: "The account's concurrency is used up, and Lambda rejects calls.",
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

/** KMS publishes no metric of throttled calls, but one of all calls. The quota applies to the account, not to the key. */
const kmsQuota: AlarmRule = {
  id: 'KmsQuota',
  description:
    'The account uses more than 80 % of its KMS quota for symmetric keys; above the quota KMS throttles calls.',
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

/** The functions emit this metric through their logs, without dimensions. */
const credentialsLost: AlarmRule = {
  id: 'CredentialsLost',
  description:
    'Hawser could neither store refreshed credentials nor put them into the rescue queue. Their users must connect again.',
  metric: counted('credentials_lost'),
  when: { above: 0 },
  // Each loss happens once, so there may be no second period with a data point.
  atOnce: true,
};

/** The tenant is notified too, at its other destinations if it has any. */
const destinationDisabled: AlarmRule = {
  id: 'DestinationDisabled',
  description:
    'Hawser disabled a destination because deliveries failed for three days or the destination answered that it is gone.',
  metric: counted('destination_disabled'),
  when: { above: 0 },
  atOnce: true,
};

/** A function files these dead letters at once, so the alarm on the dead-letter queue does not see them. */
const eventsFailed: AlarmRule = {
  id: 'EventsFailed',
  description:
    'Inbound events could not be processed, or outbound events not fanned out. `hawser failures list --all` lists them; replay them after you have fixed the cause.',
  metric: new MathExpression({
    expression: 'FILL(incoming, 0) + FILL(events, 0)',
    // A tenant watches the failed deliveries to its own destinations.
    usingMetrics: {
      incoming: counted('message_failed', { reason: 'incoming' }),
      events: counted('message_failed', { reason: 'events' }),
    },
    period,
  }),
  when: { above: 0 },
  atOnce: true,
};

/** A metric that the functions emit through their logs. */
function counted(metricName: string, dimensionsMap: Readonly<Record<string, string>> = {}): Metric {
  return new Metric({ namespace: 'Hawser', metricName, dimensionsMap, statistic: Stats.SUM, period });
}

function queueRules(name: keyof Queues, { queue, deadLetters }: Queues[keyof Queues]): readonly AlarmRule[] {
  const failed: AlarmRule = {
    id: `DeadLetters-${name}`,
    description: `Messages of the queue ${name} failed for good and need an operator.`,
    metric: deadLetters.metricApproximateNumberOfMessagesVisible({ period }),
    when: { above: 0 },
  };
  const { delaySeconds = 0 }: QueueRow = queueRows[name];
  const late: AlarmRule = {
    id: `Backlog-${name}`,
    description: `The oldest message of the queue ${name} has been waiting for more than ${5 + delaySeconds / 60} minutes.`,
    // A message may be `delaySeconds` old when it becomes visible. SQS ignores messages that were received three times.
    metric: queue.metricApproximateAgeOfOldestMessage({ period: minute }),
    when: { above: 300 + delaySeconds },
  };
  return 'worker' in queueRows[name] ? [failed, late] : [failed];
}

function clock(name: string, lambda: LambdaFunction): AlarmRule {
  return {
    id: `Clock-${name}`,
    description: `EventBridge Scheduler did not invoke ${name} for five minutes.`,
    metric: lambda.metricInvocations({ period }),
    when: { below: 1 },
  };
}
