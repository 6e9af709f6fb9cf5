/** The main journey, for each platform, each completion mode and each kind of credential, over HTTP against the whole stack. */
import { describe, expect } from 'vitest';
import { stackTest } from '../support/fixtures/stack.ts';
import { accountOf, connectAccount, reachReturn } from '../support/stack/flow-steps.ts';
import { platformFacts, platformNames, scopesOf } from '../support/stack/platform-facts.ts';

const it = stackTest({ tenant: { directLinking: true } });

describe.each(platformNames)('an account at %s', (provider) => {
  const { people, revocation } = platformFacts[provider];

  it.for(['apiKey', 'session'] as const)(
    'is connected with confirmation, used, refreshed and disconnected with the credential %s',
    async (by, { stack, tenant }) => {
      const user = by === 'apiKey' ? tenant.user('ada') : await tenant.session('ada');
      const backend = tenant.user('ada');

      const { connection, connections } = await connectAccount(stack, {
        user,
        provider,
        body: { scopes: scopesOf(provider) },
        visit: { account: people[1] },
      });
      const account = accountOf(user, connection);
      const listed = await user.client.ok('status', { query: { ...user.named } });
      const first = await tenant.client.ok('getToken', accountOf(backend, connection));
      const again = await tenant.client.ok('getToken', accountOf(backend, connection));
      const refreshed = await user.client.ok('refreshToken', account);
      const second = await tenant.client.ok('getToken', accountOf(backend, connection));
      const gone = await user.client.ok('disconnect', account);
      const afterwards = await tenant.client.fails('getToken', accountOf(backend, connection));
      const empty = await user.client.ok('status', { query: { ...user.named } });

      expect(connections).toEqual([connection]);
      expect(connection).toMatchObject({
        provider,
        userId: 'ada',
        status: 'active',
        linking: 'confirmed',
        missingScopes: [],
        refreshable: true,
      });
      expect(new Set(connection.scopes)).toEqual(new Set(scopesOf(provider)));
      expect(connection.displayName).not.toBe('');
      expect(listed.connections).toEqual([connection]);
      expect(first.accessToken).toContain('s4ndb0x');
      expect(again).toEqual(first);
      expect(refreshed.connection.id).toBe(connection.id);
      expect(second.accessToken).not.toBe(first.accessToken);
      expect(second.scopes).toEqual(connection.scopes);
      expect(gone).toMatchObject({ disconnected: true, revocation });
      expect(gone.receipts?.map(({ token }) => token).sort()).toEqual(['access_token', 'refresh_token']);
      expect(afterwards.code).toBe('ACCOUNT_NOT_FOUND');
      expect(empty).toEqual({ connections: [], nextCursor: null });
      expect(stack.local.platforms.sandboxes[provider].calls().calls).toMatchObject({ token: 2, revoke: 1 });
    },
  );

  it('is connected directly, and its connection is marked as unconfirmed', async ({ stack, tenant }) => {
    const user = tenant.user('bo');

    const { returned } = await reachReturn(stack, {
      user,
      provider,
      body: { completion: 'direct' },
      visit: { account: people[0] },
    });
    const { connections } = await tenant.client.ok('status', { query: { userId: 'bo', provider } });
    const [connection] = connections;
    if (connection === undefined) throw new Error('Nothing was connected.');
    const token = await tenant.client.ok('getToken', accountOf(user, connection));
    const refreshed = await tenant.client.ok('refreshToken', accountOf(user, connection));
    const gone = await tenant.client.ok('disconnect', accountOf(user, connection));
    const afterwards = await tenant.client.fails('disconnect', accountOf(user, connection));

    expect(returned).toEqual({
      flow: expect.any(String),
      status: 'connected',
      provider,
      accountId: connection.accountId,
    });
    expect(connection.linking).toBe('direct');
    expect(token.tokenType).toBe('Bearer');
    expect(refreshed.connection.linking).toBe('direct');
    expect(gone.revocation).toBe(revocation);
    expect(afterwards).toMatchObject({ code: 'ACCOUNT_NOT_FOUND', status: 404 });
  });
});
