/**
 * Delivers an event to one destination: once it has arrived the message is done, else it goes back into its queue for
 * later, for days. The same event has the same id at every try, so that a destination that gets it twice can tell.
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
  /** Writes down an error of ours for which a delivery waits. */
  readonly logFailure: (error: unknown) => void;
}

type Tried =
  | { readonly kind: 'tried'; readonly destination: Destination; readonly outcome: DeliveryOutcome }
  /** Nobody is left who wants it. */
  | { readonly kind: 'unwanted' }
  | { readonly kind: 'disabled' };

/**
 * Answers whether the message is done with, which it also is when the delivery goes on in another one. What an outage of
 * ours keeps from being tried waits as after any other failure, so that the outage does not use up its tries.
 * @throws IntegrationError when a queue fails, or the table after the destination has taken the event or wants no more;
 * the message then comes back after the queue's own time.
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
    // Whoever enables it again has what was filed sent again.
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
  // Removed, or gone by its own word: it wants nothing that is still on its way, either.
  if (!destination || destination.disabledReason === 'gone') return { kind: 'unwanted' };
  if (destination.status === 'disabled') return { kind: 'disabled' };
  try {
    return { kind: 'tried', destination, outcome: await send(deps, destination, event) };
  } catch (error) {
    // Its secrets are gone with its keys, and nobody is left to be told.
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
      // What cannot be noted now is noted after the next try.
      await recordFailure(deps, tenantId, destination, outcome.error).catch(deps.logFailure);
      return scheduleRetry(deps, delivery, received, outcome.askedSeconds);
  }
}

/** Few values, because each is a metric of its own. */
function classOf(error: string): string {
  return error.replace(/^http_(\d)\d\d$/, 'http_$1xx').replace(/^bus_.*/, 'bus');
}
