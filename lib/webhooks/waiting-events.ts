/**
 * Events that fit no connection yet: a platform may tell of an account before its connection is stored. They wait 24
 * hours, and reach only connections whose flow began before them.
 */
import * as z from 'zod/mini';
import type { AccountId, ContextId } from '../ids.ts';
import { whatever } from '../table/condition.ts';
import { waitingKey, waitingPartition } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { type IncomingEvent, parseIncoming } from './incoming-event.ts';

const waitingSeconds = 86_400;
const record = z.object({ message: z.string(), until: z.number() });

export type WaitingEvents = ReturnType<typeof createWaitingEvents>;

export function createWaitingEvents(table: Table, now: () => number) {
  return {
    async keep(message: IncomingEvent): Promise<void> {
      const { context, event } = message;
      const until = Math.floor(now() / 1000) + waitingSeconds;
      const places = [event.accountId, event.owner].filter((place) => place !== undefined);
      for (const place of new Set<string>(places)) {
        const item = { message: JSON.stringify(message), until, ttl: until };
        await table.put(waitingKey(context, place, event.id), item, whatever);
      }
    },

    /** Deletes what came before a time for an account or owner. */
    async forget(context: ContextId, place: string, before: number): Promise<void> {
      let after: Item | undefined;
      do {
        const partition = waitingPartition(context, place);
        const page = await table.query({ partition, limit: 100, ...(after && { after }) });
        for (const item of page.items) {
          const { event, receivedAt } = parseIncoming(JSON.parse(record.parse(item).message));
          if (receivedAt <= before) await table.delete(waitingKey(context, place, event.id), whatever);
        }
        after = page.last;
      } while (after);
    },

    /** What waits for an account or owner, oldest id first, at most a hundred. */
    async of(context: ContextId, place: AccountId | string): Promise<readonly IncomingEvent[]> {
      const page = await table.query({ partition: waitingPartition(context, place), limit: 100 });
      return page.items.flatMap((item) => {
        const parsed = record.safeParse(item).data;
        return parsed && parsed.until > now() / 1000 ? [parseIncoming(JSON.parse(parsed.message))] : [];
      });
    },
  };
}
