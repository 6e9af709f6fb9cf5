/**
 * Lists and replays the messages in every dead-letter queue. A message is deleted there only after its queue has
 * accepted it.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { readMessage, unreadableMessage } from '../../messages/parse-message.ts';
import { isMessageQueue, type MessageQueue, queueMessages } from '../../messages/queue-messages.ts';
import type { AdminStores, QueuePair, ReplayCounts } from '../deps.ts';
import { type Summary, summaryOf } from './dead-letter-summary.ts';

export interface DeadLetter {
  readonly id: string;
  /** When it was first sent, epoch milliseconds. */
  readonly sentAt: number;
  /** The ids in the message; everything else is masked. */
  readonly summary: Summary;
}

/** How long a received message stays invisible to other readers if this process dies. */
const hiddenSeconds = 120;
/** The most messages that SQS delivers or accepts in one call. */
const batchSize = 10;
/** As many as a person is likely to read. */
const mostListed = 200;
/** A search stops here. SQS allows a queue about 120,000 messages in flight. */
const mostSearched = 20_000;

export function deadLetterActions({ sqs, queueUrls }: Pick<AdminStores, 'sqs' | 'queueUrls'>) {
  return {
    /** The approximate number of each queue's dead letters, as SQS counts. */
    async countDeadLetters(): Promise<readonly { readonly queue: string; readonly count: number }[]> {
      return Promise.all(
        Object.entries(queueUrls).map(async ([queue, { deadLetters }]) => {
          const { Attributes } = await sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl: deadLetters,
              // A message that another operator is reading right now counts too.
              AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
            }),
          );
          const counts = Object.values(Attributes ?? {}).map(Number);
          return { queue, count: counts.reduce((sum, one) => sum + one, 0) };
        }),
      );
    },

    async listDeadLetters(
      queue: string,
    ): Promise<{ readonly letters: readonly DeadLetter[]; readonly more: boolean }> {
      const letters: DeadLetter[] = [];
      await visitMessages(requireQueue(queue), mostListed, async (message) => {
        letters.push(toLetter(message));
        return {};
      });
      letters.sort((one, other) => one.sentAt - other.sentAt);
      return { letters, more: letters.length >= mostListed };
    },

    async findDeadLetter(queue: string, id: string): Promise<DeadLetter> {
      let found: DeadLetter | undefined;
      await visitMessages(requireQueue(queue), mostSearched, async (message) => {
        if (message.MessageId !== id) return {};
        found = toLetter(message);
        return { enough: true };
      });
      if (!found) throw noSuchLetter(queue);
      return found;
    },

    /**
     * Sends one message back to its queue, or every message that its worker can read.
     * @throws IntegrationError `INVALID_REQUEST` when the one message does not fit its queue's schema; it is not moved.
     */
    async replayDeadLetters(queue: string, id?: string): Promise<ReplayCounts> {
      const pair = requireQueue(queue);
      const sent = new Set<string>();
      const unreadable = new Set<string>();
      let replayed = 0;
      await visitMessages(pair, mostSearched, async (message) => {
        if (id !== undefined && message.MessageId !== id) return {};
        if (readMessage(queueMessages[pair.name], message.Body ?? '') === undefined) {
          if (id !== undefined) throw unreadableMessage();
          unreadable.add(message.MessageId ?? '');
          return {};
        }
        // A message that fails again at once would otherwise be sent in an endless loop.
        if (sent.has(message.MessageId ?? '')) return {};
        sent.add(await sendBack(pair, message));
        replayed += 1;
        return { gone: true, enough: id !== undefined };
      });
      if (id !== undefined && replayed === 0) throw noSuchLetter(queue);
      return { replayed, unreadable: unreadable.size };
    },
  };

  /** Passes every message to the visitor once, and then makes the remaining ones visible to other readers again. */
  async function visitMessages(
    { deadLetters: url }: QueuePair,
    most: number,
    visit: (message: Message) => Promise<{ readonly gone?: boolean; readonly enough?: boolean }>,
  ): Promise<void> {
    const held: Message[] = [];
    try {
      for (let seen = 0; seen < most; ) {
        const messages = await receive(url);
        if (messages.length === 0) return;
        held.push(...messages);
        seen += messages.length;
        for (const message of messages) {
          const { gone, enough } = await visit(message);
          if (gone) held.splice(held.indexOf(message), 1);
          if (enough) return;
        }
      }
    } finally {
      await release(url, held);
    }
  }

  async function receive(url: string): Promise<readonly Message[]> {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: batchSize,
        VisibilityTimeout: hiddenSeconds,
        // Long polling: a short poll asks only some of SQS's servers and can miss messages.
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['SentTimestamp', 'MessageGroupId'],
        MessageAttributeNames: ['All'],
      }),
    );
    return Messages;
  }

  async function release(url: string, held: readonly Message[]): Promise<void> {
    for (let from = 0; from < held.length; from += batchSize) {
      const entries = held.slice(from, from + batchSize);
      await sqs.send(
        new ChangeMessageVisibilityBatchCommand({
          QueueUrl: url,
          Entries: entries.map(({ ReceiptHandle }, index) => ({
            Id: String(index),
            ReceiptHandle,
            VisibilityTimeout: 0,
          })),
        }),
      );
    }
  }

  /** Sends a message unchanged to the queue it came from. Returns its new message id. */
  async function sendBack({ queue, deadLetters }: QueuePair, message: Message): Promise<string> {
    const group = message.Attributes?.MessageGroupId;
    const { MessageId = '' } = await sqs.send(
      new SendMessageCommand({
        QueueUrl: queue,
        MessageBody: message.Body,
        ...(group !== undefined && { MessageGroupId: group }),
        ...(message.MessageAttributes && { MessageAttributes: message.MessageAttributes }),
      }),
    );
    await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetters, ReceiptHandle: message.ReceiptHandle }));
    return MessageId;
  }

  /** @throws Error that lists the queues. */
  function requireQueue(name: string): QueuePair & { readonly name: MessageQueue } {
    if (isMessageQueue(name)) return { name, ...queueUrls[name] };
    throw new Error(`There is no queue "${name}". There are: ${Object.keys(queueUrls).join(', ')}.`);
  }
}

function toLetter({ MessageId = '', Attributes, Body = '' }: Message): DeadLetter {
  return { id: MessageId, sentAt: Number(Attributes?.SentTimestamp ?? 0), summary: summaryOf(Body) };
}

function noSuchLetter(queue: string): Error {
  return new Error(
    `The dead letters of ${queue} hold no such message. Give an id that \`hawser dlq list ${queue}\` shows.`,
  );
}
