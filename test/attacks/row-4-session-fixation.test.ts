/** Row 4 of the attack table: a link opened by the wrong person connects nobody's account to somebody else (COSF). */
import { describe, expect } from 'vitest';
import { it } from '../support/fixtures/stack.ts';
import { begin, comeBack, completionOf, decide, openLink, reachReturn } from '../support/stack/flow-steps.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const tokenCalls = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok.calls().calls.token;
const flowAs = (tenant: TestTenant, user = tenant.user('attacker')) =>
  ({ user, provider: 'tiktok' }) as const;

it.for(['apiKey', 'session'] as const)(
  'row 4: a victim who completes an attacker’s link invalidates it, and the code is never redeemed (credential: %s)',
  async (by, { stack, tenant }) => {
    const { returned, flowId } = await reachReturn(stack, flowAs(tenant));
    const victim = by === 'apiKey' ? tenant.user('victim') : await tenant.session('victim');

    const refusal = await victim.client.fails('complete', { body: completionOf(victim, returned) });
    const attackerLater = await tenant.client.fails('complete', {
      body: completionOf(tenant.user('attacker'), returned),
    });
    const flow = await stack.tables.flow(flowId);
    const { connections } = await tenant.client.ok('status');

    expect(refusal).toMatchObject({ code: 'FLOW_USER_MISMATCH', status: 403 });
    expect(attackerLater.code).toBe('FLOW_USER_MISMATCH');
    expect(flow['status']?.S).toBe('failed');
    expect(flow['sealedCode']).toBeUndefined();
    expect(tokenCalls(stack)).toBe(0);
    expect(connections).toEqual([]);
  },
);

it('row 4: a session cannot claim to be the user who started the flow', async ({ stack, tenant }) => {
  const { returned } = await reachReturn(stack, flowAs(tenant));
  const victim = await tenant.session('victim');

  const refusal = await victim.client.fails('complete', {
    body: completionOf(tenant.user('attacker'), returned),
  });

  expect(refusal).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  expect(tokenCalls(stack)).toBe(0);
});

it('row 4: nobody can complete a flow without the returning browser’s completion secret, and an attempt does not break the flow', async ({
  stack,
  tenant,
}) => {
  const user = tenant.user('attacker');
  const { returned, flowId } = await reachReturn(stack, flowAs(tenant, user));
  const before = await stack.tables.flow(flowId);
  const other = await reachReturn(stack, flowAs(tenant, tenant.user('other')));

  const guessed = await tenant.client.fails('complete', {
    body: completionOf(user, { ...returned, completion: 'A'.repeat(43) }),
  });
  const foreign = await tenant.client.fails('complete', {
    body: completionOf(user, { ...returned, completion: other.returned['completion'] ?? '' }),
  });
  const afterwards = await stack.tables.flow(flowId);
  const { connection } = await tenant.client.ok('complete', { body: completionOf(user, returned) });

  expect([guessed.code, foreign.code]).toEqual(['FLOW_NOT_FOUND', 'FLOW_NOT_FOUND']);
  expect(afterwards).toEqual(before);
  expect(connection.userId).toBe('attacker');
});

it('row 4: the completion secret carries 256 random bits, and the table stores only its digest', async ({
  stack,
  tenant,
}) => {
  const { returned, flowId } = await reachReturn(stack, flowAs(tenant));
  const completion = returned['completion'] ?? '';

  const flow = await stack.tables.flow(flowId);

  expect(Buffer.from(completion, 'base64url')).toHaveLength(32);
  expect(flow['completionDigest']?.B).toHaveLength(32);
  expect(JSON.stringify(flow)).not.toContain(completion);
});

it('row 4: the flow stores the code sealed until the completion secret arrives, and no record holds it afterwards', async ({
  stack,
  tenant,
}) => {
  const { returned, flowId } = await reachReturn(stack, flowAs(tenant));
  const held = await stack.tables.flow(flowId);

  await tenant.client.ok('complete', { body: completionOf(tenant.user('attacker'), returned) });
  const connected = await stack.tables.flow(flowId);

  expect(Buffer.from(held['sealedCode']?.B ?? []).toString('latin1')).not.toContain('s4ndb0x');
  expect(held['sealedCode']?.B?.length).toBeGreaterThan(64);
  expect(connected['sealedCode']).toBeUndefined();
});

describe('row 4: direct linking', () => {
  const direct = { completion: 'direct' };

  it('row 4: requires the operator’s setting', async ({ tenant }) => {
    const refusal = await tenant.client.fails('connect', {
      params: { provider: 'tiktok' },
      body: { userId: 'ada', ...direct },
    });

    expect(refusal).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  });

  it('row 4: requires an API key', async ({ stack }) => {
    const willing = await stack.newTenant({ directLinking: true });
    const session = await willing.session('ada');

    const refusal = await session.client.fails('connect', {
      params: { provider: 'tiktok' },
      body: direct,
    });

    expect(refusal).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  });

  it('row 4: shows who will gain access before it redirects to the platform, and marks the connection', async ({
    stack,
  }) => {
    const willing = await stack.newTenant({ directLinking: true, name: 'Quay & <Sons>' });
    const user = willing.user('some "user"');
    const browser = stack.newBrowser();
    const { authUrl } = await begin({ user, provider: 'tiktok', body: direct });

    const page = await browser.visit(authUrl);
    const unasked = browser.cookies(stack.apiUrl).size;
    const platformUrl = await openLink(browser, authUrl);
    const { returned } = await reachReturn(stack, { user, provider: 'tiktok', body: direct, browser });
    const { connections } = await willing.client.ok('status');

    expect(page).toMatchObject({ status: 200, location: undefined });
    expect(page.text).toContain('Quay &#38; &#60;Sons&#62;');
    expect(page.text).toContain('some &#34;user&#34;');
    expect(page.text).toContain('TikTok');
    expect(unasked).toBe(0);
    expect(new URL(platformUrl).origin).toBe(stack.local.platforms.sandboxes.tiktok.origin);
    expect(returned['status']).toBe('connected');
    expect(connections).toMatchObject([{ linking: 'direct' }]);
  });

  it('row 4: cannot be switched on for a flow that was started with confirmation', async ({ stack }) => {
    const willing = await stack.newTenant({ directLinking: true });
    const user = willing.user('ada');
    const browser = stack.newBrowser();
    const { authUrl } = await begin({ user, provider: 'tiktok' });

    const consent = await openLink(browser, `${authUrl}?completion=direct`);
    const returned = await comeBack(browser, await decide(browser, consent));
    const { connection } = await user.client.ok('complete', { body: completionOf(user, returned) });

    expect(Object.keys(returned).sort()).toEqual(['completion', 'flow']);
    expect(connection.linking).toBe('confirmed');
  });
});
