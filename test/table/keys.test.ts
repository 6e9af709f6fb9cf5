/** Keys of the table: no id can forge the key of another record. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccountId,
  type AppId,
  type FlowId,
  isOpaqueId,
  longestOpaqueId,
  type ProviderId,
  type TenantId,
  type UserId,
} from '../../lib/ids.ts';
import * as keys from '../../lib/table/keys.ts';

/** Ids as hostile as they may be: separators, escapes, text that looks escaped, and anything else. */
const hostile = fc
  .oneof(
    fc
      .array(fc.constantFrom('#', '%', '%23', '%25', '%2523', 'connection', 'tenant', 'a', '\u{1f30a}'), {
        minLength: 1,
        maxLength: 8,
      })
      .map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  )
  .filter(isOpaqueId);
const pieces = fc.tuple(hostile, hostile, hostile, hostile, hostile);

type Pieces = readonly [string, string, string, string, string];

/** Every key and partition that holds ids from outside, with how many of the pieces it uses. */
const builders: Readonly<
  Record<string, (pieces: Pieces) => { readonly uses: number; readonly key: string }>
> = {
  connection: ([a, b, c]) => {
    const { pk, sk } = keys.connectionKey(a as TenantId, b as ProviderId, c as AccountId);
    return { uses: 3, key: JSON.stringify([pk, sk]) };
  },
  tenantPartition: ([a]) => ({ uses: 1, key: keys.tenantPartition(a as TenantId) }),
  accountPartition: ([a, b]) => ({ uses: 2, key: keys.accountPartition(a as AppId, b as AccountId) }),
  platformUserPartition: ([a, b]) => ({ uses: 2, key: keys.platformUserPartition(a as AppId, b) }),
  connectionSort: ([a, b, c]) => ({
    uses: 3,
    key: keys.connectionSort(a as UserId, b as ProviderId, c as AccountId),
  }),
  apiKey: ([a]) => ({ uses: 1, key: keys.apiKeyKey(a).pk }),
  app: ([a]) => ({ uses: 1, key: keys.appKey(a as AppId).pk }),
  flow: ([a]) => ({ uses: 1, key: keys.flowKey(a as FlowId).pk }),
  tenantKey: ([a, b]) => ({ uses: 2, key: keys.wrappedKeyKey(a as TenantId, b, 1).pk }),
};

describe('a key', () => {
  it.each(Object.entries(builders))('row 10: is equal only for equal ids: %s', (_name, build) => {
    fc.assert(
      fc.property(pieces, pieces, (left, right) => {
        const [one, other] = [build(left), build(right)];
        const same = JSON.stringify(left.slice(0, one.uses)) === JSON.stringify(right.slice(0, other.uses));

        expect(one.key === other.key).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it('row 10: of one record kind never equals that of another kind', () => {
    const kinds = Object.entries(builders);

    fc.assert(
      fc.property(pieces, pieces, fc.nat(), fc.nat(), (left, right, first, second) => {
        const [one, build] = kinds[first % kinds.length] ?? ['', () => ({ key: '' })];
        const [other, buildOther] = kinds[second % kinds.length] ?? ['', () => ({ key: '' })];

        expect(one !== other && build(left).key === buildOther(right).key).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a separator moved between components', ['a#b', 'c'], ['a', 'b#c']],
    ['text that looks escaped', ['a%23b', 'c'], ['a#b', 'c']],
    ['an escape of an escape', ['a%2523b', 'c'], ['a%23b', 'c']],
    ['an empty tail', ['a#', 'b'], ['a', '#b']],
  ] as const)('row 10: tells ids apart by %s', (_name, [a, b], [c, d]) => {
    const one = keys.platformUserPartition(a as AppId, b);
    const other = keys.platformUserPartition(c as AppId, d);

    expect(one).not.toBe(other);
  });

  it('stays within the limits of DynamoDB for ids of the maximum length', () => {
    const longest = ['#', '%', '\u4e00', '\u{1f30a}'].map((character) =>
      character.repeat(longestOpaqueId / character.length),
    );
    const provider = 'p'.repeat(32) as ProviderId;

    for (const id of longest) {
      const sort = keys.connectionSort(id as UserId, provider, id as AccountId);
      const { pk } = keys.connectionKey('t'.repeat(63) as TenantId, provider, id as AccountId);
      const entries = keys.connectionIndexEntries({
        tenantId: 't'.repeat(63) as TenantId,
        userId: id as UserId,
        provider,
        accountId: id as AccountId,
        appId: provider as string as AppId,
        platformUserId: id,
      });
      const partitions = [pk, entries['tenantKey'], entries['accountKey'], entries['platformUserKey']];
      const sorts = [sort, entries['tenantSort'], entries['accountSort'], entries['platformUserSort']];

      for (const text of partitions) expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(2_048);
      for (const text of sorts) expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(1_024);
    }
  });
});

describe("a connection's sort key", () => {
  it('can be parsed back into its parts', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (userId, provider, accountId) => {
        const sort = keys.connectionSort(userId as UserId, provider as ProviderId, accountId as AccountId);

        expect(keys.parseConnectionSort(sort)).toEqual({ userId, provider, accountId });
      }),
    );
  });

  it('is parsed only in its canonical encoding', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          hostile,
          fc.string(),
          hostile.map((id) => `connection#u#p#${id}`),
        ),
        (text) => {
          const deps = keys.parseConnectionSort(text);

          if (deps) expect(keys.connectionSort(deps.userId, deps.provider, deps.accountId)).toBe(text);
        },
      ),
    );
  });

  it.each([
    '',
    'connection',
    'connection#u#p',
    'connection#u#p#',
    'connection##p#a',
    'connection#u#p#a#b',
    'tenant#u#p#a',
    'connection#u#p#%2',
    'connection#u#p#%2a',
  ])('is refused when it is %j', (text) => {
    expect(keys.parseConnectionSort(text)).toBeUndefined();
  });

  it('begins with the prefix of its user and provider only', () => {
    fc.assert(
      fc.property(
        hostile,
        hostile,
        hostile,
        hostile,
        hostile,
        (user, provider, account, otherUser, other) => {
          const sort = keys.connectionSort(user as UserId, provider as ProviderId, account as AccountId);

          expect(sort.startsWith(keys.connectionSortPrefix())).toBe(true);
          expect(sort.startsWith(keys.connectionSortPrefix(otherUser as UserId))).toBe(user === otherUser);
          expect(sort.startsWith(keys.connectionSortPrefix(user as UserId, other as ProviderId))).toBe(
            provider === other,
          );
        },
      ),
    );
  });
});

describe("a tenant key's version", () => {
  it('sorts numerically', () => {
    const versions = [1, 2, 9, 10, 11, 99, 100, 4_294_967_295];

    const sorted = versions.map((version) => keys.wrappedKeyKey('t' as TenantId, 'p', version).sk);

    expect([...sorted].reverse().sort()).toEqual(sorted);
  });
});
