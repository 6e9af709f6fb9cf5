/**
 * Receipts: what has been handled. A claim says that somebody is at it, until a time; only `done` is the end. Kept
 * for longer than any platform, or anybody else, repeats an event.
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
  /** Handled before. */
  | { readonly kind: 'done' }
  /** Somebody else is at it now. */
  | { readonly kind: 'busy' };

/** Longer than the worker's time-out of 60 s, shorter than its queue's visibility of 360 s. */
export const claimMilliseconds = 90_000;
/** How long a filed failure can be replayed. */
export const replayableSeconds = 14 * 86_400;
/** A platform repeats an event for 72 hours at most, an operator for as long as its failure is kept. */
const keptSeconds = replayableSeconds + 86_400;

const record = z.object({
  state: z.enum(['claimed', 'done']),
  /** Why the last try failed: a code of the catalogue. */
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

    /** The end. A claim that ran out and was taken over by another is not ended by the one who lost it. */
    async complete(claim: Claim): Promise<void> {
      const set = { state: 'done', ttl: ttlAt(now()) };
      await table.update(idempotencyKey(claim.appId, claim.id), { set }, equals('holder', claim.holder));
    },

    /** Gives a claim up, so that the next try need not wait for it to run out, and says why. */
    async release(claim: Claim, lastError: ErrorCode): Promise<void> {
      await table.update(
        idempotencyKey(claim.appId, claim.id),
        { set: { until: 0, lastError } },
        allOf(equals('holder', claim.holder), equals('state', 'claimed')),
      );
    },

    /** Why the last try at something failed, where that is known. */
    async lastError(appId: AppId, id: string): Promise<string | undefined> {
      return record.safeParse(await table.get(idempotencyKey(appId, id))).data?.lastError;
    },
  };

  function ttlAt(time: number): number {
    return Math.floor(time / 1000) + keptSeconds;
  }
}
