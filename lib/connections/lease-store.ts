/**
 * Leases decide who may start a token call. A lease names the generation that its holder spends and the time until which
 * the call may be in flight. It is a small item apart from the connection, acquired by one conditional write. It never
 * decides what is stored; the generation does.
 */

import * as z from 'zod/mini';
import { type ConnectionId, token } from '../ids.ts';
import { absent, allOf, anyOf, atMost, equals, greaterThan, lessThan } from '../table/condition.ts';
import { leaseKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** An acquired lease. */
export interface Lease {
  readonly connectionId: ConnectionId;
  readonly holder: string;
  /** The generation that the holder spends. */
  readonly generation: number;
  /** No other caller starts a call before this time, in epoch milliseconds; the holder starts none that could end later. */
  readonly deadline: number;
  /** Whether an earlier holder of the same generation never recorded how its call ended. */
  readonly doubtful: boolean;
}

export type Taking =
  | { readonly kind: 'taken'; readonly lease: Lease }
  /** Until then another caller holds the lease, or the platform asked for a pause. */
  | { readonly kind: 'held' | 'resting'; readonly until: number }
  /** A call has already spent the generation. */
  | { readonly kind: 'outdated' };

const record = z.object({
  holder: z.string(),
  generation: z.number(),
  deadline: z.number(),
  /** Whether a call may have spent the generation without recording how it ended. */
  open: z.boolean(),
  notBefore: z.exactOptional(z.number()),
  /** When this record was written. */
  at: z.number(),
});

/** Clocks of function instances differ by less than this. */
const clockSkewMilliseconds = 60_000;

/** No caller reads a lease a day after its deadline. */
const keptSeconds = 86_400;

export type LeaseStore = ReturnType<typeof createLeaseStore>;

export function createLeaseStore(table: Table, now: () => number) {
  return {
    /** Acquires the lease if no call can be in flight and the platform asked for no pause. */
    async take(connectionId: ConnectionId, generation: number, milliseconds: number): Promise<Taking> {
      const holder = token(12);
      const at = now();
      const deadline = at + milliseconds;
      const free = anyOf(
        absent('pk'),
        lessThan('generation', generation),
        allOf(equals('generation', generation), greaterThan('at', at + clockSkewMilliseconds)),
        allOf(
          equals('generation', generation),
          atMost('deadline', at),
          anyOf(absent('notBefore'), atMost('notBefore', at)),
        ),
      );
      const item = {
        holder,
        generation,
        deadline,
        open: true,
        at,
        ttl: Math.floor(deadline / 1000) + keptSeconds,
      };
      const swapped = await table.swap(leaseKey(connectionId), item, free);
      if (!swapped) return this.look(connectionId, generation);
      const before = record.safeParse(swapped.before).data;
      const doubtful = swapped.before === 'unknown' || (before?.generation === generation && before.open);
      return { kind: 'taken', lease: { connectionId, holder, generation, deadline, doubtful } };
    },

    /** The state of a generation's lease; a free one reads as held until now. */
    async look(connectionId: ConnectionId, generation: number): Promise<Exclude<Taking, { kind: 'taken' }>> {
      const found = record.safeParse(await table.get(leaseKey(connectionId))).data;
      const at = now();
      if (!found || found.generation < generation) return { kind: 'held', until: at };
      if (found.generation > generation) return { kind: 'outdated' };
      // Written in the future: the clock has since been set back, so the times of this record mean nothing.
      if (found.at > at + clockSkewMilliseconds) return { kind: 'held', until: at };
      if (found.deadline > at) return { kind: 'held', until: found.deadline };
      return { kind: (found.notBefore ?? 0) > at ? 'resting' : 'held', until: found.notBefore ?? at };
    },

    /** Whether this holder still has the lease, so that no other call can have begun. */
    async isHeld(lease: Lease): Promise<boolean> {
      if (lease.deadline <= now()) return false;
      return record.safeParse(await table.get(leaseKey(lease.connectionId))).data?.holder === lease.holder;
    },

    /**
     * Records that the call has ended and spent nothing; others may start at once, or after a pause. A generation that an
     * earlier holder left in doubt stays in doubt.
     */
    async release(lease: Lease, notBefore?: number): Promise<void> {
      const set = {
        deadline: 0,
        open: lease.doubtful,
        at: now(),
        ...(notBefore !== undefined && { notBefore }),
      };
      await table.update(leaseKey(lease.connectionId), { set }, equals('holder', lease.holder));
    },

    /** Keeps all callers off a spent generation while its successor waits to be stored. */
    async extend(lease: Lease, milliseconds: number): Promise<void> {
      const at = now();
      const deadline = at + milliseconds;
      const set = { deadline, at, ttl: Math.floor(deadline / 1000) + keptSeconds };
      await table.update(leaseKey(lease.connectionId), { set }, equals('holder', lease.holder));
    },
  };
}
