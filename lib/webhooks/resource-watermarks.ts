/** How far the news about one thing has come, so that an older event that arrives later is known as older. */
import type { ConnectionId } from '../ids.ts';
import { absent, anyOf, lessThan } from '../table/condition.ts';
import { resourceWatermarkKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

/** A month: longer than anything here is still talked about. */
const keptSeconds = 30 * 86_400;

export type ResourceWatermarks = ReturnType<typeof createResourceWatermarks>;

export function createResourceWatermarks(table: Table, now: () => number) {
  return {
    /**
     * Notes an event about a subject unless one as late is known. Answers whether nothing later is known: a repeat is
     * answered alike, and so are two events of one moment, because many platforms tell no more than the second.
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
