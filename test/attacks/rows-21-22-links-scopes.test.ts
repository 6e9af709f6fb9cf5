import { expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import {
  accountOf,
  begin,
  comeBack,
  completionOf,
  connectAccount,
  decide,
  openLink,
  reachReturn,
} from '../support/stack/flow-steps.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const tiktok = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok;
const wish = (tenant: TestTenant) => ({ user: tenant.user('ada'), provider: 'tiktok' }) as const;

it('row 21: a connect link that one browser has opened does not open in another', async ({
  stack,
  tenant,
}) => {
  const { authUrl, flowId } = await begin(wish(tenant));
  const owner = stack.newBrowser();
  await openLink(owner, authUrl);
  const before = await stack.tables.flow(flowId);

  const thief = await stack.newBrowser().visit(authUrl);
  const afterwards = await stack.tables.flow(flowId);
  const returned = await comeBack(owner, await decide(owner, await openLink(owner, authUrl)));

  expect(thief).toMatchObject({ status: 404, location: undefined });
  expect(thief.headers.getSetCookie()).toEqual([]);
  expect(afterwards).toEqual(before);
  expect(returned['completion']).toBeDefined();
});

it('row 21: of two browsers that open a connect link at the same time, one gets in', async ({
  stack,
  tenant,
}) => {
  const race = (...links: readonly string[]) =>
    Promise.all(links.map((link) => stack.newBrowser().visit(link)));
  // Both have read the flow before either writes to it, in two instances that are there already.
  stack.fault = ({ principal, action }) =>
    principal === 'LOCAL-start' && action === 'dynamodb:UpdateItem' ? { delayMs: 500 } : undefined;
  await race((await begin(wish(tenant))).authUrl, (await begin(wish(tenant))).authUrl);
  const { authUrl } = await begin(wish(tenant));

  const pages = await race(authUrl, authUrl);

  expect(pages.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 404]);
});

it('row 21: a used connect link does not open again, before or after complete', async ({ stack, tenant }) => {
  const browser = stack.newBrowser();
  const { authUrl } = await begin(wish(tenant));
  const returned = await comeBack(browser, await decide(browser, await openLink(browser, authUrl)));

  const held = await browser.visit(authUrl);
  await tenant.client.ok('complete', { body: completionOf(wish(tenant).user, returned) });
  const connected = await browser.visit(authUrl);

  expect([held.status, connected.status]).toEqual([404, 404]);
});

it('row 21: a connect link reveals nothing about its flow', async ({ tenant }) => {
  const { authUrl, flowId } = await begin(wish(tenant));

  const url = new URL(authUrl);

  expect(url.pathname).toBe(`/integrations/start/${flowId}`);
  expect(url.search).toBe('');
  expect(Buffer.from(flowId, 'base64url')).toHaveLength(16);
});

it.for(['scope=video.publish', 'scopes=video.publish', 'redirect_uri=https://evil.example', 'state=mine'])(
  'row 21: a connect link ignores the added parameter %s',
  async (query, { stack, tenant }) => {
    const { authUrl } = await begin(wish(tenant));

    const asked = new URL(await openLink(stack.newBrowser(), `${authUrl}?${query}`));

    expect(asked.searchParams.getAll('scope')).toEqual(['user.info.basic']);
    expect(asked.searchParams.get('redirect_uri')).toBe(`${stack.apiUrl}/integrations/callback/tiktok`);
    expect(asked.searchParams.getAll('state')).not.toContain('mine');
  },
);

it('row 21: start refuses a connect link whose agreement is anything but yes', async ({ stack, tenant }) => {
  const { authUrl } = await begin(wish(tenant));

  const page = await stack.newBrowser().visit(`${authUrl}?agreed=no`);

  expect(page).toMatchObject({ status: 400, location: undefined });
});

it('row 21: a connect link asks the platform for the scopes that connect named and no more', async ({
  stack,
  tenant,
}) => {
  const { authUrl } = await begin({ ...wish(tenant), body: { scopes: ['video.list'] } });

  const asked = new URL(await openLink(stack.newBrowser(), authUrl)).searchParams;

  expect(asked.get('scope')).toBe('user.info.basic,video.list');
});

it('row 21: a connect link stops working after ten minutes or when its tenant’s app is removed', async ({
  stack,
  tenant,
}) => {
  const old = await begin(wish(tenant));
  const flow = await stack.tables.flow(old.flowId);
  await stack.tables.change('activity', flow, { expiresAt: Date.now() - 1 });

  const page = await stack.newBrowser().visit(old.authUrl);

  expect(page.status).toBe(410);
  expect(Number(flow['ttl']?.N) * 1_000).toBeGreaterThan(Number(flow['expiresAt']?.N));
});

it('row 22: complete stores the scopes that the user granted, not the ones that were requested', async ({
  stack,
  tenant,
}) => {
  const scopes = ['user.info.basic', 'user.info.stats', 'video.list'];

  const { connection } = await connectAccount(stack, {
    ...wish(tenant),
    body: { scopes },
    visit: { scopes: ['user.info.basic', 'video.list'] },
  });
  const token = await tenant.client.ok('getToken', accountOf(wish(tenant).user, connection));
  const { connections } = await tenant.client.ok('status');

  expect(connection.scopes).toEqual(['user.info.basic', 'video.list']);
  expect(connection.missingScopes).toEqual(['user.info.stats']);
  expect(token.scopes).toEqual(connection.scopes);
  expect(connections).toEqual([connection]);
});

it('row 22: status shows scopes that nobody requested as granted and flags them', async ({
  stack,
  tenant,
}) => {
  const { returned } = await reachReturn(stack, wish(tenant));
  const json = {
    access_token: 'act.s4ndb0x-extra',
    refresh_token: 'rft.s4ndb0x-extra',
    expires_in: 7_200,
    scope: 'user.info.basic,video.publish',
  };
  const profile = { data: { user: { open_id: 'extra-account' } }, error: { code: 'ok' } };
  const answer = (endpoint: 'token' | 'profile', body: Readonly<Record<string, unknown>>) =>
    tiktok(stack).control({
      command: 'inject',
      endpoint,
      calls: 1,
      fault: { kind: 'status', status: 200, body: 'json', json: body },
    });
  answer('token', json);
  answer('profile', profile);

  const { connection } = await tenant.client.ok('complete', {
    body: completionOf(wish(tenant).user, returned),
  });

  expect(connection.scopes).toEqual(['user.info.basic', 'video.publish']);
  expect(connection.missingScopes).toEqual([]);
  expect(stack.output.filter((line) => line.includes('"scopes_unrequested":1'))).toHaveLength(1);
});

it('row 22: the tenant receives an event when a refresh narrows the scopes', async ({ stack, tenant }) => {
  const { connection } = await connectAccount(stack, { ...wish(tenant), body: { scopes: ['video.list'] } });
  const json = {
    access_token: 'act.s4ndb0x-narrow',
    refresh_token: 'rft.s4ndb0x-narrow',
    open_id: connection.accountId,
    expires_in: 7_200,
    scope: 'user.info.basic',
  };
  tiktok(stack).control({
    command: 'inject',
    endpoint: 'token',
    calls: 1,
    fault: { kind: 'status', status: 200, body: 'json', json },
  });

  const refreshed = await tenant.client.ok('refreshToken', accountOf(wish(tenant).user, connection));

  expect(refreshed.connection).toMatchObject({
    scopes: ['user.info.basic'],
    missingScopes: ['video.list'],
  });
});

it.for([
  [['no.such.scope']],
  [['user.info.basic', 'VIDEO.LIST']],
  [['__proto__']],
  [['constructor']],
] as const)(
  'row 22: connect refuses a scope that the provider does not list: %j',
  async ([scopes], { tenant }) => {
    const refusal = await tenant.client.fails('connect', {
      params: { provider: 'tiktok' },
      body: { userId: 'ada', scopes },
    });

    expect(refusal).toMatchObject({ code: 'INVALID_SCOPE', status: 400 });
  },
);
