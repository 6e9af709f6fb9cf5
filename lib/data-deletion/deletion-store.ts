/**
 * Stores platform users' data deletion requests under the digest of a confirmation code that only the platform received.
 * A request's status can be looked up for half a year; the user's id is removed once the deletion is done.
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
  /** The platform's id of the user; removed when the deletion is done. */
  platformUserId: z.exactOptional(z.string()),
  status: z.enum(['received', 'in_progress', 'done']),
  /** When the user made the request, and when the platform forwarded it; epoch milliseconds. */
  requestedAt: z.number(),
  receivedAt: z.number(),
  updatedAt: z.number(),
});
export type Deletion = ReadonlyOutput<typeof record>;

const keptSeconds = 180 * 86_400;

export type DeletionStore = ReturnType<typeof createDeletionStore>;

/** The digest under which a confirmation code is stored. */
export function codeDigest(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

export function createDeletionStore(table: Table, now: () => number) {
  return {
    /** Stores a request. An existing one stays as it is. */
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
