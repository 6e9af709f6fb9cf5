/**
 * Requests of platform users to have their data deleted, each known by a code that only its platform was given: it is
 * kept as a digest. A request can be looked up for half a year, long after it has forgotten whom it was about.
 */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { type AppId, type ProviderId, storedId } from '../ids.ts';
import { equals, exists } from '../table/condition.ts';
import { deletionKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import type { ReadonlyOutput } from '../vocabulary.ts';

const record = z.object({
  appId: storedId<AppId>(),
  provider: storedId<ProviderId>(),
  /** The platform's id of the user; gone once the rest is. */
  platformUserId: z.exactOptional(z.string()),
  status: z.enum(['received', 'in_progress', 'done']),
  /** When the user asked for it, and when the platform told us; epoch milliseconds. */
  requestedAt: z.number(),
  receivedAt: z.number(),
  updatedAt: z.number(),
});
export type Deletion = ReadonlyOutput<typeof record>;

const keptSeconds = 180 * 86_400;

export type DeletionStore = ReturnType<typeof createDeletionStore>;

/** What a code is kept as. */
export function codeDigest(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

export function createDeletionStore(table: Table, now: () => number) {
  return {
    /** Writes a request down. One that is there already stays as it is. */
    async receive(
      digest: string,
      request: Pick<Deletion, 'appId' | 'provider' | 'requestedAt'> & { readonly platformUserId: string },
    ): Promise<void> {
      const at = now();
      await table.put(deletionKey(request.appId, digest), {
        ...request,
        status: 'received',
        receivedAt: at,
        updatedAt: at,
        ttl: Math.floor(at / 1000) + keptSeconds,
      });
    },

    async find(appId: AppId, digest: string): Promise<Deletion | undefined> {
      const item = await table.get(deletionKey(appId, digest));
      if (!item || Number(item['ttl']) <= now() / 1000) return undefined;
      return record.parse(item);
    },

    async begin(appId: AppId, digest: string): Promise<void> {
      const set = { status: 'in_progress', updatedAt: now() };
      await table.update(deletionKey(appId, digest), { set }, equals('status', 'received'));
    },

    async finish(appId: AppId, digest: string): Promise<void> {
      const set = { status: 'done', updatedAt: now() };
      await table.update(
        deletionKey(appId, digest),
        { set, remove: ['platformUserId'] },
        exists('platformUserId'),
      );
    },
  };
}
