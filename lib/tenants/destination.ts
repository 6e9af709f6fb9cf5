/**
 * Destinations: the endpoints that receive a tenant's events. One record holds all of a tenant's destinations and changes
 * under optimistic locking, so that concurrent changes do not undo each other.
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
  /** Hawser sends nothing to a disabled destination until the operator enables it again. */
  status: z.enum(['active', 'disabled']),
  /** Why it was disabled: deliveries failed for days, or the endpoint answered 410 Gone. */
  disabledReason: z.exactOptional(z.enum(['failing', 'gone'])),
  disabledAt: z.exactOptional(z.number()),
  /** When deliveries began to fail; absent after a success. Epoch milliseconds, as are all times here. */
  failingSince: z.exactOptional(z.number()),
  /** When a delivery last failed; recorded a few times a day at most. */
  failedAt: z.exactOptional(z.number()),
  /** The code of the last failure; it contains nothing of the endpoint's response. */
  lastError: z.exactOptional(z.string()),
  createdAt: z.number(),
};

const https = z.object({
  ...shared,
  kind: z.literal('https'),
  url: z.string(),
  /** The sealed signing secret, and the previous one while deliveries are signed with both. */
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

/** The fan-out sends one message for each destination of an event. */
export const mostDestinations = 10;

export const newDestinationId = () => `dst_${token(16)}`;

export type DestinationStore = ReturnType<typeof createDestinationStore>;

export function createDestinationStore(table: Table) {
  return {
    list: read,

    async get(tenantId: TenantId, id: string): Promise<Destination | undefined> {
      return (await read(tenantId)).find((one) => one.id === id);
    },

    /** Changes a tenant's destinations to what `decide` returns for the current ones. @throws what `decide` throws. */
    update,

    /** Deletes all of a tenant's destinations for good. A later change finds none. */
    async removeAll(tenantId: TenantId): Promise<void> {
      await table.delete(destinationsKey(tenantId), unconditional);
    },

    /** Changes one destination, if it still exists and `decide` returns a new value for it. */
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

/** A destination after a success, or after the operator enabled it: active, with its failures forgotten. */
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
