/** The queues of the topology, each with its dead-letter queue, and the functions that work them off. */
import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  deadLetterDays,
  deadLetterVisibilitySeconds,
  limitsOf,
  type QueueName,
  queueNames,
  queues as rows,
  visibilitySeconds,
} from '../topology.ts';
import type { QueueRow, QueueWorker } from '../topology-rows.ts';
import type { Functions } from './functions.ts';

export interface QueuePair {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}
export type Queues = Readonly<Record<QueueName, QueuePair>>;

/** SQS's own encryption: messages hold no secret in the clear, and a customer key would have to be granted to all. */
const safe = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } satisfies QueueProps;

export function createQueues(parent: Construct): Queues {
  const scope = new Construct(parent, 'Queues');
  return Object.fromEntries(queueNames.map((name) => [name, createQueue(scope, name)])) as Queues;
}

function createQueue(parent: Construct, name: QueueName): QueuePair {
  const scope = new Construct(parent, name);
  const { tries, retentionDays } = limitsOf(name);
  const deadLetters = new Queue(scope, 'DeadLetters', {
    ...safe,
    retentionPeriod: Duration.days(deadLetterDays),
    visibilityTimeout: Duration.seconds(deadLetterVisibilitySeconds(name)),
  });
  const queue = new Queue(scope, 'Queue', {
    ...safe,
    retentionPeriod: Duration.days(retentionDays),
    visibilityTimeout: Duration.seconds(visibilitySeconds(name)),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount: tries },
  });
  return { queue, deadLetters };
}

/** Lets each worker take its queue's messages in batches, of which only what failed comes back. */
export function workQueues(queues: Queues, functions: Functions): void {
  for (const name of queueNames) {
    const { worker, deadLetters }: QueueRow = rows[name];
    if (worker) work(queues[name].queue, worker, functions, 'Messages');
    // One function may file the dead letters of several queues.
    if (deadLetters) work(queues[name].deadLetters, deadLetters, functions, `DeadLetters-${name}`);
  }
}

function work({ queueArn }: Queue, worker: QueueWorker, functions: Functions, id: string): void {
  const target = functions[worker.function];
  target.addToRolePolicy(
    new PolicyStatement({
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      resources: [queueArn],
    }),
  );
  new EventSourceMapping(target, id, {
    target,
    eventSourceArn: queueArn,
    batchSize: worker.batchSize,
    maxConcurrency: worker.maxConcurrency,
    reportBatchItemFailures: true,
  });
}
