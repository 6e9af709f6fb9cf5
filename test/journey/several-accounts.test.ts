import { expect } from 'vitest';
import type { StackFixtures } from '../support/fixtures/stack.ts';
import { it } from '../support/fixtures/stack.ts';
import { accountOf, connectAccount, reachReturn } from '../support/stack/flow-steps.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const provider = 'instagram-facebook';
const bakery = '17841405793187218';
const ferry = '17841460000000777';

const sandbox = (stack: TestStack) => stack.local.platforms.sandboxes[provider];
const connect = ({ stack, tenant }: StackFixtures, visit = {}) =>
  connectAccount(stack, { user: tenant.user('ada'), provider, visit });
const account = (tenant: TestTenant, accountId: string) =>
  accountOf(tenant.user('ada'), { provider, accountId });

it('one consent creates one connection per linked account, under one grant', async ({ stack, tenant }) => {
  const { connections } = await connect({ stack, tenant });

  expect(connections.map(({ accountId }) => accountId).sort()).toEqual([bakery, ferry]);
  expect(new Set(connections.map(({ grantId }) => grantId)).size).toBe(1);
  expect(new Set(connections.map(({ id }) => id)).size).toBe(2);
  expect(connections.find(({ accountId }) => accountId === bakery)).toMatchObject({
    displayName: '@saltmarsh.bakery',
    status: 'active',
    refreshable: true,
    missingScopes: [],
    metadata: { ig_business_id: bakery, page_name: 'Saltmarsh Bakery', followers_count: 18_422 },
  });
});

it('the token route serves each account its own Page’s token, before and after a refresh', async ({
  stack,
  tenant,
}) => {
  await connect({ stack, tenant });
  const tokenOf = async (accountId: string) =>
    (await tenant.client.ok('getToken', account(tenant, accountId))).accessToken;

  const before = [await tokenOf(bakery), await tokenOf(ferry)];
  await tenant.client.ok('refreshToken', account(tenant, ferry));
  const after = [await tokenOf(bakery), await tokenOf(ferry)];

  for (const [one, two] of [before, after]) {
    expect(one).toMatch(/^EAAPs4ndb0x104520000000011Z/);
    expect(two).toMatch(/^EAAPs4ndb0x104520000000013Z/);
  }
});

it('a refresh ends only the connection whose Page no longer exists', async ({ stack, tenant }) => {
  await connect({ stack, tenant });
  sandbox(stack).control({ command: 'set_modes', modes: { lostPage: '104520000000013' } });

  const lost = await tenant.client.fails('refreshToken', account(tenant, ferry));
  const kept = await tenant.client.ok('refreshToken', account(tenant, bakery));

  sandbox(stack).control({ command: 'set_modes', modes: { lostPage: '' } });
  expect(lost.code).toBe('TOKEN_EXPIRED');
  expect(kept.connection.status).toBe('active');
});

it('disconnect revokes a shared grant only with its last account', async ({ stack, tenant }) => {
  await connect({ stack, tenant });

  const first = await tenant.client.ok('disconnect', account(tenant, bakery));
  const { connection: living } = await tenant.client.ok('refreshToken', account(tenant, ferry));
  const last = await tenant.client.ok('disconnect', account(tenant, ferry));

  expect(first.revocation).toBe('shared_grant');
  expect(living.status).toBe('active');
  expect(last.revocation).toBe('revoked');
  expect(sandbox(stack).control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

it('status shows the permissions that the user left unticked', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const scopes = ['instagram_basic', 'pages_show_list', 'instagram_content_publish'];

  const { connection } = await connectAccount(stack, {
    user,
    provider,
    body: { scopes },
    visit: { scopes: ['instagram_basic', 'pages_show_list'] },
  });

  expect(connection.missingScopes).toEqual(['instagram_content_publish']);
});

it('complete revokes a grant that gives access to no account', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider, visit: { account: 'pageless' } });

  const failure = await user.client.fails('complete', {
    body: { flow: returned['flow'], completion: returned['completion'], ...user.named },
  });

  expect(failure.code).toBe('OAUTH_CALLBACK_ERROR');
  expect(sandbox(stack).calls().calls.revoke).toBe(1);
  expect(sandbox(stack).control({ command: 'kill_grants' })).toEqual({ ok: true, affected: 0 });
});

it('a refresh leaves a token of its first day unchanged at a platform that refreshes none so young', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { connection } = await connectAccount(stack, { user, provider: 'instagram' });

  const { connection: refreshed } = await user.client.ok('refreshToken', accountOf(user, connection));

  expect(refreshed).toMatchObject({ status: 'active', expiresAt: connection.expiresAt });
});

it('disconnect reports that a platform has no revocation', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { connection } = await connectAccount(stack, { user, provider: 'instagram' });

  const gone = await user.client.ok('disconnect', accountOf(user, connection));

  expect(gone.revocation).toBe('not_supported');
});
