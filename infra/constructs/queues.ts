/** The queues of the topology, each with its dead-letter queue. */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import {
  deadLetterDays,
  deadLetterVisibilitySeconds,
  maxReceiveCount,
  queueNames,
  retentionDays,
  visibilitySeconds,
} from '../topology.ts';
import type { QueueName } from '../topology-rows.ts';

export interface QueuePair {
  readonly queue: Queue;
  readonly deadLetters: Queue;
}
export type Queues = Readonly<Record<QueueName, QueuePair>>;

/** SQS-managed encryption: messages contain no plaintext secrets, and every function would need a grant on a customer key. */
const safe = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true } satisfies QueueProps;

export function createQueues(parent: Construct): Queues {
  const scope = new Construct(parent, 'Queues');
  return Object.fromEntries(queueNames.map((name) => [name, createQueue(scope, name)])) as Queues;
}

function createQueue(parent: Construct, name: QueueName): QueuePair {
  const scope = new Construct(parent, name);
  const deadLetters = new Queue(scope, 'DeadLetters', {
    ...safe,
    retentionPeriod: Duration.days(deadLetterDays),
    visibilityTimeout: Duration.seconds(deadLetterVisibilitySeconds(name)),
  });
  const queue = new Queue(scope, 'Queue', {
    ...safe,
    retentionPeriod: Duration.days(retentionDays),
    visibilityTimeout: Duration.seconds(visibilitySeconds(name)),
    deadLetterQueue: { queue: deadLetters, maxReceiveCount },
  });
  return { queue, deadLetters };
}
