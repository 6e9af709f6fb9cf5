/** Creates the alarms. They notify the topic of `-c alarmTopicArn=…`; without one they only show in CloudWatch. */
import { Alarm, ComparisonOperator, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type AlarmRule, alarmRules, type Watched } from './alarm-rules.ts';

export function createAlarms(parent: Construct, watched: Watched, topicArn: string | undefined): void {
  const scope = new Construct(parent, 'Alarms');
  const topic = topicArn === undefined ? undefined : Topic.fromTopicArn(scope, 'Topic', topicArn);
  for (const rule of alarmRules(watched)) {
    const alarm = createAlarm(scope, rule);
    if (topic) alarm.addAlarmAction(new SnsAction(topic));
  }
}

function createAlarm(scope: Construct, { id, description, metric, when, atOnce }: AlarmRule): Alarm {
  const isCeiling = 'above' in when;
  return new Alarm(scope, id, {
    alarmDescription: description,
    metric,
    threshold: isCeiling ? when.above : when.below,
    comparisonOperator: isCeiling
      ? ComparisonOperator.GREATER_THAN_THRESHOLD
      : ComparisonOperator.LESS_THAN_THRESHOLD,
    // A quiet API publishes no data points, which is fine; a schedule must always publish some.
    treatMissingData: isCeiling ? TreatMissingData.NOT_BREACHING : TreatMissingData.BREACHING,
    evaluationPeriods: atOnce ? 1 : 3,
    datapointsToAlarm: atOnce ? 1 : 2,
  });
}
