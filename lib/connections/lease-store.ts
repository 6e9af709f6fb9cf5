/**
 * Leases: who may start a token call. A lease says which generation is being spent and until when a call may be under
 * way; it is small, apart from the connection, and taken by one conditional write. What is stored is not its business.
 */

import * as z from 'zod/mini';
import { type ConnectionId, token } from '../ids.ts';
import { absent, allOf, anyOf, atMost, equals, lessThan } from '../table/condition.ts';
import { leaseKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** A lease that is held. */
export interface Lease {
  readonly connectionId: ConnectionId;
  readonly owner: string;
  /** The generation that is being spent. */
  readonly generation: number;
  /** Nobody else starts a call before, epoch milliseconds; the holder starts none that could end later. */
  readonly deadline: number;
  /** Whether an earlier holder of the same generation never said how its call ended. */
  readonly doubtful: boolean;
}

export type Taking =
  | { readonly kind: 'taken'; readonly lease: Lease }
  /** Another one holds it, or the platform asked for a pause, until then. */
  | { readonly kind: 'held' | 'resting'; readonly until: number }
  /** The generation has been spent already. */
  | { readonly kind: 'outdated' };

const record = z.object({
  owner: z.string(),
  generation: z.number(),
  deadline: z.number(),
  open: z.boolean(),
  notBefore: z.exactOptional(z.number()),
});

/** A lease is of no interest a day after its deadline. */
const keptSeconds = 86_400;

export type LeaseStore = ReturnType<typeof createLeaseStore>;

export function createLeaseStore(table: Table, now: () => number) {
  return {
    /** Takes the lease if no call can be under way and no pause was asked for. */
    async take(connectionId: ConnectionId, generation: number, milliseconds: number): Promise<Taking> {
      const owner = token(12);
      const deadline = now() + milliseconds;
      const free = anyOf(
        absent('pk'),
        lessThan('generation', generation),
        allOf(
          equals('generation', generation),
          atMost('deadline', now()),
          anyOf(absent('notBefore'), atMost('notBefore', now())),
        ),
      );
      const item = {
        owner,
        generation,
        deadline,
        open: true,
        ttl: Math.floor(deadline / 1000) + keptSeconds,
      };
      const swapped = await table.swap(leaseKey(connectionId), item, free);
      if (!swapped) return this.look(connectionId, generation);
      const before = record.safeParse(swapped.before).data;
      const doubtful = swapped.before === 'unknown' || (before?.generation === generation && before.open);
      return { kind: 'taken', lease: { connectionId, owner, generation, deadline, doubtful } };
    },

    /** How the lease of a generation stands; a free one looks like one held until now. */
    async look(connectionId: ConnectionId, generation: number): Promise<Exclude<Taking, { kind: 'taken' }>> {
      const found = record.safeParse(await table.get(leaseKey(connectionId))).data;
      if (!found || found.generation < generation) return { kind: 'held', until: now() };
      if (found.generation > generation) return { kind: 'outdated' };
      if (found.deadline > now()) return { kind: 'held', until: found.deadline };
      return { kind: (found.notBefore ?? 0) > now() ? 'resting' : 'held', until: found.notBefore ?? now() };
    },

    /** Whether the lease is still this holder's and no other call can have begun. */
    async isHeld(lease: Lease): Promise<boolean> {
      if (lease.deadline <= now()) return false;
      return record.safeParse(await table.get(leaseKey(lease.connectionId))).data?.owner === lease.owner;
    },

    /** Says that the call has ended and its outcome is known; others may start, or after a pause. */
    async release(lease: Lease, notBefore?: number): Promise<void> {
      await table.update(
        leaseKey(lease.connectionId),
        { set: { deadline: 0, open: false, ...(notBefore !== undefined && { notBefore }) } },
        equals('owner', lease.owner),
      );
    },
  };
}
