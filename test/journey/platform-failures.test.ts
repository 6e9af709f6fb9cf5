import { describe, expect } from 'vitest';
import type { Fault } from '../../infra/local/sandbox/control/control.ts';
import { stackTest } from '../support/fixtures/stack.ts';
import { accountOf, completionOf, connectAccount, reachReturn } from '../support/stack/flow-steps.ts';
import type { PlatformName, TestStack } from '../support/stack/test-stack.ts';

const it = stackTest({ tenant: { directLinking: true } });

const serverError: Fault = { kind: 'status', status: 500, body: 'json' };

function inject(
  stack: TestStack,
  provider: PlatformName,
  endpoint: 'token' | 'revoke' | 'profile',
  fault: Fault,
  calls = 1,
): void {
  const result = stack.local.platforms.sandboxes[provider].control({
    command: 'inject',
    endpoint,
    calls,
    fault,
  });
  if (!result.ok) throw new Error(result.error);
}

const callsAt = (stack: TestStack, provider: PlatformName) =>
  stack.local.platforms.sandboxes[provider].calls().calls;

describe('when the code exchange fails, Hawser', () => {
  it.for<[string, Fault, string]>([
    ['status 500', serverError, 'platform_unavailable'],
    ['status 500 with a page', { kind: 'status', status: 500, body: 'html' }, 'platform_unavailable'],
    ['status 429', { kind: 'rate_limited', retryAfterSeconds: 7 }, 'platform_unavailable'],
    ['garbage', { kind: 'garbage_body' }, 'answer_lost'],
    ['half an answer', { kind: 'half_body', afterwards: 'close' }, 'answer_lost'],
    ['a lost answer', { kind: 'lose_answer' }, 'answer_lost'],
    ['an endless answer', { kind: 'oversized_body', bytes: 1_000_000 }, 'answer_lost'],
    [
      'a redirect',
      { kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/' },
      'platform_unavailable',
    ],
  ])(
    'fails the flow after %s and calls the platform once',
    async ([_name, fault, reason], { stack, tenant }) => {
      const user = tenant.user('ada');
      const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
      inject(stack, 'tiktok', 'token', fault);

      const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });
      const listed = await tenant.client.ok('status');

      expect(refusal).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', retryable: false, details: { reason } });
      expect(callsAt(stack, 'tiktok').token).toBe(1);
      expect(listed.connections).toEqual([]);
    },
  );

  it('reports a misconfigured app when the platform refuses the client', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { returned } = await reachReturn(stack, { user, provider: 'reddit' });
    inject(stack, 'reddit', 'token', { kind: 'status', status: 401, body: 'json' }, 2);

    const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });

    expect(refusal).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'misconfigured' } });
    expect(callsAt(stack, 'reddit').token).toBe(1);
  });

  it('reports the failure of a direct flow to the return URL', async ({ stack, tenant }) => {
    inject(stack, 'tiktok', 'token', serverError);

    const { flowId, returned } = await reachReturn(stack, {
      user: tenant.user('ada'),
      provider: 'tiktok',
      body: { completion: 'direct' },
    });

    expect(returned).toEqual({ flow: flowId, status: 'error', code: 'OAUTH_CALLBACK_ERROR' });
    expect(callsAt(stack, 'tiktok').token).toBe(1);
  });
});

describe('when the profile call fails, Hawser', () => {
  it('retries it once and connects', async ({ stack, tenant }) => {
    inject(stack, 'tiktok', 'profile', serverError);

    const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });

    expect(connection.status).toBe('active');
    expect(callsAt(stack, 'tiktok').profile).toBe(2);
  });

  it.for<[string, Fault]>([
    ['status 500', serverError],
    ['garbage', { kind: 'garbage_body' }],
    ['half an answer', { kind: 'half_body', afterwards: 'close' }],
  ])('revokes the tokens after %s', async ([_name, fault], { stack, tenant }) => {
    const user = tenant.user('ada');
    const { returned } = await reachReturn(stack, { user, provider: 'reddit' });
    inject(stack, 'reddit', 'profile', fault, 2);

    const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });

    expect(refusal).toMatchObject({
      code: 'OAUTH_CALLBACK_ERROR',
      details: { reason: 'profile_unavailable' },
    });
    expect(callsAt(stack, 'reddit')).toMatchObject({ token: 1, revoke: 1 });
  });
});

describe('when a refresh fails, the token route', () => {
  /** After a failure a platform is left in peace for a while; this ends the while. */
  const endPause = (stack: TestStack) => stack.tables.clear('activity', 'lease#');

  it('keeps serving a valid token and never serves an expired one', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider: 'reddit' });
    const account = accountOf(user, connection);
    const record = await stack.tables.connection(connection.id);
    inject(stack, 'reddit', 'token', serverError, 2);
    const first = await tenant.client.ok('getToken', account);

    await stack.tables.change('connections', record, {
      obtainedAt: Date.now() - 3_600_000,
      expiresAt: Date.now() + 30_000,
    });
    const nearItsEnd = await tenant.client.ok('getToken', account);
    await stack.tables.change('connections', record, { expiresAt: Date.now() - 1 });
    const inThePause = await tenant.client.fails('getToken', account);
    await endPause(stack);
    const atItsEnd = await tenant.client.fails('refreshToken', account);
    await endPause(stack);
    const afterwards = await tenant.client.ok('getToken', account);

    expect(nearItsEnd.accessToken).toBe(first.accessToken);
    expect(inThePause).toMatchObject({ code: 'TOKEN_REFRESH_ERROR', status: 502, retryable: true });
    expect(atItsEnd.code).toBe('TOKEN_REFRESH_ERROR');
    expect(afterwards.accessToken).not.toBe(first.accessToken);
    // The exchange, two failures, and the refresh that went well: the pause was kept.
    expect(callsAt(stack, 'reddit').token).toBe(4);
  });

  it('asks the user to reconnect if they removed the app, but not if the platform refuses the client', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider: 'tiktok' });
    const account = accountOf(user, connection);
    inject(stack, 'tiktok', 'token', { kind: 'status', status: 401, body: 'json' });

    const misconfigured = await tenant.client.fails('refreshToken', account);
    const untouched = await tenant.client.ok('getToken', account);
    await endPause(stack);
    stack.local.platforms.sandboxes.tiktok.control({ command: 'kill_grants' });
    const gone = await tenant.client.fails('refreshToken', account);
    const token = await tenant.client.fails('getToken', account);
    const listed = await tenant.client.ok('status');

    expect(misconfigured).toMatchObject({
      code: 'TOKEN_REFRESH_ERROR',
      details: { reason: 'invalid_client' },
    });
    expect(untouched.accessToken).toContain('s4ndb0x');
    expect(gone).toMatchObject({ code: 'TOKEN_EXPIRED', status: 409 });
    expect(token.code).toBe('TOKEN_EXPIRED');
    expect(listed.connections).toMatchObject([
      { status: 'reconnect_required', statusReason: 'invalid_grant' },
    ]);
  });

  it('refreshes an expired token once and then serves the new one', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider: 'tiktok' });
    const record = await stack.tables.connection(connection.id);
    await stack.tables.change('connections', record, { expiresAt: Date.now() - 1 });

    const token = await tenant.client.ok('getToken', accountOf(user, connection));
    const same = await tenant.client.ok('getToken', accountOf(user, connection));

    expect(same).toEqual(token);
    expect(callsAt(stack, 'tiktok').token).toBe(2);
  });
});

describe('a platform that does not respond in time', () => {
  const forEver: Fault = { kind: 'hold_answer' };

  it('leaves every request time to end its flow', async ({ stack, tenant }) => {
    const users = ['ada', 'bo', 'cy'].map((name) => tenant.user(name));
    const [atExchange, atProfile, inDirect] = users;
    if (!atExchange || !atProfile || !inDirect) throw new Error('Three users are needed.');
    const first = await reachReturn(stack, {
      user: atExchange,
      provider: 'tiktok',
      visit: { account: 'mira' },
    });
    const second = await reachReturn(stack, { user: atProfile, provider: 'reddit' });
    stack.local.platforms.sandboxes.tiktok.control({
      command: 'inject',
      endpoint: 'token',
      calls: 2,
      fault: forEver,
    });
    inject(stack, 'reddit', 'profile', forEver, 2);

    const [exchange, profile, direct] = await Promise.all([
      tenant.client.fails('complete', { body: completionOf(atExchange, first.returned) }),
      tenant.client.fails('complete', { body: completionOf(atProfile, second.returned) }),
      reachReturn(stack, {
        user: inDirect,
        provider: 'tiktok',
        visit: { account: 'jose' },
        body: { completion: 'direct' },
      }),
    ]);

    // The gateway would have answered 503 in their place when a request's time is over.
    expect(exchange).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'answer_lost' } });
    expect(profile).toMatchObject({
      code: 'OAUTH_CALLBACK_ERROR',
      details: { reason: 'profile_unavailable' },
    });
    expect(direct.returned).toMatchObject({ status: 'error', code: 'OAUTH_CALLBACK_ERROR' });
    expect(callsAt(stack, 'tiktok').token).toBe(2);
    expect(callsAt(stack, 'reddit')).toMatchObject({ token: 1, profile: 2, revoke: 1 });
  });
});
