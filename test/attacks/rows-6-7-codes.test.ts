import { afterAll, beforeEach, expect } from 'vitest';
import { stackTest } from '../support/fixtures/stack.ts';
import { completionOf, reachCallback, reachReturn, readReturn } from '../support/stack/flow-steps.ts';
import type { TestStack } from '../support/stack/test-stack.ts';
import { registerAt, returnOwn, startOwn } from './own-flow.ts';
import { type OwnedServer, startOwnedServer } from './owned-server.ts';

let server: OwnedServer;

const tiktok = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok;

const it = stackTest({ tenant: { directLinking: true } });
it.beforeAll(async ({ stack }) => {
  server = await startOwnedServer();
  stack.local.insecureOrigins.push(server.origin);
});
afterAll(() => server.close());
beforeEach(() => {
  server.bendTo({});
});

it.for(['confirm', 'direct'] as const)(
  'row 6: a replayed callback is refused (completion: %s)',
  async (completion, { stack, tenant }) => {
    const { browser, callbackUrl } = await reachCallback(stack, {
      user: tenant.user('ada'),
      provider: 'tiktok',
      body: { completion },
    });
    const jar = browser.cookies(stack.apiUrl);
    const cookies = [...jar];
    await browser.visit(callbackUrl);
    const before = tiktok(stack).calls().calls.token;
    for (const [name, value] of cookies) jar.set(name, value);

    const replayed = await browser.visit(callbackUrl);

    expect(replayed).toMatchObject({ status: 404, location: undefined });
    expect(tiktok(stack).calls().calls.token).toBe(before);
  },
);

it('row 6: of two simultaneous callbacks, one redeems the code', async ({ stack, tenant }) => {
  const { browser, callbackUrl } = await reachCallback(stack, {
    user: tenant.user('ada'),
    provider: 'tiktok',
    body: { completion: 'direct' },
  });

  const pages = await Promise.all([browser.visit(callbackUrl), browser.visit(callbackUrl)]);

  expect(pages.map(({ status }) => status).sort((a, b) => a - b)).toEqual([303, 404]);
  expect(tiktok(stack).calls()).toMatchObject({ calls: { token: 1 }, codeReuses: 0 });
});

it('row 6: of four simultaneous completes, one redeems the code', async ({ stack, tenant }) => {
  const user = tenant.user('ada');
  const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
  const body = completionOf(user, returned);

  await Promise.all(Array.from({ length: 4 }, () => tenant.client.send('complete', { body })));
  const { connection } = await tenant.client.ok('complete', { body });

  expect(connection.status).toBe('active');
  expect(tiktok(stack).calls()).toMatchObject({ calls: { token: 1 }, codeReuses: 0 });
});

it.for(['lose_answer', 'garbage_body'] as const)(
  'row 6: complete fails the flow after an ambiguous response and does not retry the code (%s)',
  async (kind, { stack, tenant }) => {
    const user = tenant.user('ada');
    const { returned } = await reachReturn(stack, { user, provider: 'tiktok' });
    tiktok(stack).control({ command: 'inject', endpoint: 'token', calls: 1, fault: { kind } });
    const body = completionOf(user, returned);

    const first = await tenant.client.fails('complete', { body });
    const again = await tenant.client.fails('complete', { body });

    expect([first, again]).toMatchObject([
      { code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'answer_lost' } },
      { code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'answer_lost' } },
    ]);
    expect(tiktok(stack).calls()).toMatchObject({ calls: { token: 1 }, codeReuses: 0 });
  },
);

it('row 6: PKCE refuses another person’s code that an attacker injects into their own callback', async ({
  stack,
  tenant,
}) => {
  await registerAt(stack, tenant, server);
  const victims = await startOwn(stack, tenant.user('victim'));
  const stolen = server.issueCode(victims.asked);
  const attackers = await startOwn(stack, tenant.user('attacker'));
  const returned = await returnOwn(attackers, server, stolen);

  const refusal = await tenant.client.fails('complete', { body: completionOf(attackers.user, returned) });

  expect(refusal).toMatchObject({ code: 'OAUTH_CALLBACK_ERROR', details: { reason: 'code_refused' } });
  expect(server.callsTo('/token').at(-1)?.form.get('code')).toBe(stolen);
});

it('row 6: the callback refuses an absurdly long code', async ({ stack, tenant }) => {
  const { browser, callbackUrl } = await reachCallback(stack, {
    user: tenant.user('ada'),
    provider: 'tiktok',
  });
  const url = new URL(callbackUrl);
  url.searchParams.set('code', 'a'.repeat(4_097));

  const returned = readReturn(await browser.visit(url.href));

  expect(returned['code']).toBe('OAUTH_CALLBACK_ERROR');
});

it('row 7: every flow uses a fresh S256 challenge, even if the server advertises plain', async ({
  stack,
  tenant,
}) => {
  await registerAt(stack, tenant, server);
  const user = tenant.user('ada');

  const [one, two] = [await startOwn(stack, user), await startOwn(stack, user)];
  const returned = await returnOwn(one, server);
  await tenant.client.ok('complete', { body: completionOf(user, returned) });
  const verifier = server.callsTo('/token').at(-1)?.form.get('code_verifier') ?? '';

  expect(one.asked.challenge).toMatch(/^[\w-]{43}$/);
  expect(one.asked.method).toBe('S256');
  expect(two.asked.challenge).not.toBe(one.asked.challenge);
  expect(Buffer.from(verifier, 'base64url')).toHaveLength(32);
  expect(verifier).not.toBe(one.asked.challenge);
});

it.for([
  ['a method in the body', { code_challenge_method: 'plain' }],
  ['a switch in the body', { pkce: false }],
] as const)('row 7: %s does not turn PKCE off', async ([_name, extra], { stack, tenant }) => {
  await registerAt(stack, tenant, server);

  const refusal = await tenant.client.fails('connect', {
    params: { provider: 'openid' },
    body: { userId: 'ada', ...extra },
  });

  expect(refusal.code).toBe('INVALID_REQUEST');
});

it('row 7: the flow stores the PKCE verifier sealed', async ({ stack, tenant }) => {
  await registerAt(stack, tenant, server);
  const own = await startOwn(stack, tenant.user('ada'));
  const flow = await stack.tables.flow(own.flowId);
  const returned = await returnOwn(own, server);
  await tenant.client.ok('complete', { body: completionOf(own.user, returned) });
  const verifier = server.callsTo('/token').at(-1)?.form.get('code_verifier') ?? '';

  const sealed = Buffer.from(flow['sealedVerifier']?.B ?? []);

  expect(verifier).not.toBe('');
  expect(sealed.length).toBeGreaterThan(verifier.length);
  expect(sealed.toString('latin1')).not.toContain(verifier);
  expect(JSON.stringify(flow)).not.toContain(verifier);
});
