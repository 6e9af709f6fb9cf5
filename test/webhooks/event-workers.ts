/**
 * The workers of the queues of events, as the product composes them, many instances at once. Any of them may die in
 * the middle of a batch, SQS delivers messages twice at a time and redelivers finished ones.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { queues } from '../../infra/topology.ts';
import type { QueueName } from '../../infra/topology-rows.ts';
import { type AwsPlace, queueUrlOf } from '../support/lifecycle/function-instance.ts';
import { runUntil } from '../support/lifecycle/process.ts';
import { runTrace } from './unreliable-aws.ts';

export type EventQueue = 'incoming' | 'events' | 'deliveries';
export const eventQueues: readonly EventQueue[] = ['incoming', 'events', 'deliveries'];
export type WorkBatch = (event: SQSEvent) => Promise<SQSBatchResponse>;

export interface Accidents {
  /**
   * Shares of batches: whose worker dies, anywhere; whose worker dies right after an effect; that two workers get; that
   * come again although they were done.
   */
  readonly deaths: number;
  readonly deathsAfterEffect: number;
  readonly twice: number;
  readonly undeleted: number;
}

export interface WorkCounts {
  batches: number;
  messages: number;
  deaths: number;
  /** Deaths after an effect and before its idempotency claim was completed. */
  deathsBetween: number;
  failed: number;
  twice: number;
  undeleted: number;
}

export interface EventWorkersOptions {
  readonly place: AwsPlace;
  readonly sqs: SQSClient;
  readonly workers: number;
  readonly accidents: Accidents;
  readonly random: () => number;
  /** A new instance of the function that consumes a queue. */
  readonly newInstance: (queue: EventQueue) => WorkBatch;
}

/** Longer than a round. */
const hiddenSeconds = 40_000;
/** About the steps of a whole batch: each call has two. */
const mostSteps = 100;

export function openEventWorkers(options: EventWorkersOptions) {
  const { place, sqs, accidents, random } = options;
  const counts: WorkCounts = {
    batches: 0,
    messages: 0,
    deaths: 0,
    deathsBetween: 0,
    failed: 0,
    twice: 0,
    undeleted: 0,
  };

  async function receive(queue: QueueName): Promise<readonly Message[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: queueUrlOf(place, queue),
        MaxNumberOfMessages: queues[queue as EventQueue].worker.batchSize,
        VisibilityTimeout: hiddenSeconds,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    return Messages;
  }

  /** Runs one batch in one instance. Returns the finished messages, or that the instance died. */
  async function invoke(work: WorkBatch, messages: readonly Message[]): Promise<readonly Message[] | 'died'> {
    const steps = random() < accidents.deaths ? Math.floor(random() * mostSteps) : undefined;
    const died = Promise.withResolvers<'died'>();
    const trace = { effects: 0, finished: 0, fatal: random() < accidents.deathsAfterEffect, died };
    const event = { Records: messages.map(toRecord) };
    const running = runUntil(steps, () => runTrace.run(trace, () => work(event)));
    const result = await Promise.race([running.then((run) => run.result), died.promise]);
    if (result === 'died') {
      counts.deaths += 1;
      if (trace.effects > trace.finished) counts.deathsBetween += 1;
      return 'died';
    }
    const failed = new Set(result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    counts.failed += failed.size;
    return messages.filter(({ MessageId = '' }) => !failed.has(MessageId));
  }

  /** Works until no message is visible. Returns the messages to be redelivered. */
  async function drain(queue: EventQueue, again: Message[]): Promise<number> {
    let work = options.newInstance(queue);
    let received = 0;
    for (;;) {
      const messages = await receive(queue);
      if (messages.length === 0) return received;
      received += messages.length;
      counts.batches += 1;
      counts.messages += messages.length;
      const twice = random() < accidents.twice;
      if (twice) counts.twice += 1;
      const instances = [work, ...(twice ? [options.newInstance(queue)] : [])];
      const outcomes = await Promise.all(instances.map((one) => invoke(one, messages)));
      if (outcomes[0] === 'died') work = options.newInstance(queue);
      const undeleted = random() < accidents.undeleted;
      if (undeleted) counts.undeleted += 1;
      // A worker deletes a message that it finished, even if another worker of the same message failed.
      const done = undeleted ? [] : outcomes.flatMap((outcome) => (outcome === 'died' ? [] : outcome));
      const left = messages.filter((message) => !done.includes(message));
      await forget(
        queue,
        messages.filter((message) => done.includes(message)),
      );
      again.push(...left);
    }
  }

  async function forget(queue: EventQueue, messages: readonly Message[]): Promise<void> {
    if (messages.length === 0) return;
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrlOf(place, queue), Entries }));
  }

  async function show(queue: EventQueue, messages: readonly Message[]): Promise<void> {
    for (let from = 0; from < messages.length; from += 10) {
      const Entries = messages
        .slice(from, from + 10)
        .map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
      await sqs.send(
        new ChangeMessageVisibilityBatchCommand({ QueueUrl: queueUrlOf(place, queue), Entries }),
      );
    }
  }

  return {
    counts,
    /**
     * Works every queue once until nothing is visible; what failed or was lost becomes visible again at the end, as
     * after the queues' own time. Answers how many messages were received.
     */
    async round(): Promise<number> {
      let received = 0;
      for (const queue of eventQueues) {
        const again: Message[] = [];
        const drains = Array.from({ length: options.workers }, () => drain(queue, again));
        for (const drained of await Promise.all(drains)) received += drained;
        await show(queue, again);
      }
      return received;
    },
  };
}

function toRecord({ MessageId = '', ReceiptHandle = '', Body = '', Attributes }: Message): SQSRecord {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: {
      ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: Attributes?.SentTimestamp ?? '0',
      SenderId: '',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:events',
    awsRegion: 'us-east-1',
  };
}
