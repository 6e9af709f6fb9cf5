import { describe, expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, connectAccount } from '../support/stack/flow-steps.ts';
import { platformFacts, platformNames } from '../support/stack/platform-facts.ts';
import type { TestStack } from '../support/stack/test-stack.ts';

describe.each(platformNames)('disconnect at %s', (provider) => {
  const { people } = platformFacts[provider];
  const sandbox = (stack: TestStack) => stack.local.platforms.sandboxes[provider];
  const visit = { account: people[0] };

  it('serves no token while the platform is down and revokes when it is repeated', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider, visit });
    const account = accountOf(user, connection);
    sandbox(stack).control({
      command: 'inject',
      endpoint: 'revoke',
      calls: 1,
      fault: { kind: 'status', status: 503, body: 'json' },
    });

    const first = await tenant.client.ok('disconnect', account);
    const token = await tenant.client.fails('getToken', account);
    const refresh = await tenant.client.fails('refreshToken', account);
    const { connections } = await tenant.client.ok('status');
    const second = await tenant.client.ok('disconnect', account);
    const third = await tenant.client.fails('disconnect', account);

    expect(first).toEqual({ disconnected: true, revocation: 'revoke_pending' });
    expect(token.code).toBe('ACCOUNT_NOT_FOUND');
    expect(refresh.code).toBe('ACCOUNT_NOT_FOUND');
    expect(connections).toMatchObject([{ id: connection.id, status: 'disconnecting' }]);
    expect(second.revocation).toBe('revoked');
    expect(third.code).toBe('ACCOUNT_NOT_FOUND');
    expect(sandbox(stack).calls().calls.revoke).toBe(2);
  });

  it('reports a grant that the platform no longer knows as revoked', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider, visit });
    sandbox(stack).control({ command: 'kill_grants' });

    const gone = await tenant.client.ok('disconnect', accountOf(user, connection));
    const { connections } = await tenant.client.ok('status');

    expect(gone.revocation).toBe('revoked');
    expect(connections).toEqual([]);
  });

  it('revokes the grant of an expired token', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider, visit });
    const record = await stack.tables.connection(connection.id);
    await stack.tables.change('connections', record, { expiresAt: Date.now() - 1 });
    sandbox(stack).control({ command: 'expire_access_tokens' });

    const gone = await tenant.client.ok('disconnect', accountOf(user, connection));
    const left = sandbox(stack).control({ command: 'kill_grants' });

    expect(gone.revocation).toBe('revoked');
    expect(left).toEqual({ ok: true, affected: 0 });
  });

  it('succeeds for a connection that requires a reconnect', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider, visit });
    sandbox(stack).control({ command: 'kill_grants' });
    await tenant.client.fails('refreshToken', accountOf(user, connection));

    const gone = await tenant.client.ok('disconnect', accountOf(user, connection));

    expect(gone.revocation).toBe('revoked');
  });

  it('allows the account to be connected again afterwards', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const { connection: before } = await connectAccount(stack, { user, provider, visit });
    await tenant.client.ok('disconnect', accountOf(user, before));

    const { connection } = await connectAccount(stack, { user: tenant.user('bo'), provider, visit });

    expect(connection.accountId).toBe(before.accountId);
    expect(connection.id).not.toBe(before.id);
    expect(connection.userId).toBe('bo');
  });
});

it('disconnect keeps a grant that another tenant’s connection still uses', async ({ stack, tenant }) => {
  const other = await stack.newTenant();
  const mine = tenant.user('ada');
  const theirs = other.user('zoe');
  const { connection } = await connectAccount(stack, { user: mine, provider: 'tiktok' });
  const { connection: shared } = await connectAccount(stack, { user: theirs, provider: 'tiktok' });

  const first = await tenant.client.ok('disconnect', accountOf(mine, connection));
  const token = await other.client.ok('refreshToken', accountOf(theirs, shared));
  const last = await other.client.ok('disconnect', accountOf(theirs, shared));

  expect(shared.accountId).toBe(connection.accountId);
  expect(first.revocation).toBe('shared_grant');
  expect(token.connection.status).toBe('active');
  expect(last.revocation).toBe('revoked');
  expect(stack.local.platforms.sandboxes.tiktok.calls().calls.revoke).toBe(1);
});

it('two simultaneous disconnects end a connection once', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { connection } = await connectAccount(stack, { user, provider: 'reddit' });
  const account = accountOf(user, connection);

  const answers = await Promise.all([
    tenant.client.send('disconnect', account),
    tenant.client.send('disconnect', account),
  ]);
  const { connections } = await tenant.client.ok('status');

  expect(answers.every(({ status }) => status === 200 || status === 404)).toBe(true);
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  expect(connections).toEqual([]);
});
