/** Sends messages to one SQS queue. A message is in the queue when the call returns, and in doubt when it throws. */
import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { IntegrationError } from '../errors.ts';

export interface Message {
  /** JSON; never a secret in the clear. */
  readonly body: unknown;
  /** Whose message it is, so that nobody's burst delays the others (fair queues). */
  readonly group: string;
}

export interface Queue {
  /** @throws IntegrationError `PROCESSING_FAILED` when the queue did not take it. */
  send(message: Message): Promise<void>;
  /** Any number of messages, ten to a call. @throws IntegrationError `PROCESSING_FAILED` when some were not taken. */
  sendAll(messages: readonly Message[]): Promise<void>;
}

/** What one call may carry. */
const batchSize = 10;

export function openQueue(client: SQSClient, url: string): Queue {
  return {
    async send(message) {
      await orFailed(
        client.send(
          new SendMessageCommand({
            QueueUrl: url,
            MessageBody: JSON.stringify(message.body),
            MessageGroupId: groupId(message.group),
          }),
        ),
      );
    },

    async sendAll(messages) {
      for (let from = 0; from < messages.length; from += batchSize) {
        const { Failed = [] } = await orFailed(
          client.send(
            new SendMessageBatchCommand({
              QueueUrl: url,
              Entries: messages.slice(from, from + batchSize).map((message, index) => ({
                Id: String(index),
                MessageBody: JSON.stringify(message.body),
                MessageGroupId: groupId(message.group),
              })),
            }),
          ),
        );
        if (Failed.length > 0)
          throw new IntegrationError('PROCESSING_FAILED', 'The queue did not take every message.');
      }
    },
  };
}

/** How many messages wait or are being worked on, nearly. */
export async function messagesIn(client: SQSClient, url: string): Promise<number> {
  const { Attributes = {} } = await orFailed(
    client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
      }),
    ),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

/** SQS takes letters, digits and punctuation; a tenant's id has nothing else. */
function groupId(group: string): string {
  return group.slice(0, 128);
}

async function orFailed<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (cause) {
    throw new IntegrationError('PROCESSING_FAILED', 'The queue did not answer.', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
