/**
 * Makes one attempt to deliver an event to one destination, and reschedules it for up to a week when the attempt fails.
 * The event has the same id at every attempt, so that a destination can recognise a duplicate.
 */
import type { PutEvent } from '../aws/event-bus.ts';
import { IntegrationError } from '../errors.ts';
import type { DeliveryMessage } from '../messages/deliveries.ts';
import type { TenantEvent } from '../messages/tenant-event.ts';
import type { Destination } from '../tenants/destination.ts';
import { deliverToBus } from './deliver-event-bus.ts';
import { type DeliverHttpsDeps, deliverHttps } from './deliver-https.ts';
import type { DeliveryOutcome } from './delivery-outcome.ts';
import { type HealthDeps, recordFailure, recordGone, recordSuccess } from './destination-health.ts';
import {
  type DeliveryReceipt,
  deadLetterDelivery,
  isEarly,
  keepWaiting,
  type MessageOutcome,
  type RescheduleDeps,
  scheduleRetry,
} from './reschedule-delivery.ts';

export interface DeliverDeps extends HealthDeps, DeliverHttpsDeps, RescheduleDeps {
  readonly putEvent: PutEvent;
  /** Logs an error on our side that postpones a delivery. */
  readonly logFailure: (error: unknown) => void;
}

type Tried =
  | { readonly kind: 'tried'; readonly destination: Destination; readonly outcome: DeliveryOutcome }
  /** The destination was removed or is gone, or its tenant was deleted. */
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'disabled' };

/**
 * Returns `done` when the worker may delete the message, also when a new message continues the delivery. A failure on
 * our side delays the next attempt with the same backoff as a failure of the destination.
 * @throws IntegrationError when a queue fails, or when the table fails after the destination accepted the event or
 * ended its subscription; SQS then redelivers the message after its visibility timeout.
 */
export async function deliver(
  deps: DeliverDeps,
  delivery: DeliveryMessage,
  received: DeliveryReceipt,
): Promise<MessageOutcome> {
  if (isEarly(deps, delivery)) return keepWaiting(deps, delivery, received);
  const tried = await tryOnce(deps, delivery).catch((error: unknown) => {
    deps.logFailure(error);
    return { kind: 'untried' } as const;
  });
  switch (tried.kind) {
    case 'unwanted':
      return 'done';
    // After the operator enables the destination again, a replay sends what was filed.
    case 'disabled':
      return deadLetterDelivery(deps, delivery, received);
    case 'untried':
      return scheduleRetry(deps, delivery, received);
    case 'tried':
      return handleOutcome(deps, { ...tried, delivery, received });
  }
}

async function tryOnce(
  deps: DeliverDeps,
  { tenantId, destinationId, event }: DeliveryMessage,
): Promise<Tried> {
  const destination = await deps.destinations.get(tenantId, destinationId);
  // Neither a removed destination nor one that answered 410 receives the deliveries that are still queued.
  if (!destination || destination.disabledReason === 'gone') return { kind: 'unwanted' };
  if (destination.status === 'disabled') return { kind: 'disabled' };
  try {
    return { kind: 'tried', destination, outcome: await send(deps, destination, event) };
  } catch (error) {
    // The deletion destroyed the keys that open the destination's secrets.
    if (error instanceof IntegrationError && error.code === 'TENANT_DELETED') return { kind: 'unwanted' };
    throw error;
  }
}

async function send(
  deps: DeliverDeps,
  destination: Destination,
  event: TenantEvent,
): Promise<DeliveryOutcome> {
  return destination.kind === 'eventbridge'
    ? deliverToBus(deps.putEvent, destination, event)
    : deliverHttps(deps, destination, event);
}

async function handleOutcome(
  deps: DeliverDeps,
  {
    delivery,
    received,
    destination,
    outcome,
  }: {
    readonly delivery: DeliveryMessage;
    readonly received: DeliveryReceipt;
    readonly destination: Destination;
    readonly outcome: DeliveryOutcome;
  },
): Promise<MessageOutcome> {
  const { tenantId } = delivery;
  switch (outcome.kind) {
    case 'delivered':
      deps.count('delivery_succeeded');
      await recordSuccess(deps, tenantId, destination);
      return 'done';
    case 'gone':
      await recordGone(deps, tenantId, destination);
      return 'done';
    case 'failed':
      deps.count('delivery_failed', { reason: classOf(outcome.error) });
      // If this write fails, the next failed attempt repeats it.
      await recordFailure(deps, tenantId, destination, outcome.error).catch(deps.logFailure);
      return scheduleRetry(deps, delivery, received, outcome.askedSeconds);
  }
}

/** Groups errors into few classes, because each becomes a metric. */
function classOf(error: string): string {
  return error.replace(/^http_(\d)\d\d$/, 'http_$1xx').replace(/^bus_.*/, 'bus');
}
