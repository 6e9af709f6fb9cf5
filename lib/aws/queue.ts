/**
 * Sends messages to one SQS queue. A message is in the queue when the call returns, and in doubt when it throws. The
 * type of a queue says what may lie in it; the schemas stand in `lib/messages`.
 */
import {
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { IntegrationError } from '../errors.ts';

export interface Message<Body = unknown> {
  /** JSON; never a secret in the clear. */
  readonly body: Body;
  /** Whose message it is, so that nobody's burst delays the others (fair queues). */
  readonly group: string;
  /** For how long nobody gets it, in seconds: 900 at most. */
  readonly delaySeconds?: number;
}

/** Functions and no methods: so a queue of some messages does not pass for a queue of more. */
export interface Queue<Body> {
  /** @throws IntegrationError `PROCESSING_FAILED` when the queue did not take it. */
  readonly send: (message: Message<Body>) => Promise<void>;
  /** Any number of messages, ten to a call, in no order. @throws IntegrationError `PROCESSING_FAILED` when some were not taken. */
  readonly sendAll: (messages: readonly Message<Body>[]) => Promise<void>;
}

/** What one call may carry: ten messages, and 1 MiB together with room for what travels beside them. */
const batchSize = 10;
const batchBytes = 1_000_000;
/** A platform may send a thousand events at once, and waits for the answer. */
const callsAtOnce = 10;

type Entry = ReturnType<typeof toEntry>;

function toEntry(message: Message) {
  return {
    MessageBody: bodyOf(message.body),
    MessageGroupId: groupId(message.group),
    ...(message.delaySeconds !== undefined && { DelaySeconds: message.delaySeconds }),
  };
}

/** Two characters that JSON leaves as they are, and SQS refuses together with the whole call; anybody could type them. */
function bodyOf(body: unknown): string {
  const json = write(body);
  // Looked for first, because that costs nothing in a text that is all Latin.
  return json.includes('\ufffe') || json.includes('\uffff')
    ? json.replaceAll('\ufffe', '\\ufffe').replaceAll('\uffff', '\\uffff')
    : json;
}

/** What others nested deeper than the stack is high could be parsed, and cannot be written. */
function write(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new IntegrationError('PAYLOAD_TOO_LARGE', 'The message is nested too deep.', { cause });
  }
}

function batches(entries: readonly Entry[]): readonly (readonly Entry[])[] {
  const all: Entry[][] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.MessageBody);
    const last = all.at(-1);
    if (!last || last.length === batchSize || bytes + size > batchBytes) {
      all.push([entry]);
      bytes = size;
    } else {
      last.push(entry);
      bytes += size;
    }
  }
  return all;
}

/** Of a queue whose type nobody says, nothing can be sent: `Body` is inferred from where the queue goes, or given. */
export function openQueue<Body = never>(client: SQSClient, url: string): Queue<Body> {
  async function sendBatch(entries: readonly Entry[]): Promise<void> {
    const { Failed = [] } = await orFailed(
      client.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: entries.map((entry, index) => ({ ...entry, Id: String(index) })),
        }),
      ),
    );
    if (Failed.length > 0) {
      throw new IntegrationError('PROCESSING_FAILED', 'The queue did not take every message.');
    }
  }

  return {
    async send(message) {
      await orFailed(client.send(new SendMessageCommand({ QueueUrl: url, ...toEntry(message) })));
    },

    async sendAll(messages) {
      const calls = batches(messages.map(toEntry));
      for (let sent = 0; sent < calls.length; sent += callsAtOnce) {
        await Promise.all(calls.slice(sent, sent + callsAtOnce).map(sendBatch));
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
