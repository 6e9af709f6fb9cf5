/**
 * Idempotency claims: a worker claims an event before it handles it, and marks it done afterwards. A claim expires; only
 * `done` is final. The table keeps both for longer than a platform or an operator may repeat the event.
 */
import * as z from 'zod/mini';
import type { ErrorCode } from '../errors.ts';
import { type AppId, token } from '../ids.ts';
import { absent, allOf, anyOf, atMost, equals } from '../table/condition.ts';
import { idempotencyKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

export interface Claim {
  readonly appId: AppId;
  readonly id: string;
  readonly holder: string;
}

export type ClaimResult =
  | { readonly kind: 'claimed'; readonly claim: Claim }
  /** A worker has handled it. */
  | { readonly kind: 'done' }
  /** Another worker is handling it. */
  | { readonly kind: 'busy' };

/** Longer than the worker's timeout of 60 s, shorter than its queue's visibility timeout of 360 s. */
export const claimMilliseconds = 90_000;
/** How long an operator can replay a filed failure. */
export const replayableSeconds = 14 * 86_400;
/** A platform retries an event for 72 hours at most; an operator can replay it for as long as its failure is kept. */
const keptSeconds = replayableSeconds + 86_400;

const record = z.object({
  state: z.enum(['claimed', 'done']),
  /** Why the last attempt failed: a code of the error catalogue. */
  lastError: z.exactOptional(z.string()),
});

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;

export function createIdempotencyStore(table: Table, now: () => number) {
  return {
    async claim(appId: AppId, id: string): Promise<ClaimResult> {
      const holder = token(12);
      const until = now() + claimMilliseconds;
      const free = anyOf(absent('pk'), allOf(equals('state', 'claimed'), atMost('until', now())));
      const item = { state: 'claimed', holder, until, ttl: ttlAt(now()) };
      if (await table.put(idempotencyKey(appId, id), item, free))
        return { kind: 'claimed', claim: { appId, id, holder } };
      const found = record.safeParse(await table.get(idempotencyKey(appId, id))).data;
      return { kind: found?.state === 'done' ? 'done' : 'busy' };
    },

    /** Marks the event done. Does nothing when the claim expired and another worker has taken it over. */
    async complete(claim: Claim): Promise<void> {
      const set = { state: 'done', ttl: ttlAt(now()) };
      await table.update(idempotencyKey(claim.appId, claim.id), { set }, equals('holder', claim.holder));
    },

    /** Releases a claim with the reason, so that the next attempt need not wait until it expires. */
    async release(claim: Claim, lastError: ErrorCode): Promise<void> {
      await table.update(
        idempotencyKey(claim.appId, claim.id),
        { set: { until: 0, lastError } },
        allOf(equals('holder', claim.holder), equals('state', 'claimed')),
      );
    },

    /** Why the last attempt failed; undefined when no attempt has recorded a reason. */
    async lastError(appId: AppId, id: string): Promise<string | undefined> {
      return record.safeParse(await table.get(idempotencyKey(appId, id))).data?.lastError;
    },
  };

  function ttlAt(time: number): number {
    return Math.floor(time / 1000) + keptSeconds;
  }
}
