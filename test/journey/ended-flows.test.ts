import { describe, expect } from 'vitest';
import { stackTest } from '../support/fixtures/stack.ts';
import {
  begin,
  comeBack,
  completionOf,
  connectAccount,
  decide,
  openLink,
  reachCallback,
  reachReturn,
  readReturn,
} from '../support/stack/flow-steps.ts';
import { platformFacts, platformNames, scopesOf } from '../support/stack/platform-facts.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const it = stackTest({ tenant: { directLinking: true } });

describe.each(platformNames)('a flow at %s', (provider) => {
  const { people, required, optional, lasting } = platformFacts[provider];
  const calls = (stack: TestStack) => stack.local.platforms.sandboxes[provider].calls().calls;

  it('reports a denied consent to the return URL and redeems no code', async ({ stack, tenant }) => {
    const user = tenant.user('ada');

    const { flowId, returned } = await reachReturn(stack, { user, provider, visit: { decision: 'deny' } });

    expect(returned).toEqual({ flow: flowId, status: 'error', code: 'ACCESS_DENIED' });
    expect(calls(stack).token).toBe(0);
  });

  it('connects without an unticked scope and lists it as missing', async ({ stack, tenant }) => {
    const user = tenant.user('ada');

    const { connection } = await connectAccount(stack, {
      user,
      provider,
      body: { scopes: scopesOf(provider) },
      visit: { account: people[0], scopes: [required, ...lasting] },
    });

    expect(connection.missingScopes).toEqual([optional]);
    expect(connection.scopes).not.toContain(optional);
  });
});

it('complete fails a flow whose required scope the user left unticked and revokes the tokens', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, {
    user,
    provider: 'reddit',
    body: { scopes: scopesOf('reddit') },
    visit: { scopes: [platformFacts.reddit.optional] },
  });

  const refusal = await tenant.client.fails('complete', { body: completionOf(user, returned) });

  expect(refusal).toMatchObject({ code: 'ACCESS_DENIED', details: { reason: 'required_scope_missing' } });
  expect(stack.local.platforms.sandboxes.reddit.calls().calls).toMatchObject({ token: 1, revoke: 1 });
});

it.for([
  ['error=user_cancelled_login', 'ACCESS_DENIED'],
  ['error=access_denied&error_subcode=cancel&error_description=%E4', 'ACCESS_DENIED'],
  ['error_code=200&error_message=Permissions+error&error_reason=user_denied', 'ACCESS_DENIED'],
  ['error_code=200&error_message=Permissions+error', 'ACCESS_DENIED'],
  ['error_code=1349045&error_message=App+not+active', 'OAUTH_CALLBACK_ERROR'],
  ['error=server_error&error_description=denied', 'OAUTH_CALLBACK_ERROR'],
])(
  'reports a callback with %s as %s, without the fragment of the platform',
  async ([query, code], { stack, tenant }) => {
    const { browser, callbackUrl } = await reachCallback(stack, {
      user: tenant.user('ada'),
      provider: 'tiktok',
    });
    const callback = new URL(callbackUrl);
    const state = callback.searchParams.get('state') ?? '';

    const page = await browser.visit(`${callback.origin}${callback.pathname}?state=${state}&${query}#_=_`);

    expect(readReturn(page)).toMatchObject({ status: 'error', code });
    expect(page.location).toMatch(/#$/);
  },
);

describe('an expired flow', () => {
  const wish = (tenant: TestTenant) => ({ user: tenant.user('ada'), provider: 'tiktok' as const });
  /** Functions live by the machine's own clock, so the flow is made older rather than the clock put forward. */
  const expire = async (stack: TestStack, flowId: string) =>
    stack.tables.change('activity', await stack.tables.flow(flowId), { expiresAt: Date.now() - 1 });

  it('had a lifetime of ten minutes', async ({ tenant }) => {
    const before = Date.now();

    const { expiresAt } = await begin(wish(tenant));

    expect(Date.parse(expiresAt) - before).toBeGreaterThanOrEqual(600_000);
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(600_000);
  });

  it('does not open', async ({ stack, tenant }) => {
    const { authUrl, flowId } = await begin(wish(tenant));
    await expire(stack, flowId);

    const page = await stack.newBrowser().visit(authUrl);

    expect(page).toMatchObject({ status: 410, location: undefined });
    expect(page.headers.getSetCookie()).toEqual([]);
  });

  it('is reported to the return URL when the consent took too long, and its code is not redeemed', async ({
    stack,
    tenant,
  }) => {
    const { browser, flowId, callbackUrl } = await reachCallback(stack, wish(tenant));
    await expire(stack, flowId);

    const returned = await comeBack(browser, callbackUrl);

    expect(returned).toEqual({ flow: flowId, status: 'error', code: 'FLOW_EXPIRED' });
    expect(stack.local.platforms.sandboxes.tiktok.calls().calls.token).toBe(0);
  });

  it('does not open again for a browser that stayed on the consent page', async ({ stack, tenant }) => {
    const browser = stack.newBrowser();
    const { authUrl, flowId } = await begin(wish(tenant));
    const platformUrl = await openLink(browser, authUrl);
    await expire(stack, flowId);

    const again = await browser.visit(authUrl);
    const returned = await comeBack(browser, await decide(browser, platformUrl));

    expect(again.status).toBe(410);
    expect(returned['code']).toBe('FLOW_EXPIRED');
  });

  it('does not complete when its code is older than 60 seconds', async ({ stack, tenant }) => {
    const { flowId, returned } = await reachReturn(stack, wish(tenant));
    const flow = await stack.tables.flow(flowId);
    const waits = Number(flow['heldUntil']?.N) - Date.now();
    await stack.tables.change('activity', flow, { heldUntil: Date.now() - 1 });

    const first = await tenant.client.fails('complete', { body: completionOf(wish(tenant).user, returned) });
    const again = await tenant.client.fails('complete', { body: completionOf(wish(tenant).user, returned) });

    expect(waits).toBeGreaterThan(50_000);
    expect(waits).toBeLessThanOrEqual(60_000);
    expect(first).toMatchObject({ code: 'FLOW_EXPIRED', status: 410 });
    expect(again.code).toBe('FLOW_EXPIRED');
    expect((await stack.tables.flow(flowId))['sealedCode']).toBeUndefined();
    expect(stack.local.platforms.sandboxes.tiktok.calls().calls.token).toBe(0);
  });

  it('reports a lost answer when the instance that was redeeming its code never finished', async ({
    stack,
    tenant,
  }) => {
    const { flowId, returned } = await reachReturn(stack, wish(tenant));
    const body = completionOf(wish(tenant).user, returned);
    const flow = await stack.tables.flow(flowId);
    await stack.tables.change('activity', flow, { status: 'redeeming', redeemingSince: Date.now() });

    const meanwhile = await tenant.client.fails('complete', { body });
    await stack.tables.change('activity', flow, { redeemingSince: Date.now() - 60_001 });
    const later = await tenant.client.fails('complete', { body });

    expect(meanwhile).toMatchObject({ code: 'FLOW_IN_PROGRESS', status: 409, retryable: true });
    expect(later).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'answer_lost' } });
  });
});
