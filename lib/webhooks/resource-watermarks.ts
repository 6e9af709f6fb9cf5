/** High-water marks: the time of the newest event for each resource, by which a late older event is recognised. */
import type { ConnectionId } from '../ids.ts';
import { absent, anyOf, lessThan } from '../table/condition.ts';
import { resourceWatermarkKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** A month: longer than any event is retried, replayed or left waiting. */
const keptSeconds = 30 * 86_400;

export type ResourceWatermarks = ReturnType<typeof createResourceWatermarks>;

export function createResourceWatermarks(table: Table, now: () => number) {
  return {
    /**
     * Raises a resource's watermark to this event. Returns whether the event is the newest one known. A repeat gets the
     * same answer, and so do two events of the same second, because many platforms give no finer time.
     */
    async advance(
      connectionId: ConnectionId,
      resourceKey: string,
      occurredAt: number,
      eventId: string,
    ): Promise<boolean> {
      const key = resourceWatermarkKey(connectionId, resourceKey);
      const item = { occurredAt, eventId, ttl: Math.floor(now() / 1000) + keptSeconds };
      if (await table.put(key, item, anyOf(absent('pk'), lessThan('occurredAt', occurredAt)))) return true;
      return (await table.get(key))?.['occurredAt'] === occurredAt;
    },
  };
}
