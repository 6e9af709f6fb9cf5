/**
 * Events that match no connection yet, because a platform may send one before the connection is stored. They wait 24
 * hours, and reach only connections whose flow began before the event arrived.
 */
import * as z from 'zod/mini';
import type { AccountId, AppId } from '../ids.ts';
import { type WebhookEventMessage, webhookEventMessage } from '../messages/incoming.ts';
import { parseMessage } from '../messages/parse-message.ts';
import { unconditional } from '../table/condition.ts';
import { waitingFrom, waitingKey, waitingPartition } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';

const waitingSeconds = 86_400;
const pageSize = 100;
const record = z.object({ message: z.string(), until: z.number() });

export type WaitingEvents = ReturnType<typeof createWaitingEvents>;

export function createWaitingEvents(table: Table, now: () => number) {
  return {
    async add(message: WebhookEventMessage): Promise<void> {
      const { appId, event, receivedAt } = message;
      const until = Math.floor(now() / 1000) + waitingSeconds;
      const externalIds = [event.accountId, event.platformUserId].filter(
        (externalId) => externalId !== undefined,
      );
      for (const externalId of new Set<string>(externalIds)) {
        const item = { message: JSON.stringify(message), until, ttl: until };
        await table.put(waitingKey(appId, externalId, receivedAt, event.id), item, unconditional);
      }
    },

    /** Deletes the events of an account or a platform user that arrived up to this time. */
    async deleteBefore(appId: AppId, externalId: string, before: number): Promise<void> {
      const { pk: partition, sk: upTo } = waitingFrom(appId, externalId, before + 1);
      let last: Item | undefined;
      do {
        const page = await table.query({ partition, upTo, limit: pageSize, ...(last && { after: last }) });
        for (const { pk, sk } of page.items) {
          await table.delete({ pk: String(pk), sk: String(sk) }, unconditional);
        }
        last = page.last;
      } while (last);
    },

    /** The events of an account or a platform user since this time, page by page, the oldest first. */
    async *listSince(
      appId: AppId,
      externalId: AccountId | string,
      receivedAt: number,
    ): AsyncGenerator<readonly WebhookEventMessage[]> {
      let after: Item | undefined = { ...waitingFrom(appId, externalId, receivedAt) };
      while (after) {
        const partition = waitingPartition(appId, externalId);
        const page: Awaited<ReturnType<Table['query']>> = await table.query({
          partition,
          limit: pageSize,
          after,
        });
        yield page.items.flatMap((item) => {
          const parsed = record.safeParse(item).data;
          return parsed && parsed.until > now() / 1000
            ? [parseMessage(webhookEventMessage, JSON.parse(parsed.message))]
            : [];
        });
        after = page.last;
      }
    },
  };
}
