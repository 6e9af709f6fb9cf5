/**
 * Dead letters: messages that failed for good, of every queue there is. They can be looked at and sent back to their
 * queue; a message leaves the dead letters only when its queue has taken it.
 */
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { readMessage, unreadableMessage } from '../../lib/messages/parse-message.ts';
import { queueMessages } from '../../lib/messages/queue-messages.ts';
import { queueNames } from '../topology.ts';
import type { QueueName } from '../topology-rows.ts';
import { type Summary, summaryOf } from './dead-letter-summary.ts';
import type { OperatorStores } from './operator-parts.ts';

export interface DeadLetter {
  readonly id: string;
  /** When it was first sent, epoch milliseconds. */
  readonly sentAt: number;
  /** What it names; nothing else of it can be shown. */
  readonly summary: Summary;
}

/** Messages that are looked at stay hidden from others for so long, should this process die. */
const hiddenSeconds = 120;
/** What SQS hands out or takes at once. */
const batchSize = 10;
/** As many as a person looks through. */
const mostListed = 200;
/** SQS holds no more than 120,000 messages of a queue in flight; nobody looks for one among more than these. */
const mostSearched = 20_000;

export function deadLetterVerbs({ sqs, queueUrls }: Pick<OperatorStores, 'sqs' | 'queueUrls'>) {
  return {
    /** About how many there are, of each queue. */
    async countDeadLetters(): Promise<readonly { readonly queue: QueueName; readonly count: number }[]> {
      return Promise.all(
        queueNames.map(async (queue) => {
          const { Attributes } = await sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl: queueUrls[queue].deadLetters,
              // One that somebody looks at just now is one as well.
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
      await look(requireQueue(queue), mostListed, async (message) => {
        letters.push(toLetter(message));
        return {};
      });
      letters.sort((one, other) => one.sentAt - other.sentAt);
      return { letters, more: letters.length >= mostListed };
    },

    async findDeadLetter(queue: string, id: string): Promise<DeadLetter> {
      let found: DeadLetter | undefined;
      await look(requireQueue(queue), mostSearched, async (message) => {
        if (message.MessageId !== id) return {};
        found = toLetter(message);
        return { enough: true };
      });
      if (!found) throw notThere(queue);
      return found;
    },

    /**
     * Sends one message back to its queue, or all that its worker can read. Answers how many went.
     * @throws IntegrationError `INVALID_REQUEST` when the one message is none that its queue knows; it stays where it is.
     */
    async replayDeadLetters(queue: string, id?: string): Promise<number> {
      const name = requireQueue(queue);
      const sent = new Set<string>();
      let replayed = 0;
      await look(name, mostSearched, async (message) => {
        if (id !== undefined && message.MessageId !== id) return {};
        if (readMessage(queueMessages[name], message.Body ?? '') === undefined) {
          if (id !== undefined) throw unreadableMessage();
          return {};
        }
        // One that has failed again meanwhile would else go round for ever.
        if (sent.has(message.MessageId ?? '')) return {};
        sent.add(await sendBack(name, message));
        replayed += 1;
        return { gone: true, enough: id !== undefined };
      });
      if (id !== undefined && replayed === 0) throw notThere(queue);
      return replayed;
    },
  };

  /** Shows every message once to the visitor, and lets those that stay be seen by others again. */
  async function look(
    name: QueueName,
    most: number,
    visit: (message: Message) => Promise<{ readonly gone?: boolean; readonly enough?: boolean }>,
  ): Promise<void> {
    const url = queueUrls[name].deadLetters;
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
        // Without waiting SQS asks only some of its servers, and may miss what is there.
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

  /** As it was, to the queue it came from. Answers the id under which it goes there. */
  async function sendBack(name: QueueName, message: Message): Promise<string> {
    const { queue, deadLetters } = queueUrls[name];
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
}

function toLetter({ MessageId = '', Attributes, Body = '' }: Message): DeadLetter {
  return { id: MessageId, sentAt: Number(Attributes?.SentTimestamp ?? 0), summary: summaryOf(Body) };
}

function requireQueue(text: string): QueueName {
  const name = queueNames.find((known) => known === text);
  if (name === undefined)
    throw new Error(`There is no queue "${text}". There are: ${queueNames.join(', ')}.`);
  return name;
}

function notThere(queue: string): Error {
  return new Error(
    `The dead letters of ${queue} hold no such message. Give an id that \`hawser dlq list ${queue}\` shows.`,
  );
}
