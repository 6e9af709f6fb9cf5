/** The stack as a whole: its outputs, its alarms, its suppressed findings, and the options of its owner. */
import { describe, expect, it } from 'vitest';
import { functions, queueNames, queueOutputs, queues, schedules, tables } from '../../../infra/topology.ts';
import { createCount } from '../../../lib/telemetry/metrics.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();

describe('the outputs of the stack', () => {
  it('are exactly those that the command line reads', () => {
    expect(stack.outputs).toEqual({
      ApiUrl: '<Api/Http.ApiEndpoint>',
      ConnectionsTable: '<Tables/Connections>',
      ActivityTable: '<Tables/Activity>',
      VaultKeyId: '<VaultKey.Arn>',
      StateSecretId: '<Secrets/State>',
      SessionKeySecretId: '<Secrets/SessionKey>',
      AppSecretPrefix: 'hawser/apps/',
      Region: '<AWS::Region>',
      ...Object.fromEntries(
        queueNames.flatMap((name) => {
          const outputs = queueOutputs(name);
          return [
            [outputs.queue, `<Queues/${name}/Queue>`],
            [outputs.deadLetters, `<Queues/${name}/DeadLetters>`],
          ];
        }),
      ),
    });
  });
});

describe('the alarms of the stack', () => {
  const alarms = stack.ofType('AWS::CloudWatch::Alarm');

  it('watch the API, each function and table, the queues, the scheduler and the account quotas', () => {
    expect(alarms.map(({ path }) => path).toSorted()).toEqual(
      [
        'Alarms/ApiErrors',
        'Alarms/KmsQuota',
        'Alarms/CredentialsLost',
        'Alarms/DestinationDisabled',
        'Alarms/EventsFailed',
        'Alarms/FunctionThrottles',
        ...Object.keys(queues).map((name) => `Alarms/DeadLetters-${name}`),
        ...Object.entries(queues).flatMap(([name, row]) => ('worker' in row ? `Alarms/Backlog-${name}` : [])),
        ...Object.keys(schedules).map((name) => `Alarms/Clock-${name}`),
        ...Object.keys(functions).map((name) => `Alarms/Function-${name}`),
        ...Object.keys(tables).map((name) => `Alarms/Table-${name}`),
      ].toSorted(),
    );
  });

  it.each([
    ['credentials that are lost', 'credentials_lost', 'Alarms/CredentialsLost'],
    ['destination that is disabled', 'destination_disabled', 'Alarms/DestinationDisabled'],
  ] as const)('tell of the first %s, by the metric that the functions write', (_, metric, path) => {
    const lines: string[] = [];
    createCount(
      () => 0,
      (line) => lines.push(line),
    )(metric);

    const alarm = alarms.find((each) => each.path === path)?.properties ?? {};

    const written: unknown = JSON.parse(lines[0] ?? '');
    expect(written).toMatchObject({
      _aws: {
        CloudWatchMetrics: [
          { Namespace: alarm['Namespace'], Dimensions: [[]], Metrics: [{ Name: alarm['MetricName'] }] },
        ],
      },
    });
    expect(alarm['Dimensions']).toBeUndefined();
    expect(alarm).toMatchObject({
      Statistic: 'Sum',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 1,
      DatapointsToAlarm: 1,
    });
  });

  it('fire on late messages of a queue, and not on messages that were delayed on purpose', () => {
    const late = (name: string) =>
      alarms.find(({ path }) => path === `Alarms/Backlog-${name}`)?.properties['Threshold'];

    expect([late('events'), late('deliveries')]).toEqual([300, 300 + 900]);
  });

  it('fire on the first event that failed permanently, and leave deliveries to the alarm on destinations', () => {
    const lines: string[] = [];
    createCount(
      () => 0,
      (line) => lines.push(line),
    )('message_failed', { reason: 'incoming' });

    const alarm = alarms.find((each) => each.path === 'Alarms/EventsFailed')?.properties ?? {};

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Dimensions: [['reason']], Metrics: [{ Name: 'message_failed' }] }] },
      reason: 'incoming',
    });
    const summed = (reason: string) => ({
      Id: reason,
      MetricStat: {
        Metric: {
          Namespace: 'Hawser',
          MetricName: 'message_failed',
          Dimensions: [{ Name: 'reason', Value: reason }],
        },
        Stat: 'Sum',
      },
      ReturnData: false,
    });
    expect(alarm).toMatchObject({ Threshold: 0, DatapointsToAlarm: 1 });
    expect(alarm['Metrics']).toMatchObject([
      // Where only one of the two was counted, the other has no value at all.
      { Expression: 'FILL(incoming, 0) + FILL(events, 0)' },
      summed('incoming'),
      summed('events'),
    ]);
  });

  it('treat missing data as a breach only for scheduled functions', () => {
    const alarmed = alarms
      .filter(({ properties }) => properties['TreatMissingData'] !== 'notBreaching')
      .map(({ path }) => path);

    expect(alarmed).toEqual(['Alarms/Clock-refresh-due']);
  });

  it('have no action by default, and notify the topic that the owner configures', () => {
    const alarmTopicArn = 'arn:aws:sns:eu-west-1:111122223333:alarms';
    const told = synthesize({ alarmTopicArn }).ofType('AWS::CloudWatch::Alarm');

    for (const { properties } of alarms) expect(properties['AlarmActions']).toBeUndefined();
    for (const { properties } of told) expect(properties['AlarmActions']).toEqual([alarmTopicArn]);
  });
});

describe('suppressed findings', () => {
  it('are fewer than ten, each with a reason', () => {
    expect(stack.acknowledgements.length).toBeGreaterThan(0);
    expect(stack.acknowledgements.length).toBeLessThan(10);
    for (const { reason } of stack.acknowledgements) expect(reason).toMatch(/^[A-Z].{40,}\.$/);
  });
});

describe('the stage of the stack', () => {
  it('is part of the stack name', () => {
    expect(stack.stackName).toBe('Hawser-prod');
    expect(synthesize({ stage: 'test' }).stackName).toBe('Hawser-test');
  });
});

describe('an invalid option of the stack', () => {
  it.each([
    ['stage', { stage: 'Prod/1' }],
    ['domainName', { domainName: 'https://connect.example.com', certificateArn: 'arn' }],
    ['domainName and certificateArn', { domainName: 'connect.example.com' }],
    ['tenantKmsKeyArns', { tenantKmsKeyArns: 'arn:aws:kms:eu-west-1:111122223333:key/*' }],
    ['tenantKmsKeyArns', { tenantKmsKeyArns: 'arn:aws:kms:eu-west-1:111122223333:alias/tenant' }],
    ['operatorRoleArn', { operatorRoleArn: 'arn:aws:iam::111122223333:root' }],
    ['resealRoleArn', { resealRoleArn: 'arn:aws:iam::111122223333:user/ada' }],
    ['alarmTopicArn', { alarmTopicArn: 'alarms' }],
    ['eventBusArns', { eventBusArns: 'arn:aws:events:eu-west-1:111122223333:event-bus/*' }],
    ['eventBusArns', { eventBusArns: 'tenants' }],
    ['proactiveRefresh', { proactiveRefresh: 'sometimes' }],
  ])('is refused by name: %s', (name, choices) => {
    expect(() => synthesize(choices)).toThrow(name);
  });
});
