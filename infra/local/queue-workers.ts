/**
 * Works the topology's queues as Lambda's event source mappings do: batches in, partial failures back. What failed, or
 * was being worked on when this stopped, becomes visible again after the queue's own time.
 */
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { FunctionName } from '../../lib/config.ts';
import { type QueueName, type QueueRow, queueNames, queues } from '../topology.ts';

export interface QueueWorkers {
  close(): Promise<void>;
}

export interface QueueWorkersOptions {
  readonly sqs: SQSClient;
  readonly urls: Readonly<Record<QueueName, { readonly queue: string }>>;
  readonly invoke: (functionName: FunctionName, event: unknown) => Promise<unknown>;
  readonly now: () => number;
}

/** Lambda begins with five pollers; this machine has two cores. */
const mostPollers = 2;
const waitSeconds = 20;

export function startQueueWorkers(options: QueueWorkersOptions): QueueWorkers {
  const stopping = new AbortController();
  const pollers = queueNames.flatMap((name) => {
    const row: QueueRow = queues[name];
    if (!row.worker) return [];
    const { worker } = row;
    const count = Math.min(worker.maxConcurrency, mostPollers);
    return Array.from({ length: count }, () => poll(options, name, worker, stopping.signal));
  });
  return {
    async close() {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

async function poll(
  options: QueueWorkersOptions,
  name: QueueName,
  worker: NonNullable<QueueRow['worker']>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const messages = await receive(options, name, worker.batchSize, signal);
      if (messages.length > 0) await work(options, name, worker.function, messages);
    } catch {
      // An outage of the queue is waited out; Lambda's own pollers do no more.
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function receive(
  { sqs, urls }: QueueWorkersOptions,
  name: QueueName,
  most: number,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: urls[name].queue,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    }),
    { abortSignal: signal },
  );
  return Messages;
}

async function work(
  { sqs, urls, invoke }: QueueWorkersOptions,
  name: QueueName,
  functionName: FunctionName,
  messages: readonly Message[],
): Promise<void> {
  const event: SQSEvent = { Records: messages.map((message) => toRecord(name, message)) };
  const failed = await invoke(functionName, event).then(failedIds, () =>
    messages.map(({ MessageId }) => MessageId),
  );
  const done = messages.filter(({ MessageId }) => !failed.includes(MessageId));
  if (done.length === 0) return;
  await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: urls[name].queue,
      Entries: done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
}

function failedIds(response: unknown): readonly (string | undefined)[] {
  const { batchItemFailures = [] } = (response ?? {}) as Partial<SQSBatchResponse>;
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

function toRecord(name: QueueName, message: Message): SQSRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: message.Attributes?.SentTimestamp ?? '0',
      SenderId: message.Attributes?.SenderId ?? '',
      ApproximateFirstReceiveTimestamp: message.Attributes?.ApproximateFirstReceiveTimestamp ?? '0',
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:hawser-${name}`,
    awsRegion: 'us-east-1',
  };
}
