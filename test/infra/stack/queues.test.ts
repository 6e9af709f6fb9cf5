/** What runs without a caller: queues that lose nothing, their workers, and the clock. */
import { describe, expect, it } from 'vitest';
import {
  deadLetterDays,
  functions,
  maxReceiveCount,
  queues,
  retentionDays,
  schedules,
} from '../../../infra/topology.ts';
import type { QueueRow } from '../../../infra/topology-rows.ts';
import { rightsIn } from './rights.ts';
import { synthesize } from './synthesized.ts';

const stack = synthesize();
const rows = Object.entries<QueueRow>(queues);
/** Queues, and dead letters, that a function works off. */
const worked = rows.flatMap(([name, { worker, deadLetters }]) => [
  ...(worker ? [[`Queues/${name}/Queue`, worker] as const] : []),
  ...(deadLetters ? [[`Queues/${name}/DeadLetters`, deadLetters] as const] : []),
]);
const day = 86_400;

describe.each(rows)('the queue %s', (name) => {
  const queue = propertiesAt(`Queues/${name}/Queue`);
  const deadLetters = propertiesAt(`Queues/${name}/DeadLetters`);

  it('retries a message, then dead-letters it for longer than the queue retains messages', () => {
    expect(maxReceiveCount).toBe(5);
    expect(queue).toMatchObject({
      RedrivePolicy: { deadLetterTargetArn: `<Queues/${name}/DeadLetters.Arn>`, maxReceiveCount },
      MessageRetentionPeriod: retentionDays * day,
    });
    expect(deadLetters).toMatchObject({ MessageRetentionPeriod: deadLetterDays * day });
    expect(deadLetterDays).toBeGreaterThan(retentionDays);
  });

  it('is encrypted at rest and in transit', () => {
    for (const [part, properties] of [['Queue', queue] as const, ['DeadLetters', deadLetters] as const]) {
      expect(properties['SqsManagedSseEnabled']).toBe(true);
      expect(propertiesAt(`Queues/${name}/${part}/Policy`)['PolicyDocument']).toMatchObject({
        Statement: [
          { Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        ],
      });
    }
  });
});

describe.each(worked)('the worker of %s', (path, worker) => {
  it('has a visibility timeout of six times its own time-out', () => {
    const { VisibilityTimeout } = propertiesAt(path);

    expect(VisibilityTimeout).toBe(6 * functions[worker.function].timeoutSeconds);
  });

  it('receives batches and reports only the failed messages', () => {
    const mappings = stack
      .ofType('AWS::Lambda::EventSourceMapping')
      .filter(({ properties }) => properties['EventSourceArn'] === `<${path}.Arn>`)
      .map(({ properties }) => properties);

    expect(mappings).toEqual([
      {
        EventSourceArn: `<${path}.Arn>`,
        FunctionName: `<Functions/${worker.function}/Function>`,
        BatchSize: worker.batchSize,
        ScalingConfig: { MaximumConcurrency: worker.maxConcurrency },
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    ]);
  });
});

describe('the queues', () => {
  it('are exactly those of the topology, each with a dead-letter queue', () => {
    const paths = stack.ofType('AWS::SQS::Queue').map(({ path }) => path);

    expect(paths.toSorted()).toEqual(
      rows.flatMap(([name]) => [`Queues/${name}/DeadLetters`, `Queues/${name}/Queue`]).toSorted(),
    );
    expect(stack.ofType('AWS::Lambda::EventSourceMapping').length).toBe(worked.length);
  });
});

describe('the scheduler', () => {
  it('invokes exactly the scheduled functions of the topology', () => {
    const started = stack.ofType('AWS::Scheduler::Schedule').map(({ path }) => path);

    expect(started).toEqual(Object.keys(schedules).map((name) => `Clock/${name}/Schedule`));
    expect(propertiesAt('Clock/refresh-due/Schedule')).toMatchObject({
      ScheduleExpression: 'rate(1 minute)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: {
        Arn: '<Functions/refresh-due/Function.Arn>',
        RoleArn: '<Clock/refresh-due/Role.Arn>',
        RetryPolicy: { MaximumRetryAttempts: 0 },
      },
    });
  });

  it('may invoke only its function, and only on behalf of this account', () => {
    const policy = propertiesAt('Clock/refresh-due/Role/DefaultPolicy')['PolicyDocument'];

    expect(rightsIn(policy)).toEqual([
      { action: 'lambda:InvokeFunction', resource: '<Functions/refresh-due/Function.Arn>', condition: {} },
    ]);
    expect(propertiesAt('Clock/refresh-due/Role')['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': '<AWS::AccountId>' } },
        },
      ],
    });
  });

  it('does not retry a failed run, because the next one follows soon', () => {
    expect(propertiesAt('Clock/refresh-due/Invocation')).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
    });
  });
});

function propertiesAt(path: string): Readonly<Record<string, unknown>> {
  return stack.resources.find((each) => each.path === path)?.properties ?? {};
}
