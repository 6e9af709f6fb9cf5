/**
 * Tells a tenant of an event: one message for each of its destinations, each delivered and retried by itself. An event
 * that is told again goes out again under the same id.
 */
import * as z from 'zod/mini';
import type { Queue } from '../aws/queue.ts';
import { IntegrationError } from '../errors.ts';
import { type AccountId, type ProviderId, storedId, type TenantId } from '../ids.ts';
import type { Connected } from './incoming-event.ts';
import type { ActiveDestinations } from './tell-tenant-destinations.ts';

/** What every event has, the platforms' and our own; the rest of it goes through as it is. */
const tenantEvent = z.looseObject({
  // As Standard Webhooks and our signatures want it.
  id: z.string().check(z.regex(/^[A-Za-z0-9_-]{1,256}$/)),
  type: z.string(),
  tenantId: storedId<TenantId>(),
  occurredAt: z.string(),
  receivedAt: z.optional(z.string()),
  provider: z.optional(storedId<ProviderId>()),
  accountId: z.optional(storedId<AccountId>()),
  data: z.record(z.string(), z.unknown()),
});

export type TenantEvent = z.output<typeof tenantEvent>;

/** The type of the event by which a tenant learns that one of its destinations is disabled. */
export const destinationDisabled = 'destination.disabled';

const times = z.int().check(z.nonnegative());
/** How far a delivery is that waits for its next try. */
const waiting = z.object({
  /** How often it has been tried. */
  tries: times,
  /** When it is tried next, epoch milliseconds. */
  dueAt: times,
  /** When it was first sent, epoch milliseconds. */
  sentAt: times,
  /** How often a message of it had come back by itself when it was sent on. */
  copies: times,
});
/** How far a delivery came that was given up. */
const givenUp = z.object({ tries: times, sentAt: times });

const delivery = z.object({
  destinationId: z.string(),
  tenantId: storedId<TenantId>(),
  event: tenantEvent,
  /** Absent before the first try. */
  waiting: z.exactOptional(waiting),
  /** Among the dead letters only. */
  givenUp: z.exactOptional(givenUp),
});

/** One event on its way to one destination. */
export type Delivery = z.output<typeof delivery>;
export type Waiting = z.output<typeof waiting>;
export type GivenUp = z.output<typeof givenUp>;

export interface TellParts {
  /** Ids of a tenant's destinations that take events now. */
  readonly activeDestinations: ActiveDestinations;
  /** Messages for the deliverer. */
  readonly deliveries: Queue;
  /** The queue of webhook events, some of which wait for a connection. */
  readonly incoming: Queue;
}

/** @throws IntegrationError `PROCESSING_FAILED` when a queue did not take everything; the event is then told again. */
export async function tellTenant(parts: TellParts, event: TenantEvent): Promise<void> {
  const { tenantId } = event;
  const connected = connectedBy(event);
  if (connected) await parts.incoming.send({ body: { connected }, group: tenantId });
  const ids = await parts.activeDestinations(tenantId);
  const told = ids.filter((id) => !isAbout(event, id));
  await parts.deliveries.sendAll(
    told.map((destinationId) => ({
      body: { destinationId, tenantId, event } satisfies Delivery,
      group: tenantId,
    })),
  );
}

/** The connection that was made or granted anew: what waited for it may reach it now. */
function connectedBy(event: TenantEvent): Connected | undefined {
  const { type, tenantId, provider, accountId, data } = event;
  if (!isOurs(event) || provider === undefined || accountId === undefined) return undefined;
  const granted =
    type === 'connection.created' ||
    type === 'connection.recovered' ||
    (type === 'connection.refreshed' && data['reconnected'] === true);
  return granted ? { tenantId, provider, accountId } : undefined;
}

/** That a destination is disabled is told to the others: it may still pass for active in this memory. */
function isAbout(event: TenantEvent, destinationId: string): boolean {
  const { type, data } = event;
  return isOurs(event) && type === destinationDisabled && data['destinationId'] === destinationId;
}

/** A platform may call its events what it likes, but they were received. */
function isOurs({ receivedAt }: TenantEvent): boolean {
  return receivedAt === undefined;
}

/** @throws IntegrationError `PROCESSING_FAILED`; the message then ends among the dead letters. */
export function parseTenantEvent(body: unknown): TenantEvent {
  const parsed = tenantEvent.safeParse(body);
  if (!parsed.success)
    throw new IntegrationError('PROCESSING_FAILED', 'This message is no event of a tenant.');
  return parsed.data;
}

/** @throws IntegrationError `PROCESSING_FAILED` as {@link parseTenantEvent}. */
export function parseDelivery(body: unknown): Delivery {
  const parsed = delivery.safeParse(body);
  if (!parsed.success) throw new IntegrationError('PROCESSING_FAILED', 'This message is no delivery.');
  return parsed.data;
}

/** A delivery as it was before its first try, however far it came; whatever else as it is. */
export function begunAnew(body: unknown): unknown {
  const parsed = delivery.safeParse(body);
  if (!parsed.success) return body;
  const { destinationId, tenantId, event } = parsed.data;
  return { destinationId, tenantId, event } satisfies Delivery;
}
