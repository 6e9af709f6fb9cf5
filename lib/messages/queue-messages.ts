/** Every queue with the schema of what may lie in it. */
import type * as z from 'zod/mini';
import { deliveryMessage } from './deliveries.ts';
import { eventMessage } from './events.ts';
import { incomingMessage } from './incoming.ts';
import { jobMessage } from './jobs.ts';
import { refreshMessage } from './refresh.ts';
import { rescueMessage } from './rescue.ts';

export const queueMessages = {
  events: eventMessage,
  deliveries: deliveryMessage,
  refresh: refreshMessage,
  rescue: rescueMessage,
  incoming: incomingMessage,
  jobs: jobMessage,
} as const;

export type MessageQueue = keyof typeof queueMessages;

/** Whether a queue of this name exists. */
export function isMessageQueue(name: string): name is MessageQueue {
  return Object.hasOwn(queueMessages, name);
}

/** What may be sent to a queue. */
export type MessageOf<Name extends MessageQueue> = z.input<(typeof queueMessages)[Name]>;
