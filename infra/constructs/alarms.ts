/**
 * The alarms: something fails that should not, or a limit is near. They tell the topic that the owner names; quiet
 * hours without any traffic are no alarm.
 */
import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Functions } from './functions.ts';
import type { Tables } from './tables.ts';

export interface AlarmsProps {
  readonly api: HttpApi;
  readonly functions: Functions;
  readonly tables: Tables;
  readonly topicArn: string | undefined;
}

interface AlarmRule {
  readonly id: string;
  readonly description: string;
  readonly metric: IMetric;
  /** Alarms above this, in two of three periods. */
  readonly threshold: number;
}

const period = Duration.minutes(5);
const minute = Duration.minutes(1);

export function createAlarms(parent: Construct, props: AlarmsProps): void {
  const scope = new Construct(parent, 'Alarms');
  const topic = props.topicArn === undefined ? undefined : Topic.fromTopicArn(scope, 'Topic', props.topicArn);
  for (const { id, description, metric, threshold } of rules(props)) {
    const alarm = new Alarm(scope, id, {
      alarmDescription: description,
      metric,
      threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      datapointsToAlarm: 2,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic) alarm.addAlarmAction(new SnsAction(topic));
  }
}

function rules({ api, functions, tables }: AlarmsProps): readonly AlarmRule[] {
  return [
    {
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
      threshold: 1,
    },
    // Handlers answer what goes wrong; what Lambda counts as an error is a crash, a time-out, a failed start.
    ...Object.entries(functions).map(([name, lambda]) => ({
      id: `Function-${name}`,
      description: `The function ${name} crashes, times out or is throttled.`,
      metric: sum({
        errors: lambda.metricErrors({ period }),
        throttles: lambda.metricThrottles({ period }),
      }),
      threshold: 0,
    })),
    ...Object.entries(tables).map(([name, { tableName }]) => ({
      id: `Table-${name}`,
      description: `DynamoDB throttles the table ${name}.`,
      metric: sum({
        reads: throttleEvents('ReadThrottleEvents', tableName),
        writes: throttleEvents('WriteThrottleEvents', tableName),
      }),
      threshold: 0,
    })),
    {
      // KMS counts no throttled calls. It counts calls, and the quota is the account's, not the key's.
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
      threshold: 80,
    },
  ];
}

function sum(metrics: Readonly<Record<string, IMetric>>): MathExpression {
  return new MathExpression({ expression: Object.keys(metrics).join(' + '), usingMetrics: metrics, period });
}

function throttleEvents(metricName: string, TableName: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    metricName,
    dimensionsMap: { TableName },
    statistic: Stats.SUM,
    period,
  });
}
