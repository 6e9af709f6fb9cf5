/**
 * How a delivery waits for its next try: as a message that SQS delays, sent again as often as the wait needs it. A message
 * that waited hidden would be in flight, of which SQS allows a queue about 120,000; beyond them it hands out nothing, to
 * whomever. https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 *
 * Each send is a new message to SQS, so the body carries what SQS would know of one that stayed. The next is sent before
 * the one in hand is deleted: a crash between the two makes a copy and loses nothing. Copies do not multiply. A message
 * that comes back is sent on once more at most, as a copy that says so, and a copy that comes back is sent on no more:
 * SQS's own count of receives takes it to the dead letters. So no copy makes copies, each crash makes one at most, and
 * each ends by the schedule of the delivery itself.
 */
import type { Queue } from '../aws/queue.ts';
import { type DeliveryMessage, type DeliveryWait, restartDelivery } from '../messages/deliveries.ts';
import { maxDeliveryAttempts, retryDelaySeconds } from './retry-schedule.ts';

export interface RescheduleDeps {
  /** The queue that deliveries come from. */
  readonly deliveries: Queue<DeliveryMessage>;
  /** Its dead letters, each of which is filed. */
  readonly deadLetters: Queue<DeliveryMessage>;
  readonly now: () => number;
  readonly random: () => number;
}

/** A message in hand. */
export interface DeliveryReceipt {
  /** How often it has been received, this time included. */
  readonly receives: number;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
}

/** Whether the message is done with, or is left to come back by itself. */
export type MessageOutcome = 'done' | 'again';

/** The most that SQS delays a message by. */
const mostDelaySeconds = 900;
/** How often a delivery may be sent on from a message that came back, its copies included. */
const mostCopies = 1;

/** Whether it came before its time. Nothing needs to be read to know. */
export function isEarly({ now }: RescheduleDeps, { waiting }: DeliveryMessage): boolean {
  return waiting !== undefined && now() < waiting.dueAt;
}

/** Lets what came early wait on. @throws IntegrationError `PROCESSING_FAILED`; the message then comes back by itself. */
export async function keepWaiting(
  deps: RescheduleDeps,
  delivery: DeliveryMessage,
  received: DeliveryReceipt,
): Promise<MessageOutcome> {
  return wait(deps, delivery, waitStateOf(delivery, received));
}

/** Lets it wait after one more try, or gives it up after the last. @throws IntegrationError as {@link keepWaiting}. */
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

/** Has it filed with the tries that it had, so that it can be sent again. @throws IntegrationError as {@link keepWaiting}. */
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
