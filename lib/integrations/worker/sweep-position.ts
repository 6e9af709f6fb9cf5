/**
 * What one sweep remembers for the next, as one small record among what expires. Losing it loses no work: the next
 * sweep reads everything that is due from the beginning, and some messages are then sent twice.
 */
import * as z from 'zod/mini';
import { unconditional } from '../../table/condition.ts';
import { sweepPositionKey } from '../../table/keys.ts';
import type { Table } from '../../table/table.ts';

const position = z.object({
  /** How many messages the sweeps have sent. */
  sent: z.number(),
  /** How many they had sent at the checkpoint, and when that was. */
  checkpoint: z.object({ sent: z.number(), at: z.number() }),
  /** For each partition, up to which sort key its entries are sent, and up to which they were at the checkpoint. */
  lanes: z.record(z.string(), z.object({ sentUpTo: z.string(), checkpoint: z.string() })),
  /** Providers whose parked connections have all been sent, by the time at which they were resumed. */
  emptied: z.record(z.string(), z.number()),
});

export type SweepPosition = z.output<typeof position>;
export type LanePosition = SweepPosition['lanes'][string];
export type SweepPositionStore = ReturnType<typeof createSweepPositionStore>;

export function createSweepPositionStore(activity: Table) {
  return {
    /** Nothing before the first sweep, and where the record cannot be read. */
    async read(): Promise<SweepPosition | undefined> {
      return position.safeParse(await activity.get(sweepPositionKey)).data;
    },

    /** Of two sweeps that overlap the last one decides: at worst, messages of the other are sent twice. */
    async save(next: SweepPosition): Promise<void> {
      await activity.put(sweepPositionKey, { ...next }, unconditional);
    },
  };
}
