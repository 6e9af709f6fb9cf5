/** Rows 9 and 10 of the attack table: an account belongs to the user who connected it, and a tenant sees nothing of another's. */
import { describe, expect } from 'vitest';
import { stackTest } from '../support/fixtures/stack.ts';
import { type ApiClient, createApiClient } from '../support/stack/api-client.ts';
import {
  accountOf,
  begin,
  completionOf,
  connectAccount,
  openLink,
  reachReturn,
} from '../support/stack/flow-steps.ts';

const it = stackTest({ tenant: { directLinking: true } });

describe('linking an account', () => {
  it.for(['confirm', 'direct'])(
    'row 9: leaves a connected account with its user (completion: %s)',
    async (completion, { stack, tenant }) => {
      const owner = tenant.user('ada');
      const { connection } = await connectAccount(stack, { user: owner, provider: 'reddit' });
      const record = await stack.tables.connection(connection.id);
      const hijacker = tenant.user('mallory');

      const { returned } = await reachReturn(stack, {
        user: hijacker,
        provider: 'reddit',
        body: { completion },
      });
      const code =
        completion === 'direct'
          ? returned['code']
          : (await tenant.client.fails('complete', { body: completionOf(hijacker, returned) })).code;

      expect(code).toBe('ACCOUNT_ALREADY_CONNECTED');
      expect(await stack.tables.connection(connection.id)).toEqual(record);
      expect(stack.local.platforms.sandboxes.reddit.calls().calls.revoke).toBe(1);
    },
  );

  it('row 9: makes two connections of two accounts with the same name and address, because only the platform’s id counts', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const jose = { user, provider: 'tiktok', visit: { account: 'jose' } } as const;
    const { connection: mira } = await connectAccount(stack, { user, provider: 'tiktok' });
    const { connection: known } = await connectAccount(stack, jose);
    await tenant.client.ok('disconnect', accountOf(user, known));
    const { accountId, displayName } = known;
    const alike = { open_id: accountId, display_name: mira.displayName, email: 'same@mail.example' };
    stack.local.platforms.sandboxes.tiktok.control({
      command: 'inject',
      endpoint: 'profile',
      calls: 1,
      fault: {
        kind: 'status',
        status: 200,
        body: 'json',
        json: { data: { user: alike }, error: { code: 'ok' } },
      },
    });

    const { connection } = await connectAccount(stack, jose);
    const { connections } = await tenant.client.ok('status');

    expect(displayName).not.toBe(mira.displayName);
    expect(connection).toMatchObject({ accountId, displayName: mira.displayName });
    expect(connections.map(({ id }) => id).sort()).toEqual([mira.id, connection.id].sort());
  });

  it('row 9: takes the user from the credential, so that a session cannot name another user', async ({
    stack,
    tenant,
  }) => {
    const session = await tenant.session('mallory');
    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
    const params = { provider: 'tiktok', accountId: connection.accountId };
    const query = { userId: 'ada' };

    const refusals = [
      await session.client.fails('connect', { params: { provider: 'tiktok' }, body: query }),
      await session.client.fails('status', { query }),
      await session.client.fails('refreshToken', { params, query }),
      await session.client.fails('disconnect', { params, query }),
    ];

    expect(refusals.map(({ code }) => code)).toEqual(Array(4).fill('FORBIDDEN'));
  });

  it('row 9: requires a backend to name the user', async ({ stack, tenant }) => {
    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
    const params = { provider: 'tiktok', accountId: connection.accountId };

    const refusals = [
      await tenant.client.fails('connect', { params: { provider: 'tiktok' }, body: {} }),
      await tenant.client.fails('getToken', { params }),
      await tenant.client.fails('refreshToken', { params }),
      await tenant.client.fails('disconnect', { params }),
    ];

    expect(refusals.map(({ code }) => code)).toEqual(Array(4).fill('INVALID_REQUEST'));
  });
});

describe('tenant isolation', () => {
  const accountRoutes = ['getToken', 'refreshToken', 'disconnect'] as const;

  /** What is left of an answer when its own name is taken off. */
  const bodyOf = async (client: ApiClient, route: (typeof accountRoutes)[number], accountId: string) => {
    const answer = await client.send(route, {
      params: { provider: 'tiktok', accountId },
      query: { userId: 'ada' },
    });
    return answer.text.replace(answer.headers.get('x-correlation-id') ?? '', '');
  };

  it.for(accountRoutes)(
    'row 10: another tenant’s account looks like one that does not exist: %s',
    async (route, { stack, tenant }) => {
      const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
      const before = await stack.tables.connection(connection.id);
      const stranger = await stack.newTenant();

      const foreign = await bodyOf(stranger.client, route, connection.accountId);
      const missing = await bodyOf(stranger.client, route, 'no-such-account');

      expect(foreign).toContain('ACCOUNT_NOT_FOUND');
      expect(foreign).toBe(missing);
      expect(await stack.tables.connection(connection.id)).toEqual(before);
    },
  );

  it.for(accountRoutes)(
    'row 10: another user’s account looks like one that does not exist: %s',
    async (route, { stack, tenant }) => {
      const { connection } = await connectAccount(stack, { user: tenant.user('bo'), provider: 'tiktok' });

      const foreign = await bodyOf(tenant.client, route, connection.accountId);
      const missing = await bodyOf(tenant.client, route, 'no-such-account');

      expect(foreign).toBe(missing);
    },
  );

  it('row 10: no list shows another tenant’s connections, whichever user or cursor the request names', async ({
    stack,
    tenant,
  }) => {
    const visits = ['mira', 'jose', 'sora'];
    for (const account of visits) {
      await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok', visit: { account } });
    }
    const stranger = await stack.newTenant();
    const page = await tenant.client.ok('status', { query: { limit: '1' } });
    const cursor = page.nextCursor ?? '';
    const session = await stranger.session('ada');

    const lists = [
      await stranger.client.ok('status'),
      await stranger.client.ok('status', { query: { userId: 'ada' } }),
      await stranger.client.ok('status', { query: { cursor } }),
      await session.client.ok('status', { query: { cursor } }),
    ];

    expect(cursor).not.toBe('');
    expect(lists.map(({ connections }) => connections)).toEqual([[], [], [], []]);
  });

  it('row 10: another tenant cannot complete a flow, and its attempt does not break the flow', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const { returned, flowId } = await reachReturn(stack, { user, provider: 'tiktok' });
    const before = await stack.tables.flow(flowId);
    const stranger = await stack.newTenant();

    const refusal = await stranger.client.fails('complete', { body: completionOf(user, returned) });
    const afterwards = await stack.tables.flow(flowId);
    const { connection } = await tenant.client.ok('complete', { body: completionOf(user, returned) });

    expect(refusal.code).toBe('FLOW_NOT_FOUND');
    expect(afterwards).toEqual(before);
    expect(connection.userId).toBe('ada');
  });

  it('row 10: the same account can be connected at two tenants, each with its own connection', async ({
    stack,
    tenant,
  }) => {
    const other = await stack.newTenant();

    const { connection: mine } = await connectAccount(stack, {
      user: tenant.user('ada'),
      provider: 'reddit',
    });
    const { connection: theirs } = await connectAccount(stack, {
      user: other.user('ada'),
      provider: 'reddit',
    });
    const tokens = [
      await tenant.client.ok('getToken', accountOf(tenant.user('ada'), mine)),
      await other.client.ok('getToken', accountOf(other.user('ada'), theirs)),
    ];

    expect(theirs.accountId).toBe(mine.accountId);
    expect(theirs.id).not.toBe(mine.id);
    expect(tokens[0]?.accessToken).not.toBe(tokens[1]?.accessToken);
  });

  it('row 10: no crafted id addresses another tenant’s record', async ({ stack, tenant }) => {
    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
    const { accountId } = connection;
    const ids = [
      `x#tiktok#${accountId}`,
      `tiktok#${accountId}`,
      `${accountId}#`,
      `${accountId}%23`,
      '#',
      '%',
    ];

    const codes: string[] = [];
    for (const id of ids) {
      const params = { provider: 'tiktok', accountId: encodeURIComponent(id) };
      codes.push((await tenant.client.fails('getToken', { params, query: { userId: 'ada' } })).code);
    }
    const listed: unknown[] = [];
    for (const userId of ['ad', 'ada#', 'ada%23', 'ada#tiktok', 'a']) {
      listed.push(...(await tenant.client.ok('status', { query: { userId } })).connections);
    }

    expect(codes).toEqual(Array(ids.length).fill('ACCOUNT_NOT_FOUND'));
    expect(listed).toEqual([]);
  });

  it('row 10: the app of one tenant serves no other tenant', async ({ stack, tenant }) => {
    const own = { clientId: 'own-app', clientSecret: 's4ndb0x-own-app' };
    const settings = { provider: 'tiktok', tenantId: tenant.id, settings: {}, ...own };
    const { appId } = await stack.local.operator.setApp(settings);
    const stranger = await stack.newTenant();

    const browser = stack.newBrowser();
    const mine = await begin({ user: tenant.user('ada'), provider: 'tiktok' });
    const theirs = await begin({ user: stranger.user('ada'), provider: 'tiktok' });
    const redirects = await Promise.all(
      [mine, theirs].map(async ({ authUrl }) =>
        new URL(await openLink(browser, authUrl)).searchParams.get('redirect_uri'),
      ),
    );

    expect(redirects).toEqual([
      `${stack.apiUrl}/integrations/callback/${appId}`,
      `${stack.apiUrl}/integrations/callback/tiktok`,
    ]);
  });

  it('row 10: every route enforces the limits of a session', async ({ stack, tenant }) => {
    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });
    const limited = await tenant.session('ada', { providers: ['reddit'], origin: 'https://app.example' });
    const params = { provider: 'tiktok', accountId: connection.accountId };
    const headers = { origin: 'https://app.example' };

    const beyond = [
      await limited.client.fails('connect', { params: { provider: 'tiktok' }, body: {}, headers }),
      await limited.client.fails('refreshToken', { params, headers }),
      await limited.client.fails('disconnect', { params, headers }),
      await limited.client.fails('status', { query: { provider: 'tiktok' }, headers }),
    ];
    const listed = await limited.client.ok('status', { headers });
    const { providers } = await limited.client.ok('listProviders', { headers });
    const elsewhere = await limited.client.fails('status', { headers: { origin: 'https://evil.example' } });
    const nowhere = await limited.client.fails('status');

    expect(beyond.map(({ code }) => code)).toEqual(Array(4).fill('INVALID_PROVIDER'));
    expect(listed.connections).toEqual([]);
    expect(providers.map(({ id }) => id)).toEqual(['reddit']);
    expect([elsewhere.code, nowhere.code]).toEqual(['FORBIDDEN', 'FORBIDDEN']);
  });

  it('row 10: a session cannot be used as an API key', async ({ stack, tenant }) => {
    const session = await tenant.session('ada');
    const { connection } = await connectAccount(stack, { user: session, provider: 'tiktok' });

    const refusals = [
      await session.client.fails('createSession', { body: { userId: 'ada' } }),
      await session.client.fails('getToken', accountOf(session, connection)),
    ];
    const anonymous = await createApiClient(stack.apiUrl).fails('status');

    expect([...refusals, anonymous].map(({ code }) => code)).toEqual(Array(3).fill('UNAUTHORIZED'));
  });
});
