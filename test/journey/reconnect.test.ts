import { describe, expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, completionOf, connectAccount, reachReturn } from '../support/stack/flow-steps.ts';
import { platformFacts, platformNames } from '../support/stack/platform-facts.ts';
import type { TestStack } from '../support/stack/test-stack.ts';

describe.each(platformNames)('a reconnect at %s', (provider) => {
  const { people, revokesReplaced } = platformFacts[provider];
  const calls = (stack: TestStack) => stack.local.platforms.sandboxes[provider].calls().calls;

  it('keeps the connection, stores a new token and revokes the old grant where the platform has one grant per consent', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const visit = { account: people[0] };
    const { connection: before } = await connectAccount(stack, { user, provider, visit });
    const old = await tenant.client.ok('getToken', accountOf(user, before));

    const { connection } = await connectAccount(stack, {
      user,
      provider,
      visit,
      body: { reconnect: before.accountId },
    });
    const token = await tenant.client.ok('getToken', accountOf(user, connection));
    const listed = await tenant.client.ok('status');

    expect(connection).toMatchObject({ id: before.id, connectedAt: before.connectedAt, status: 'active' });
    expect(connection.grantId).not.toBe(before.grantId);
    expect(token.accessToken).not.toBe(old.accessToken);
    expect(listed.connections).toEqual([connection]);
    expect(calls(stack).revoke).toBe(revokesReplaced ? 1 : 0);
  });

  it('leaves an account with its user and revokes the tokens that another user obtained for it', async ({
    stack,
    tenant,
  }) => {
    const visit = { account: people[0] };
    const owner = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user: owner, provider, visit });
    const before = await tenant.client.ok('getToken', accountOf(owner, connection));
    const rival = tenant.user('bo');
    const { returned } = await reachReturn(stack, { user: rival, provider, visit });

    const refusal = await tenant.client.fails('complete', { body: completionOf(rival, returned) });
    const after = await tenant.client.ok('getToken', accountOf(owner, connection));
    const refreshed = await tenant.client.ok('refreshToken', accountOf(owner, connection));
    const ofRival = await tenant.client.ok('status', { query: { userId: 'bo' } });

    expect(refusal).toMatchObject({ code: 'ACCOUNT_ALREADY_CONNECTED', status: 409 });
    expect(after).toEqual(before);
    expect(refreshed.connection.userId).toBe('ada');
    expect(ofRival.connections).toEqual([]);
    // Where revoking reaches the whole grant, it would end the owner's connection, so the tokens are left to die.
    expect(calls(stack).revoke).toBe(revokesReplaced ? 1 : 0);
  });

  it('refuses a different account and keeps neither its tokens nor a connection to it', async ({
    stack,
    tenant,
  }) => {
    const user = tenant.user('ada');
    const { connection } = await connectAccount(stack, { user, provider, visit: { account: people[0] } });
    const { returned } = await reachReturn(stack, {
      user,
      provider,
      visit: { account: people[1] },
      body: { reconnect: connection.accountId },
    });

    const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });
    const listed = await tenant.client.ok('status');

    expect(refusal).toMatchObject({ code: 'ACCOUNT_MISMATCH', status: 409 });
    expect(listed.connections).toEqual([connection]);
    expect(calls(stack).revoke).toBe(1);
  });

  it('reactivates a connection whose grant the platform had ended', async ({ stack, tenant }) => {
    const user = tenant.user('ada');
    const visit = { account: people[0] };
    const { connection: before } = await connectAccount(stack, { user, provider, visit });
    stack.local.platforms.sandboxes[provider].control({ command: 'kill_grants' });
    await tenant.client.fails('refreshToken', accountOf(user, before));
    const { connections: ended } = await tenant.client.ok('status');

    const { connection } = await connectAccount(stack, {
      user,
      provider,
      visit,
      body: { reconnect: before.accountId },
    });
    const token = await tenant.client.ok('getToken', accountOf(user, connection));

    expect(ended).toMatchObject([{ id: before.id, status: 'reconnect_required' }]);
    expect(connection).toMatchObject({ id: before.id, status: 'active' });
    expect(connection.statusReason).toBeUndefined();
    expect(token.accessToken).toContain('s4ndb0x');
  });
});

it('connect refuses to reconnect an account of another user', async ({ stack, tenant }) => {
  const { connection } = await connectAccount(stack, { user: tenant.user('ada'), provider: 'tiktok' });

  const refusal = await tenant.client.fails('connect', {
    params: { provider: 'tiktok' },
    body: { userId: 'bo', reconnect: connection.accountId },
  });

  expect(refusal).toMatchObject({ code: 'ACCOUNT_NOT_FOUND', status: 404 });
});

it('when two users connect the same account simultaneously, one gets the connection and the other is refused', async ({
  stack,
  tenant,
}) => {
  const users = [tenant.user('ada'), tenant.user('bo')];
  const ready = await Promise.all(users.map((user) => reachReturn(stack, { user, provider: 'reddit' })));

  const answers = await Promise.all(
    users.map((user, index) =>
      tenant.client.send('complete', { body: completionOf(user, ready[index]?.returned ?? {}) }),
    ),
  );
  const { connections } = await tenant.client.ok('status');

  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409]);
  expect(connections).toHaveLength(1);
  const [connection] = connections;
  if (connection === undefined) throw new Error('Nothing was connected.');
  const token = await tenant.client.ok('getToken', accountOf(tenant.user(connection.userId), connection));
  expect(token.accessToken).toContain('s4ndb0x');
});
