/** Lists of connections: a tenant pages through its own in a fixed order, and no cursor leads to another tenant's. */
import { describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import type { AccountId, ProviderId, TenantId, UserId } from '../../lib/ids.ts';
import { aConnection, open, tenantId } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

const reddit = 'reddit' as ProviderId;
const [ann, bob] = ['ann', 'bob'] as UserId[] as [UserId, UserId];

onEachEngine((engine) => {
  /** Two users of two tenants with accounts at two providers. */
  async function filled() {
    const table = await engine.newTable();
    const connections = createConnectionStore(table);
    const all = ['other' as TenantId, tenantId].flatMap((tenant) =>
      [bob, ann].flatMap((userId) =>
        ['tiktok' as ProviderId, reddit].flatMap((provider) =>
          ['2', '1'].map((number) =>
            aConnection({
              tenantId: tenant,
              userId,
              provider,
              accountId: `${tenant}-${userId}-${number}` as AccountId,
            }),
          ),
        ),
      ),
    );
    for (const connection of all) await connections.create(connection);
    return { connections, all };
  }

  /** The accounts on every page, from the first to the last. */
  async function pages(
    connections: ReturnType<typeof createConnectionStore>,
    query: Parameters<typeof connections.list>[0],
  ): Promise<string[][]> {
    const found: string[][] = [];
    let cursor = query.cursor;
    do {
      const page = await connections.list({ ...query, ...(cursor !== undefined && { cursor }) });
      if (page === 'invalid_cursor') throw new Error('The cursor was refused.');
      found.push(page.connections.map(({ provider, accountId }) => `${provider}/${accountId}`));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found;
  }

  describe('a list of connections', () => {
    it('row 10: holds the connections of one tenant only, sorted by user, provider and account', async () => {
      const { connections } = await filled();

      const [all] = await pages(connections, { tenantId, limit: 50 });

      expect(all).toEqual([
        'reddit/acme-ann-1',
        'reddit/acme-ann-2',
        'tiktok/acme-ann-1',
        'tiktok/acme-ann-2',
        'reddit/acme-bob-1',
        'reddit/acme-bob-2',
        'tiktok/acme-bob-1',
        'tiktok/acme-bob-2',
      ]);
    });

    it('can be limited to one user, or to one user at one provider', async () => {
      const { connections } = await filled();

      const [user] = await pages(connections, { tenantId, userId: ann, limit: 50 });
      const [provider] = await pages(connections, { tenantId, userId: ann, provider: reddit, limit: 50 });

      expect(user).toHaveLength(4);
      expect(provider).toEqual(['reddit/acme-ann-1', 'reddit/acme-ann-2']);
    });

    it('does not mix up users whose names share a prefix', async () => {
      const { connections } = await filled();
      await connections.create(aConnection({ userId: 'ann#reddit' as UserId }));
      await connections.create(aConnection({ userId: 'anna' as UserId, accountId: '7' as AccountId }));

      const [user] = await pages(connections, { tenantId, userId: ann, limit: 50 });

      expect(user).toHaveLength(4);
    });

    it('pages through every connection once, without gaps or duplicates', async () => {
      const { connections } = await filled();
      const [all] = await pages(connections, { tenantId, limit: 50 });

      for (const limit of [1, 3, 4, 7]) {
        const paged = await pages(connections, { tenantId, limit });

        expect(paged.flat()).toEqual(all);
        expect(Math.max(...paged.map((page) => page.length))).toBeLessThanOrEqual(limit);
      }
    });

    it('leaves out the sealed tokens', async () => {
      const { connections, all } = await filled();

      const page = await connections.list({ tenantId, userId: bob, provider: reddit, limit: 50 });

      const expected = all.filter(
        (one) => one.tenantId === tenantId && one.userId === bob && one.provider === reddit,
      );
      expect(page).toEqual({ connections: expected.reverse().map(open), cursor: undefined });
    });

    it('is empty for a tenant without connections', async () => {
      const { connections } = await filled();

      expect(await connections.list({ tenantId: 'nobody' as TenantId, limit: 5 })).toEqual({
        connections: [],
        cursor: undefined,
      });
    });

    it('pages over ids of the maximum length', async () => {
      const connections = createConnectionStore(await engine.newTable());
      const userId = '#'.repeat(128) as UserId;
      for (const character of ['%', '\u4e00', 'z']) {
        await connections.create(aConnection({ userId, accountId: character.repeat(128) as AccountId }));
      }

      const paged = await pages(connections, { tenantId, userId, limit: 1 });

      expect(paged.flat()).toHaveLength(3);
    });
  });

  describe('a cursor of a list', () => {
    const written = (sort: string) => Buffer.from(sort).toString('base64url');

    it("row 10: taken from another tenant still yields only the caller's connections", async () => {
      const { connections } = await filled();
      const theirs = await connections.list({ tenantId: 'other' as TenantId, limit: 3 });
      const cursor = theirs === 'invalid_cursor' ? undefined : theirs.cursor;

      const shown = await pages(connections, { tenantId, limit: 50, ...(cursor && { cursor }) });

      expect(cursor).toBeDefined();
      expect(shown.flat().length).toBeGreaterThan(0);
      expect(shown.flat().every((account) => account.includes('/acme-'))).toBe(true);
    });

    it('still works after its connection was deleted', async () => {
      const { connections, all } = await filled();
      const first = await connections.list({ tenantId, userId: ann, limit: 1 });
      const cursor = first === 'invalid_cursor' ? '' : (first.cursor ?? '');
      const [gone] = first === 'invalid_cursor' ? [] : first.connections;
      const removed = all.find(({ id }) => id === gone?.id);
      if (removed) await connections.remove(removed);

      const rest = await pages(connections, { tenantId, userId: ann, limit: 50, cursor });

      expect(rest.flat()).toHaveLength(3);
    });

    it.each([
      ['empty', ''],
      ['no base64', '!!!!'],
      ['not a position', written('hello')],
      ['a tenant record', written('tenant#acme')],
      ['an API key', written('api-key#1234')],
      ['cut short', written('connection#ann#reddit')],
      ['too long', written('connection#ann#reddit#1#2')],
      ['another spelling', written('connection#ann#reddit#%2')],
      ["another user's", written('connection#bob#reddit#1')],
      ["another provider's", written('connection#ann#tiktok#1')],
    ])('is refused when it is %s', async (_name, cursor) => {
      const { connections } = await filled();

      const answer = await connections.list({ tenantId, userId: ann, provider: reddit, limit: 5, cursor });

      expect(answer).toBe('invalid_cursor');
    });
  });
});
