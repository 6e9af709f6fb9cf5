/** Connects the queues of the topology with their workers, and the dead-letter queues with the functions that file failures. */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { queueNames, queues as rows } from '../topology.ts';
import type { QueueRow, QueueWorker } from '../topology-rows.ts';
import type { Functions } from './functions.ts';
import type { Queues } from './queues.ts';

/** Each worker receives batches; only the messages that it reports as failed become visible again. */
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
