/**
 * Reschedules a delivery for its next attempt by sending it again as a delayed message, several times for a long delay.
 * A message that waited by its visibility timeout would count as in flight, and SQS delivers nothing more from a queue
 * with about 120,000 of those.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 *
 * Each send is a new message to SQS, so the body carries the attempts and times that SQS would otherwise count. The
 * worker sends the next message before it deletes the present one: a crash between the two makes a copy and loses
 * nothing. Copies do not multiply. The worker forwards a redelivered message once at most, marked as a copy, and leaves
 * a redelivered copy to SQS, whose receive count moves it to the dead-letter queue. So each crash makes at most one
 * copy, a copy makes none, and each copy ends by the delivery's own schedule.
 */
import type { Queue } from '../aws/queue.ts';
import { type DeliveryMessage, type DeliveryWait, restartDelivery } from '../messages/deliveries.ts';
import { maxDeliveryAttempts, retryDelaySeconds } from './retry-schedule.ts';

export interface RescheduleDeps {
  /** The queue of deliveries, to which a rescheduled one returns. */
  readonly deliveries: Queue<DeliveryMessage>;
  /** Its dead-letter queue, from which each message is filed as a failure. */
  readonly deadLetters: Queue<DeliveryMessage>;
  readonly now: () => number;
  readonly random: () => number;
}

/** How SQS delivered the message. */
export interface DeliveryReceipt {
  /** How often it has been received, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** `done` deletes the message; `again` leaves it in the queue, so that SQS redelivers it. */
export type MessageOutcome = 'done' | 'again';

/** The longest delay that SQS allows a message. */
const mostDelaySeconds = 900;
/** How often a delivery may be forwarded from a redelivered message, its copies included. */
const mostCopies = 1;

/** Whether the message arrived before its next attempt is due; decided without a read. */
export function isEarly({ now }: RescheduleDeps, { waiting }: DeliveryMessage): boolean {
  return waiting !== undefined && now() < waiting.dueAt;
}

/** Delays an early message again. @throws IntegrationError `PROCESSING_FAILED`; SQS then redelivers the message. */
export async function keepWaiting(
  deps: RescheduleDeps,
  delivery: DeliveryMessage,
  received: DeliveryReceipt,
): Promise<MessageOutcome> {
  return wait(deps, delivery, waitStateOf(delivery, received));
}

/**
 * Schedules the next attempt with backoff, or dead-letters the delivery after the last one.
 * @throws IntegrationError as {@link keepWaiting}.
 */
export async function scheduleRetry(
  deps: RescheduleDeps,
  delivery: DeliveryMessage,
  received: DeliveryReceipt,
  askedSeconds?: number,
): Promise<MessageOutcome> {
  const before = waitStateOf(delivery, received);
  const tries = before.tries + 1;
  if (tries >= maxDeliveryAttempts) return moveToDeadLetters(deps, delivery, { ...before, tries });
  const dueAt = deps.now() + retryDelaySeconds(tries, deps.random, askedSeconds) * 1000;
  return wait(deps, delivery, { ...before, tries, dueAt });
}

/**
 * Moves the delivery to the dead-letter queue with its attempt count, from where it can be replayed.
 * @throws IntegrationError as {@link keepWaiting}.
 */
export async function deadLetterDelivery(
  deps: RescheduleDeps,
  delivery: DeliveryMessage,
  received: DeliveryReceipt,
): Promise<MessageOutcome> {
  return moveToDeadLetters(deps, delivery, waitStateOf(delivery, received));
}

function waitStateOf({ waiting }: DeliveryMessage, { receives, sentAt }: DeliveryReceipt): DeliveryWait {
  const state = waiting ?? { tries: 0, dueAt: sentAt, sentAt, copies: 0 };
  return { ...state, copies: state.copies + receives - 1 };
}

async function wait(
  { deliveries, now }: RescheduleDeps,
  delivery: DeliveryMessage,
  waiting: DeliveryWait,
): Promise<MessageOutcome> {
  if (waiting.copies > mostCopies) return 'again';
  const restSeconds = Math.ceil((waiting.dueAt - now()) / 1000);
  await deliveries.send({
    body: { ...restartDelivery(delivery), waiting },
    group: delivery.tenantId,
    delaySeconds: Math.max(0, Math.min(restSeconds, mostDelaySeconds)),
  });
  return 'done';
}

async function moveToDeadLetters(
  { deadLetters }: RescheduleDeps,
  delivery: DeliveryMessage,
  { tries, sentAt, copies }: DeliveryWait,
): Promise<MessageOutcome> {
  if (copies > mostCopies) return 'again';
  await deadLetters.send({
    body: { ...restartDelivery(delivery), givenUp: { tries, sentAt } },
    group: delivery.tenantId,
  });
  return 'done';
}
