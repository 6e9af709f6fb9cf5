/**
 * The topology's queues and their workers in a test's hands: a test decides when a queue is worked, in which order and
 * how often its messages come. The workers are the product's, batch adapter included; the queues are real ones.
 */
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import { deadLetterName } from '../../../infra/local/stack/provision.ts';
import type { QueueName } from '../../../infra/topology-rows.ts';
import { resumeJobs } from '../../../lib/integrations/disconnect/resume-jobs.ts';
import { runJob } from '../../../lib/integrations/disconnect/run-job.ts';
import { applyRescued } from '../../../lib/integrations/lifecycle/rescue.ts';
import { createRefreshWorker } from '../../../lib/integrations/worker/refresh-worker.ts';
import { sweepDue } from '../../../lib/integrations/worker/sweep-due.ts';
import { eventMessage } from '../../../lib/messages/events.ts';
import { jobMessage } from '../../../lib/messages/jobs.ts';
import { parseMessage } from '../../../lib/messages/parse-message.ts';
import { refreshMessage } from '../../../lib/messages/refresh.ts';
import { rescueMessage } from '../../../lib/messages/rescue.ts';
import type { ConnectionEvent } from '../../../lib/messages/tenant-event.ts';
import { batch } from '../../../lib/runtime/batch.ts';
import type { AwsClients, AwsPlace, Instance } from './function-instance.ts';
import { queueUrlOf } from './function-instance.ts';

type Handler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

export type WorkedQueue = 'refresh' | 'rescue' | 'jobs';

/** How a queue's messages are handed to its worker; as they come when absent. */
export type Delivery = (messages: readonly Message[]) => readonly Message[];

const context: Context = {
  callbackWaitsForEmptyEventLoop: true,
  functionName: 'lifecycle',
  functionVersion: '$LATEST',
  invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:lifecycle',
  memoryLimitInMB: '512',
  awsRequestId: 'lifecycle',
  logGroupName: 'lifecycle',
  logStreamName: 'lifecycle',
  getRemainingTimeInMillis: () => 60_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};

export function openQueues(
  place: AwsPlace,
  clients: AwsClients,
  write: (line: string) => void,
  during: <Result>(work: () => Promise<Result>) => Promise<Result>,
) {
  const { sqs } = clients;

  /** All messages that are visible now. */
  async function receive(url: string): Promise<readonly Message[]> {
    const received: Message[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 600,
          WaitTimeSeconds: 0,
          MessageSystemAttributeNames: ['ApproximateReceiveCount'],
        }),
      );
      if (Messages.length === 0) return received;
      received.push(...Messages);
    }
  }

  async function forget(url: string, messages: readonly Message[]): Promise<void> {
    for (const { ReceiptHandle } of messages) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
  }

  function handlerOf(name: WorkedQueue, instance: Instance): Handler {
    const { deps, jobs, queues } = instance;
    const settings = { functionName: name, now: deps.now, write };
    switch (name) {
      case 'refresh': {
        const work = createRefreshWorker(deps);
        return batch(settings, refreshMessage, async (message) => void (await work(message)));
      }
      case 'rescue':
        return batch(settings, rescueMessage, (rescued) => applyRescued(deps, rescued));
      case 'jobs': {
        const work = {
          connections: deps.connections,
          jobs,
          refreshQueue: queues.refresh,
          deleteDestinations: instance.deleteDestinations,
          deleteKeys: instance.deleteKeys,
          now: deps.now,
        };
        return batch(settings, jobMessage, async ({ jobId }) => void (await runJob(work, jobId)));
      }
    }
  }

  return {
    receive: (name: QueueName) => receive(queueUrlOf(place, name)),

    async empty(name: QueueName): Promise<void> {
      const url = queueUrlOf(place, name);
      await forget(url, await receive(url));
    },

    /** The bodies of what waits in a dead-letter queue, as text. */
    async dead(name: QueueName): Promise<readonly string[]> {
      const url = `${place.endpoint}/${place.accountId}/${deadLetterName(name)}`;
      return (await receive(url)).map(({ Body = '' }) => Body);
    },

    send: (name: QueueName, body: string) =>
      during(() =>
        sqs.send(new SendMessageCommand({ QueueUrl: queueUrlOf(place, name), MessageBody: body })),
      ),

    /** Works off what is visible, once. Failed messages become visible again at the end; answers how many failed. */
    async work(
      name: WorkedQueue,
      instance: Instance,
      deliver: Delivery = (messages) => messages,
    ): Promise<{ readonly received: number; readonly failed: number }> {
      const url = queueUrlOf(place, name);
      const messages = await receive(url);
      const handler = handlerOf(name, instance);
      const failed = new Set<string>();
      const delivered = deliver(messages);
      for (let from = 0; from < delivered.length; from += 10) {
        const event = { Records: delivered.slice(from, from + 10).map(toRecord) };
        const { batchItemFailures } = await handler(event, context);
        for (const { itemIdentifier } of batchItemFailures) failed.add(itemIdentifier);
      }
      await forget(
        url,
        messages.filter(({ MessageId = '' }) => !failed.has(MessageId)),
      );
      for (const { MessageId = '', ReceiptHandle } of messages) {
        if (!failed.has(MessageId)) continue;
        await sqs.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }),
        );
      }
      // The engine shows a message again a moment later.
      if (failed.size > 0) await during(() => new Promise((resolve) => setTimeout(resolve, 20)));
      return { received: messages.length, failed: failed.size };
    },

    /** What `refresh-due` does each minute. */
    async sweep({ sweep, jobs, queues }: Instance): Promise<void> {
      await sweepDue(sweep);
      await resumeJobs({ jobs, queue: queues.jobs });
    },

    /** The outbound events since the last call. */
    async events(): Promise<readonly ConnectionEvent[]> {
      const url = queueUrlOf(place, 'events');
      const messages = await receive(url);
      await forget(url, messages);
      return messages.flatMap(({ Body = '' }) => {
        const message = parseMessage(eventMessage, JSON.parse(Body));
        return message.kind === 'connection_event' ? [message.event] : [];
      });
    },
  };
}

function toRecord(message: Message): SQSRecord {
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: {
      ApproximateReceiveCount: message.Attributes?.ApproximateReceiveCount ?? '1',
      SentTimestamp: '0',
      SenderId: 'lifecycle',
      ApproximateFirstReceiveTimestamp: '0',
    },
    messageAttributes: {},
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:lifecycle',
    awsRegion: 'us-east-1',
  };
}
