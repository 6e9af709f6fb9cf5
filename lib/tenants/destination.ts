/**
 * Destinations: where a tenant hears of its events, all of a tenant's in one record, which is changed by optimistic
 * locking, so that two changes at once do not undo each other.
 */
import * as z from 'zod/mini';
import { type TenantId, token } from '../ids.ts';
import { unconditional } from '../table/condition.ts';
import { destinationsKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import { type Decide, type Updated, updateItem } from '../table/update.ts';
import { storedBytes } from '../vocabulary.ts';

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
  secret: storedBytes,
  previous: z.exactOptional(z.object({ secret: storedBytes, until: z.number() })),
});

const eventBridge = z.object({
  ...shared,
  kind: z.literal('eventbridge'),
  /** Name or ARN of an event bus. */
  busName: z.string(),
});

const destination = z.discriminatedUnion('kind', [https, eventBridge]);
const record = z.object({ destinations: z.array(destination) });

export type HttpsDestination = z.output<typeof https>;
export type BusDestination = z.output<typeof eventBridge>;
export type Destination = z.output<typeof destination>;

/** Each event costs a message for each of them. */
export const mostDestinations = 10;

export const newDestinationId = () => `dst_${token(16)}`;

export type DestinationStore = ReturnType<typeof createDestinationStore>;

export function createDestinationStore(table: Table) {
  return {
    list: read,

    async get(tenantId: TenantId, id: string): Promise<Destination | undefined> {
      return (await read(tenantId)).find((one) => one.id === id);
    },

    /** Changes a tenant's destinations to what `decide` makes of them as they are. @throws what `decide` throws. */
    update,

    /** Deletes all of them, for good. A change that comes later finds none. */
    async removeAll(tenantId: TenantId): Promise<void> {
      await table.delete(destinationsKey(tenantId), unconditional);
    },

    /** Changes one of them, where it is still there and `decide` answers something. */
    updateOne(
      tenantId: TenantId,
      id: string,
      decide: Decide<Destination>,
    ): Promise<Updated<readonly Destination[]>> {
      return update(tenantId, (destinations) => {
        const found = destinations.find((one) => one.id === id);
        const wanted = found && decide(found);
        return wanted && destinations.map((one) => (one === found ? wanted : one));
      });
    },
  };

  function update(
    tenantId: TenantId,
    decide: Decide<readonly Destination[]>,
  ): Promise<Updated<readonly Destination[]>> {
    return updateItem<readonly Destination[]>(
      {
        table,
        key: destinationsKey(tenantId),
        revision: 'revision',
        read: (item) => record.parse(item).destinations,
        write: (destinations) => ({ destinations: [...destinations] }),
      },
      (destinations = []) => decide(destinations),
    );
  }

  async function read(tenantId: TenantId): Promise<readonly Destination[]> {
    const item = await table.get(destinationsKey(tenantId));
    return item ? record.parse(item).destinations : [];
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
