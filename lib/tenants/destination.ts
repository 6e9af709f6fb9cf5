/**
 * Destinations: where a tenant hears of its events, all of a tenant's in one record. Whoever changes one says what he
 * saw, so that two changes at once do not undo each other.
 */
import * as z from 'zod/mini';
import { IntegrationError } from '../errors.ts';
import { type TenantId, token } from '../ids.ts';
import { absent, equals, whatever } from '../table/condition.ts';
import { destinationsKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

const sealed = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

const shared = {
  id: z.string(),
  /** To a disabled one nothing is sent, until the operator enables it again. */
  status: z.enum(['active', 'disabled']),
  /** Why it was disabled: it failed for days, or said that it is gone for good. */
  disabledReason: z.exactOptional(z.enum(['failing', 'gone'])),
  disabledAt: z.exactOptional(z.number()),
  /** Since when nothing has arrived there; absent after a success. Epoch milliseconds, as are all times here. */
  failingSince: z.exactOptional(z.number()),
  /** When it last failed, to the nearest part of a day. */
  failedAt: z.exactOptional(z.number()),
  /** What the last failure was, as a code; nothing of an answer is in it. */
  lastError: z.exactOptional(z.string()),
  createdAt: z.number(),
};

const https = z.object({
  ...shared,
  kind: z.literal('https'),
  url: z.string(),
  /** The sealed secret that signs, and the one before it while both do. */
  secret: sealed,
  previous: z.exactOptional(z.object({ secret: sealed, until: z.number() })),
});

const eventBridge = z.object({
  ...shared,
  kind: z.literal('eventbridge'),
  /** Name or ARN of an event bus. */
  busName: z.string(),
});

const destination = z.discriminatedUnion('kind', [https, eventBridge]);
const record = z.object({ revision: z.number(), destinations: z.array(destination) });

export type HttpsDestination = z.output<typeof https>;
export type BusDestination = z.output<typeof eventBridge>;
export type Destination = z.output<typeof destination>;

/** Each event costs a message for each of them. */
export const mostDestinations = 10;
/** Rounds against writers in between; each round only fails when one of them succeeded. */
const rounds = 10;

export const newDestinationId = () => `dst_${token(16)}`;

export type DestinationStore = ReturnType<typeof createDestinationStore>;

export function createDestinationStore(table: Table) {
  return {
    async list(tenantId: TenantId): Promise<readonly Destination[]> {
      return (await read(tenantId)).destinations;
    },

    async get(tenantId: TenantId, id: string): Promise<Destination | undefined> {
      return (await read(tenantId)).destinations.find((one) => one.id === id);
    },

    /**
     * Changes a tenant's destinations to what `decide` makes of them as they are; nothing when it answers nothing.
     * Answers whether they were changed.
     * @throws whatever `decide` throws; IntegrationError `DATABASE_ERROR` when others change them all the time.
     */
    async change(
      tenantId: TenantId,
      decide: (destinations: readonly Destination[]) => readonly Destination[] | undefined,
    ): Promise<boolean> {
      for (let round = 0; round < rounds; round += 1) {
        const { revision, destinations } = await read(tenantId);
        const wanted = decide(destinations);
        if (!wanted) return false;
        const unchanged = revision === 0 ? absent('revision') : equals('revision', revision);
        const set = { destinations: [...wanted], revision: revision + 1 };
        if (await table.update(destinationsKey(tenantId), { set }, unchanged)) return true;
      }
      throw new IntegrationError('DATABASE_ERROR', 'The destinations were changed by others all the time.');
    },

    /** Deletes all of them, for good. A change that comes later finds none. */
    async removeAll(tenantId: TenantId): Promise<void> {
      await table.delete(destinationsKey(tenantId), whatever);
    },

    /** Changes one of them, where it is still there and `decide` answers something. Answers whether it did. */
    changeOne(
      tenantId: TenantId,
      id: string,
      decide: (one: Destination) => Destination | undefined,
    ): Promise<boolean> {
      return this.change(tenantId, (destinations) => {
        const found = destinations.find((one) => one.id === id);
        const wanted = found && decide(found);
        return wanted && destinations.map((one) => (one === found ? wanted : one));
      });
    },
  };

  async function read(tenantId: TenantId) {
    const item = await table.get(destinationsKey(tenantId));
    return item ? record.parse(item) : { revision: 0, destinations: [] };
  }
}

/** A destination as it is after a success, or when the operator enables it: with a clean slate. */
export function recovered(before: Destination): Destination {
  const {
    disabledReason: _reason,
    disabledAt: _at,
    failingSince: _since,
    failedAt: _last,
    lastError: _error,
    ...rest
  } = before;
  return { ...rest, status: 'active' };
}
