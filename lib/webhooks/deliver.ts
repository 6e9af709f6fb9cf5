/**
 * Delivers an event to one destination: once it has arrived the message is done, else it comes back later, for days. The
 * same event has the same id at every try, so that a destination that gets it twice can tell.
 */
import type { PutEvent } from '../aws/event-bus.ts';
import { IntegrationError } from '../errors.ts';
import type { Destination } from '../tenants/destination.ts';
import { deliverToBus } from './deliver-event-bus.ts';
import { type HealthParts, noteFailure, noteGone, noteSuccess } from './deliver-health.ts';
import { type DeliverHttpsParts, deliverHttps } from './deliver-https.ts';
import type { DeliveryOutcome } from './deliver-outcome.ts';
import { pauseSeconds } from './deliver-schedule.ts';
import type { Delivery, TenantEvent } from './tell-tenant.ts';

export interface DeliverParts extends HealthParts, DeliverHttpsParts {
  readonly putEvent: PutEvent;
  readonly random: () => number;
}

/** A message in hand. */
export interface Received {
  /** How often it has been received, this time included. */
  readonly tries: number;
  /** Keeps it from showing again for so long. */
  readonly hide: (seconds: number) => Promise<void>;
}

/**
 * Answers whether the message is done with, or is to come `again` after the time for which it was hidden.
 * @throws IntegrationError when the table, a queue or the vault fails. What could not even be tried then waits as after any
 * other failure, so that an outage of ours does not use up its tries within the hour; else the message comes back after the
 * queue's own time.
 */
export async function deliver(
  parts: DeliverParts,
  { tenantId, destinationId, event }: Delivery,
  received: Received,
): Promise<'done' | 'again'> {
  const get = parts.destinations.get(tenantId, destinationId);
  const destination = await orLater(parts, received, get);
  // Removed, or gone by its own word: it wants nothing that is still on its way, either.
  if (!destination || destination.disabledReason === 'gone') return 'done';
  // Whoever enables it again in time gets what waits.
  if (destination.status === 'disabled') return later(parts, received);
  const outcome = await orLater(parts, received, tryOnce(parts, destination, event));
  switch (outcome.kind) {
    case 'delivered':
      parts.count('delivery_done');
      await noteSuccess(parts, tenantId, destination);
      return 'done';
    case 'gone':
      await noteGone(parts, tenantId, destination);
      return 'done';
    case 'failed':
      parts.count('delivery_failed', { reason: classOf(outcome.error) });
      await noteFailure(parts, tenantId, destination, outcome.error);
      return later(parts, received, outcome.askedSeconds);
    case 'tenant_deleted':
      return 'done';
  }
}

async function tryOnce(
  parts: DeliverParts,
  destination: Destination,
  event: TenantEvent,
): Promise<DeliveryOutcome | { readonly kind: 'tenant_deleted' }> {
  if (destination.kind === 'eventbridge') return deliverToBus(parts.putEvent, destination, event);
  try {
    return await deliverHttps(parts, destination, event);
  } catch (error) {
    // Its secrets are gone with its keys, and nobody is left to be told.
    if (error instanceof IntegrationError && error.code === 'TENANT_DELETED')
      return { kind: 'tenant_deleted' };
    throw error;
  }
}

async function orLater<Result>(
  parts: DeliverParts,
  received: Received,
  work: Promise<Result>,
): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    // Where the queue does not answer either, its own time must do.
    await later(parts, received).catch(() => undefined);
    throw error;
  }
}

async function later(
  { random }: DeliverParts,
  { tries, hide }: Received,
  askedSeconds?: number,
): Promise<'again'> {
  await hide(pauseSeconds(tries, random, askedSeconds));
  return 'again';
}

/** Few values, because each is a metric of its own. */
function classOf(error: string): string {
  return error.replace(/^http_(\d)\d\d$/, 'http_$1xx').replace(/^bus_.*/, 'bus');
}
