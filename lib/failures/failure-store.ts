/**
 * Stores dead-lettered messages for two weeks, so that they can be listed and replayed. The listed fields are items of
 * their own: the messages hold the platform's data, which no list shows.
 */
import * as z from 'zod/mini';
import {
  type AccountId,
  type AppId,
  type ConnectionId,
  type ProviderId,
  storedId,
  type TenantId,
} from '../ids.ts';
import { absent, exists, unconditional } from '../table/condition.ts';
import { failedMessageKey, failureKey, failurePartition } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { failureStatus, filedQueue } from '../vocabulary.ts';
import { replayableSeconds } from '../webhooks/idempotency-store.ts';

const record = z.object({
  id: z.string(),
  queue: filedQueue,
  /** The event's type; `unreadable` when the message does not fit its queue's schema. */
  type: z.string(),
  tenantId: z.exactOptional(storedId<TenantId>()),
  provider: z.exactOptional(storedId<ProviderId>()),
  appId: z.exactOptional(storedId<AppId>()),
  eventId: z.exactOptional(z.string()),
  accountId: z.exactOptional(storedId<AccountId>()),
  platformUserId: z.exactOptional(z.string()),
  connectionId: z.exactOptional(storedId<ConnectionId>()),
  destinationId: z.exactOptional(z.string()),
  /** The names of the event's data fields, without their values. */
  fields: z.array(z.string()),
  bytes: z.number(),
  /** Why it failed: a code of the error catalogue, `unreadable`, `unpublished` or `undelivered`. */
  error: z.string(),
  /** The approximate number of attempts. */
  tries: z.number(),
  /** When it was queued, and when it was filed; epoch milliseconds. */
  sentAt: z.number(),
  failedAt: z.number(),
  status: failureStatus,
  replayedAt: z.exactOptional(z.number()),
  ttl: z.number(),
});

/** One part of a message; the first part also holds the number of parts. */
const messagePart = z.object({ message: z.string() });
const firstPart = z.extend(messagePart, { parts: z.number() });

/** A failed message's description, without its body. */
export type Failure = Omit<z.output<typeof record>, 'ttl'>;

/** A tenant, or undefined for the failures that belong to no tenant and so to the operator. */
export type FailureScope = TenantId | undefined;

export interface FailurePage {
  readonly failures: readonly Failure[];
  readonly cursor: string | undefined;
}

const pageSize = 250;
/** A DynamoDB item holds 400 KB and an SQS message 1 MiB; a character has four bytes at most. */
const partPattern = /.{1,90000}/gsu;

export type FailureStore = ReturnType<typeof createFailureStore>;

export function createFailureStore(table: Table, now: () => number) {
  return {
    /** Stores a message and its description. A repeated call changes nothing. */
    async file(failure: Omit<Failure, 'failedAt' | 'status' | 'replayedAt'>, message: string): Promise<void> {
      const ttl = Math.floor(now() / 1000) + replayableSeconds;
      const { tenantId, id } = failure;
      // The message before its description, so that every listed failure can be replayed.
      const parts = partsOf(message);
      for (const [part, text] of parts.entries()) {
        const key = failedMessageKey(tenantId, id, part);
        await table.put(
          key,
          { message: text, ttl, ...(part === 0 && { parts: parts.length }) },
          unconditional,
        );
      }
      const item = { ...failure, failedAt: now(), status: 'failed', ttl };
      await table.put(failureKey(tenantId, id), item, absent('pk'));
    },

    /** The newest first. */
    async list(
      scope: FailureScope,
      { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
    ): Promise<FailurePage> {
      const page = await table.query({
        partition: failurePartition(scope),
        limit,
        newestFirst: true,
        ...(cursor !== undefined && { after: failureKey(scope, cursor) }),
      });
      return {
        failures: page.items.flatMap(unexpired),
        cursor: page.last && record.parse(page.items.at(-1)).id,
      };
    },

    async get(scope: FailureScope, id: string): Promise<Failure | undefined> {
      const item = await table.get(failureKey(scope, id));
      return item && unexpired(item)[0];
    },

    /** The original body; undefined when the failure does not exist. */
    async message(scope: FailureScope, id: string): Promise<string | undefined> {
      const item = await table.get(failedMessageKey(scope, id));
      if (!item) return undefined;
      const { message, parts } = firstPart.parse(item);
      const all = [message];
      for (let part = 1; part < parts; part += 1) {
        const next = await table.get(failedMessageKey(scope, id, part));
        if (!next) return undefined;
        all.push(messagePart.parse(next).message);
      }
      return all.join('');
    },

    /** Returns the updated failure, or undefined when it no longer exists. */
    async markReplayed(scope: FailureScope, id: string): Promise<Failure | undefined> {
      const set = { status: 'replayed', replayedAt: now() };
      const item = await table.update(failureKey(scope, id), { set }, exists('pk'));
      return item && unexpired(item)[0];
    },

    /** Every failure of a scope, the oldest first. */
    all,

    /** Deletes the failures of accounts or platform users at one app that were sent up to a time, messages included. */
    async deleteBefore(
      scope: FailureScope,
      about: {
        readonly appId: AppId;
        readonly provider: ProviderId;
        readonly externalIds: ReadonlySet<string>;
        readonly before: number;
      },
    ): Promise<void> {
      for await (const { id, appId, provider, accountId, platformUserId, sentAt } of all(scope)) {
        const externalIds = [accountId, platformUserId].filter((externalId) => externalId !== undefined);
        // A delivery names no app, so its provider decides.
        const sameApp = appId === undefined ? provider === about.provider : appId === about.appId;
        if (
          !sameApp ||
          sentAt > about.before ||
          !externalIds.some((externalId) => about.externalIds.has(externalId))
        )
          continue;
        await deleteMessage(scope, id);
        await table.delete(failureKey(scope, id), unconditional);
      }
    },
  };

  async function* all(scope: FailureScope): AsyncGenerator<Failure> {
    let after: Item | undefined;
    do {
      const partition = failurePartition(scope);
      const page = await table.query({ partition, limit: pageSize, ...(after && { after }) });
      yield* page.items.flatMap(unexpired);
      after = page.last;
    } while (after);
  }

  /** Deletes the first part last, because it holds the number of parts. */
  async function deleteMessage(scope: FailureScope, id: string): Promise<void> {
    const item = await table.get(failedMessageKey(scope, id));
    const { parts } = item ? firstPart.parse(item) : { parts: 0 };
    for (let part = parts - 1; part >= 0; part -= 1) {
      await table.delete(failedMessageKey(scope, id, part), unconditional);
    }
  }

  /** DynamoDB takes days to remove expired items. */
  function unexpired(item: Item): readonly Failure[] {
    const { ttl, ...failure } = record.parse(item);
    return ttl > now() / 1000 ? [failure] : [];
  }
}

/** The id of a failed message: the same each time it is filed, and sorted by the time it was sent. */
export function failureIdOf(sentAt: number, messageId: string): string {
  return `${String(sentAt).padStart(15, '0')}-${messageId}`;
}

/** Cuts a message into at least one part, never within a character. */
function partsOf(message: string): readonly string[] {
  return message.match(partPattern) ?? [''];
}
