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
import type { FunctionName } from '../../../lib/config.ts';
import { queueNames, queues } from '../../topology.ts';
import type { QueueRow, QueueWorker } from '../../topology-rows.ts';
import { queueArn, region } from '../aws/account.ts';
import { deadLetterName, localQueueName, type localQueueUrls } from '../stack/provision.ts';

export interface QueueWorkers {
  close(): Promise<void>;
}

export interface QueueWorkersOptions {
  readonly sqs: SQSClient;
  readonly urls: ReturnType<typeof localQueueUrls>;
  readonly invoke: (functionName: FunctionName, event: unknown) => Promise<unknown>;
  readonly now: () => number;
}

/** What a function works off: a queue, or its dead letters. */
interface Source {
  readonly url: string;
  readonly arn: string;
  readonly worker: QueueWorker;
}

/** Lambda begins with five pollers; this machine has two cores. */
const mostPollers = 2;
const waitSeconds = 20;

export function startQueueWorkers(options: QueueWorkersOptions): QueueWorkers {
  const stopping = new AbortController();
  const pollers = sources(options).flatMap((source) => {
    const count = Math.min(source.worker.maxConcurrency, mostPollers);
    return Array.from({ length: count }, () => poll(options, source, stopping.signal));
  });
  return {
    async close() {
      stopping.abort();
      await Promise.all(pollers);
    },
  };
}

function sources({ urls }: QueueWorkersOptions): readonly Source[] {
  return queueNames.flatMap((name) => {
    const { worker, deadLetters }: QueueRow = queues[name];
    const [url, deadUrl] = [urls[name].queue, urls[name].deadLetters];
    return [
      ...(worker ? [{ url, arn: queueArn(localQueueName(name)), worker }] : []),
      ...(deadLetters ? [{ url: deadUrl, arn: queueArn(deadLetterName(name)), worker: deadLetters }] : []),
    ];
  });
}

async function poll(options: QueueWorkersOptions, source: Source, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const messages = await receive(options, source, signal);
      if (messages.length > 0) await work(options, source, messages);
    } catch {
      // An outage of the queue is waited out; Lambda's own pollers do no more.
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function receive(
  { sqs }: QueueWorkersOptions,
  { url, worker }: Source,
  signal: AbortSignal,
): Promise<readonly Message[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({
      QueueUrl: url,
      MaxNumberOfMessages: worker.batchSize,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    }),
    { abortSignal: signal },
  );
  return Messages;
}

async function work(
  { sqs, invoke }: QueueWorkersOptions,
  source: Source,
  messages: readonly Message[],
): Promise<void> {
  const event: SQSEvent = { Records: messages.map((message) => toRecord(source, message)) };
  const failed = await invoke(source.worker.function, event).then(failedIds, () =>
    messages.map(({ MessageId }) => MessageId),
  );
  const done = messages.filter(({ MessageId }) => !failed.includes(MessageId));
  if (done.length === 0) return;
  await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl: source.url,
      Entries: done.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
    }),
  );
}

function failedIds(response: unknown): readonly (string | undefined)[] {
  const { batchItemFailures = [] } = (response ?? {}) as Partial<SQSBatchResponse>;
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
}

function toRecord({ arn }: Source, message: Message): SQSRecord {
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
    eventSourceARN: arn,
    awsRegion: region,
  };
}
