import { afterAll, expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { completionOf, reachCallback, readReturn } from '../support/stack/flow-steps.ts';
import type { TestStack } from '../support/stack/test-stack.ts';
import { registerAt, startOwn } from './own-flow.ts';
import { type OwnedServer, redirectBack, startOwnedServer } from './owned-server.ts';

let honest: OwnedServer;
let rogue: OwnedServer;

it.beforeAll(async ({ stack }) => {
  [honest, rogue] = await Promise.all([startOwnedServer(), startOwnedServer({ promisesIssuer: false })]);
  stack.local.insecureOrigins.push(honest.origin, rogue.origin);
});
afterAll(() => Promise.all([honest.close(), rogue.close()]));

const tokenCalls = () => [honest, rogue].map((server) => server.callsTo('/token').length);
const platformTokenCalls = (stack: TestStack) =>
  Object.values(stack.local.platforms.sandboxes).reduce(
    (sum, sandbox) => sum + sandbox.calls().calls.token,
    0,
  );
const statusOf = async (stack: TestStack, flowId: string) => (await stack.tables.flow(flowId))['status']?.S;

it('row 1: a code that arrives at another app’s callback is sent to no token endpoint', async ({
  stack,
  tenant,
}) => {
  const { operator, platforms } = stack.local;
  const own = { clientId: 'own-app', clientSecret: 's4ndb0x-own-app' };
  const { appId } = await operator.setApp({
    provider: 'tiktok',
    tenantId: tenant.id,
    settings: {},
    ...own,
  });
  const redirectUris = [`${stack.apiUrl}/integrations/callback/${appId}`];
  platforms.sandboxes.tiktok.addClient({ ...own, redirectUris });
  const wish = { user: tenant.user('ada'), provider: 'tiktok' } as const;
  const { browser, flowId, callbackUrl } = await reachCallback(stack, wish);
  const elsewhere = callbackUrl.replace(`/callback/${appId}`, '/callback/tiktok');

  const returned = readReturn(await browser.visit(elsewhere));

  expect(elsewhere).not.toBe(callbackUrl);
  expect(returned).toEqual({ flow: flowId, status: 'error', code: 'OAUTH_CALLBACK_ERROR' });
  expect(await statusOf(stack, flowId)).toBe('failed');
  expect(platformTokenCalls(stack)).toBe(0);
});

it('row 1: a code of an honest platform, injected into a flow of a rogue server, never reaches the rogue server', async ({
  stack,
  tenant,
}) => {
  await registerAt(stack, tenant, rogue);
  const { browser, flowId, asked } = await startOwn(stack, tenant.user('ada'));
  const before = tokenCalls();
  const { callbackUrl } = await reachCallback(stack, { user: tenant.user('victim'), provider: 'tiktok' });
  const lured = new URL(callbackUrl);
  lured.searchParams.set('state', asked.state);

  const returned = readReturn(await browser.visit(lured.href));

  expect(returned['status']).toBe('error');
  expect(await statusOf(stack, flowId)).toBe('failed');
  expect(tokenCalls()).toEqual(before);
  expect(platformTokenCalls(stack)).toBe(0);
});

it('row 1: a flow redeems its code at the token endpoint it started with, even if the app’s record has changed since', async ({
  stack,
  tenant,
}) => {
  await registerAt(stack, tenant, honest);
  const { browser, user, asked } = await startOwn(stack, tenant.user('ada'));
  const app = await stack.tables.find('connections', 'tenantId', tenant.id, 'app#');
  await stack.tables.change('connections', app, {
    server: {
      issuer: honest.origin,
      issuerInResponse: true,
      endpoints: {
        authorization: `${rogue.origin}/authorize`,
        token: `${rogue.origin}/token`,
        profile: `${rogue.origin}/me`,
        jwks: `${rogue.origin}/jwks`,
      },
    },
  });
  const [atHonest = 0, atRogue] = tokenCalls();
  const returned = readReturn(await browser.visit(redirectBack(honest, asked, honest.issueCode(asked))));

  await tenant.client.ok('complete', { body: completionOf(user, returned) });

  expect(tokenCalls()).toEqual([atHonest + 1, atRogue]);
});

it('row 1: a flow ends when its app is registered again, and its code goes to neither server', async ({
  stack,
  tenant,
}) => {
  await registerAt(stack, tenant, honest);
  const { browser, user, asked } = await startOwn(stack, tenant.user('ada'));
  await registerAt(stack, tenant, rogue);
  const before = tokenCalls();
  const returned = readReturn(await browser.visit(redirectBack(honest, asked, honest.issueCode(asked))));

  const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });

  expect(refusal.code).toBe('OAUTH_INIT_ERROR');
  expect(tokenCalls()).toEqual(before);
});

it.for([
  ['of another server', (own: URLSearchParams) => own.set('iss', rogue.origin)],
  ['with one character more', (own: URLSearchParams) => own.set('iss', `${honest.origin}/`)],
  ['left out although promised', (own: URLSearchParams) => own.delete('iss')],
  [
    'of another server on an error',
    (own: URLSearchParams) => {
      own.delete('code');
      own.set('error', 'access_denied');
      own.set('iss', rogue.origin);
    },
  ],
] as const)(
  'row 1: the callback rejects an authorization response with an issuer %s',
  async ([_name, bend], { stack, tenant }) => {
    await registerAt(stack, tenant, honest);
    const { browser, flowId, asked } = await startOwn(stack, tenant.user('ada'));
    const back = new URL(redirectBack(honest, asked, honest.issueCode(asked)));
    bend(back.searchParams);
    const before = tokenCalls();

    const returned = readReturn(await browser.visit(back.href));

    expect(returned).toEqual({ flow: flowId, status: 'error', code: 'OAUTH_CALLBACK_ERROR' });
    expect(tokenCalls()).toEqual(before);
  },
);

it('row 1: an issuer from a platform whose issuer is unknown sends the code to that platform alone', async ({
  stack,
  tenant,
}) => {
  const { browser, callbackUrl } = await reachCallback(stack, {
    user: tenant.user('ada'),
    provider: 'tiktok',
  });
  const before = tokenCalls();

  const returned = readReturn(await browser.visit(`${callbackUrl}&iss=${rogue.origin}`));

  expect(returned).toHaveProperty('completion');
  await tenant.client.ok('complete', { body: completionOf(tenant.user('ada'), returned) });
  expect(platformTokenCalls(stack)).toBe(1);
  expect(tokenCalls()).toEqual(before);
});

it('row 1: every app has its own redirect URI', async ({ stack, tenant }) => {
  const contexts = [await registerAt(stack, tenant, honest)];
  const own = (await startOwn(stack, tenant.user('ada'))).asked.redirectUri;
  tenant = await stack.newTenant();
  contexts.push(await registerAt(stack, tenant, honest));
  const others = (await startOwn(stack, tenant.user('ada'))).asked.redirectUri;
  const shared = await reachCallback(stack, { user: tenant.user('ada'), provider: 'tiktok' });

  const uris = [own, others, shared.callbackUrl.split('?')[0]];

  expect(uris).toEqual(
    [...contexts, 'tiktok'].map((appId) => `${stack.apiUrl}/integrations/callback/${appId}`),
  );
  expect(new Set(uris).size).toBe(3);
});

it.for(['reddit', `app_${'A'.repeat(22)}`])(
  'row 2: the callback compares the app in its path with the flow’s and does not trust it: %s',
  async (appId, { stack, tenant }) => {
    const { browser, flowId, callbackUrl } = await reachCallback(stack, {
      user: tenant.user('ada'),
      provider: 'tiktok',
    });

    const returned = readReturn(await browser.visit(callbackUrl.replace('/tiktok?', `/${appId}?`)));
    const again = await browser.visit(callbackUrl);

    expect(returned).toEqual({ flow: flowId, status: 'error', code: 'OAUTH_CALLBACK_ERROR' });
    expect(again.status).toBe(404);
    expect(platformTokenCalls(stack)).toBe(0);
  },
);
