/** The connection store: every write is conditional on the generation it read, so that no writer overwrites newer credentials. */
import { describe, expect, it } from 'vitest';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { type AccountId, type AppId, newConnectionId, type TenantId, type UserId } from '../../lib/ids.ts';
import { aConnection, open, sharedTikTok, tenantId, tiktok, winners } from '../support/records.ts';
import { onEachEngine } from '../table/engines.ts';

onEachEngine((engine) => {
  async function stored(changes: Parameters<typeof aConnection>[0] = {}) {
    const table = await engine.newTable();
    const connections = createConnectionStore(table);
    const connection = aConnection(changes);
    await connections.create(connection);
    return { connections, connection, read: () => connections.get(tenantId, tiktok, connection.accountId) };
  }

  describe('a new connection', () => {
    it('reads back as it was stored', async () => {
      const { connection, read } = await stored();

      expect(await read()).toEqual(connection);
    });

    it('row 9: is stored once per tenant and account, even under concurrent writes', async () => {
      const table = await engine.newTable();
      const connections = createConnectionStore(table);

      const created = await Promise.all(
        Array.from({ length: 10 }, (_each, rival) =>
          connections.create(aConnection({ userId: `user-${rival}` as UserId })),
        ),
      );

      expect(winners(created)).toBe(1);
    });

    it('row 10: of one tenant is invisible to another', async () => {
      const { connections, connection } = await stored();
      const other = aConnection({ tenantId: 'other' as TenantId, displayName: 'Other' });

      expect(await connections.get('other' as TenantId, tiktok, connection.accountId)).toBeUndefined();
      expect(await connections.create(other)).toBe(true);
      expect((await connections.get(tenantId, tiktok, connection.accountId))?.displayName).toBe(
        connection.displayName,
      );
    });

    it('row 10: with separators in its ids never collides with one whose ids shift them', async () => {
      const { connections } = await stored({ accountId: 'a#b' as AccountId });

      expect(
        await connections.get(`${tenantId}#tiktok` as TenantId, tiktok, 'a#b' as AccountId),
      ).toBeUndefined();
      expect(await connections.create(aConnection({ accountId: 'a%23b' as AccountId }))).toBe(true);
    });
  });

  describe('a change of a connection', () => {
    it('row 20: is stored only on the generation that it read', async () => {
      const { connections, connection, read } = await stored();
      const sealed = { accessToken: Uint8Array.of(7), refreshToken: Uint8Array.of(8) };

      const changed = await connections.change(connection, { generation: 2, sealed });
      const late = await connections.change(connection, { generation: 2, sealed: connection.sealed });

      expect(changed).toEqual({ ...connection, generation: 2, sealed });
      expect(late).toBeUndefined();
      expect(await read()).toEqual(changed);
    });

    it('row 20: lets exactly one of ten concurrent refreshes store its tokens', async () => {
      const { connections, connection, read } = await stored();

      const outcomes = await Promise.all(
        Array.from({ length: 10 }, (_each, rival) =>
          connections.change(connection, { generation: 2, sealed: { accessToken: Uint8Array.of(rival) } }),
        ),
      );

      const winner = outcomes.findIndex((outcome) => outcome !== undefined);
      expect(winners(outcomes.map((outcome) => outcome !== undefined))).toBe(1);
      expect((await read())?.sealed).toEqual({ accessToken: Uint8Array.of(winner) });
    });

    it('row 20: does not undo a concurrent disconnect, although the generation is the same', async () => {
      const { connections, connection, read } = await stored();
      await connections.change(connection, { status: 'disconnecting' });

      expect(await connections.change(connection, { generation: 2, status: 'active' })).toBeUndefined();
      expect((await read())?.status).toBe('disconnecting');
    });

    it('removes the attributes that it names as undefined and keeps the rest', async () => {
      const { connections, connection } = await stored({ statusReason: 'why' });

      const changed = await connections.change(connection, { expiresAt: undefined, statusReason: undefined });

      expect(changed).not.toHaveProperty('expiresAt');
      expect(changed).not.toHaveProperty('statusReason');
      expect(changed?.displayName).toBe(connection.displayName);
    });

    it('does not touch a connection that was deleted and recreated with the same generation', async () => {
      const { connections, connection } = await stored();
      await connections.remove(connection);
      await connections.create(aConnection());

      expect(await connections.change(connection, { status: 'reconnect_required' })).toBeUndefined();
      expect(await connections.remove(connection)).toBe(false);
      expect(await connections.replace(connection, { ...connection, generation: 2 })).toBe(false);
    });
  });

  describe('a reconnect', () => {
    it('replaces the connection that it read and moves it in every index', async () => {
      const { connections, connection, read } = await stored({
        platformUserId: 'before',
        statusReason: 'why',
      });
      const { statusReason: _, ...rest } = connection;
      const after = { ...rest, generation: 2, platformUserId: 'after', appId: 'app_other' as AppId };

      expect(await connections.replace(connection, after)).toBe(true);

      expect(await read()).toEqual(after);
      expect(await connections.byPlatformUser(sharedTikTok, 'before')).toEqual([]);
      expect(await connections.byPlatformUser('app_other' as AppId, 'after')).toEqual([open(after)]);
      expect(await connections.byAccount(sharedTikTok, connection.accountId)).toEqual([]);
    });

    it('is refused after a concurrent write', async () => {
      const { connections, connection, read } = await stored();
      await connections.change(connection, { generation: 2 });

      expect(await connections.replace(connection, { ...connection, generation: 2 })).toBe(false);
      expect((await read())?.generation).toBe(2);
    });
  });

  describe('a deletion of a connection', () => {
    it('is conditional on the generation that it read', async () => {
      const { connections, connection, read } = await stored();
      const changed = await connections.change(connection, { generation: 2 });

      expect(await connections.remove(connection)).toBe(false);
      expect(await connections.remove(changed ?? connection)).toBe(true);
      expect(await read()).toBeUndefined();
    });
  });

  describe('connections found by account or by platform user', () => {
    it('row 17: are those of that app alone, across all its tenants, on any number of pages', async () => {
      const table = await engine.newTable();
      const connections = createConnectionStore(table);
      const many = Array.from({ length: 105 }, (_each, index) =>
        aConnection({
          tenantId: `tenant-${String(index).padStart(3, '0')}` as TenantId,
          platformUserId: 'mira',
        }),
      );
      await Promise.all(many.map((connection) => connections.create(connection)));
      const own = { tenantId: 'own' as TenantId, appId: 'app_own' as AppId, platformUserId: 'mira' };
      await connections.create(aConnection(own));

      const byAccount = await connections.byAccount(sharedTikTok, 'account-1' as AccountId);
      const byPlatformUser = await connections.byPlatformUser(sharedTikTok, 'mira');

      const expected = many.map(open);
      expect(byAccount).toEqual(expected);
      expect(byPlatformUser).toEqual(expected);
      expect(await connections.byPlatformUser(sharedTikTok, 'nobody')).toEqual([]);
    });

    it('are several when one platform user granted several accounts', async () => {
      const { connections, connection } = await stored({ platformUserId: 'mira' });
      const second = aConnection({
        id: newConnectionId(),
        accountId: 'account-2' as AccountId,
        platformUserId: 'mira',
      });
      await connections.create(second);

      const found = await connections.byPlatformUser(sharedTikTok, 'mira');

      expect(found).toEqual([open(connection), open(second)]);
    });
  });
});
