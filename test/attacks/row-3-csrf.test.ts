/** Row 3 of the attack table: only the browser that started a flow can complete its callback, and only once. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { flowCookie } from '../../lib/runtime/http/flow-cookie.ts';
import { it } from '../support/fixtures/stack.ts';
import {
  begin,
  completionOf,
  decide,
  openLink,
  reachCallback,
  readReturn,
} from '../support/stack/flow-steps.ts';
import type { TestStack, TestTenant } from '../support/stack/test-stack.ts';

const wish = (tenant: TestTenant) => ({ user: tenant.user('ada'), provider: 'tiktok' }) as const;

const tokenCalls = (stack: TestStack) => stack.local.platforms.sandboxes.tiktok.calls().calls.token;

/** The callback URL with its state changed, or removed when `change` returns undefined. */
function withState(callbackUrl: string, change: (state: string) => string | undefined): string {
  const url = new URL(callbackUrl);
  const changed = change(url.searchParams.get('state') ?? '');
  if (changed === undefined) url.searchParams.delete('state');
  else url.searchParams.set('state', changed);
  return url.href;
}

/** Changes the first character of the MAC; not all bits of the last one count. */
const withAnotherMac = (state: string) =>
  state.replace(
    /\.([^.])([^.]*)$/,
    (_, first: string, rest: string) => `.${first === 'A' ? 'B' : 'A'}${rest}`,
  );

it.for<[string, (name: string, secret: string, jar: Map<string, string>) => void]>([
  ['without the cookie', (name, _secret, jar) => jar.delete(name)],
  ['with another secret in the cookie', (name, _secret, jar) => jar.set(name, 'A'.repeat(43))],
  ['with an empty cookie', (name, _secret, jar) => jar.set(name, '')],
  [
    'with the right secret under another flow’s name',
    (name, secret, jar) => {
      jar.delete(name);
      jar.set(`hawser-flow-${'A'.repeat(22)}`, secret);
    },
  ],
  ['with the cookie twice', (name, secret, jar) => jar.set(name, `${secret}; ${name}=${'A'.repeat(43)}`)],
])('row 3: a callback %s changes nothing and redirects nobody', async ([_name, bend], { stack, tenant }) => {
  const { browser, flowId, callbackUrl } = await reachCallback(stack, wish(tenant));
  const jar = browser.cookies(stack.apiUrl);
  const [[name, secret] = ['', '']] = jar;
  const before = await stack.tables.flow(flowId);
  bend(name, secret, jar);

  const refused = await browser.visit(callbackUrl);
  const afterwards = await stack.tables.flow(flowId);
  jar.clear();
  jar.set(name, secret);
  const returned = readReturn(await browser.visit(callbackUrl));
  const { connection } = await tenant.client.ok('complete', {
    body: completionOf(wish(tenant).user, returned),
  });

  expect(name).toBe(`hawser-flow-${flowId}`);
  expect(refused).toMatchObject({ status: 404, location: undefined });
  expect(refused.headers.getSetCookie()).toEqual([]);
  expect(afterwards).toEqual(before);
  expect(connection.status).toBe('active');
});

it.for<[string, (state: string) => string | undefined]>([
  ['missing', () => undefined],
  ['empty', () => ''],
  ['of another shape', () => 'state'],
  ['without its MAC', (state) => state.split('.').slice(0, 2).join('.')],
  [
    'with a MAC made without the key',
    (state) => {
      const [flowId, nonce] = state.split('.');
      const mac = createHash('sha256').update(`state.${flowId}.${nonce}`).digest('base64url');
      return `${flowId}.${nonce}.${mac}`;
    },
  ],
  ['with another nonce', (state) => state.replace(/\.[^.]+\./, `.${'A'.repeat(43)}.`)],
  ['of another flow', (state) => state.replace(/^[^.]+/, 'A'.repeat(22))],
])(
  'row 3: the callback refuses a state that is %s, even from the right browser',
  async ([_name, bend], { stack, tenant }) => {
    const { browser, flowId, callbackUrl } = await reachCallback(stack, wish(tenant));

    const refused = await browser.visit(withState(callbackUrl, bend));

    expect(refused).toMatchObject({ status: 404, location: undefined });
    expect((await stack.tables.flow(flowId))['status']?.S).toBe('pending');
    expect(tokenCalls(stack)).toBe(0);
  },
);

it('row 3: the callback refuses a victim’s browser that an attacker sent to the attacker’s callback', async ({
  stack,
  tenant,
}) => {
  const attackers = await reachCallback(stack, wish(tenant));
  const victim = stack.newBrowser();
  await reachCallback(stack, { ...wish(tenant), user: tenant.user('victim'), browser: victim });

  const refused = await victim.visit(attackers.callbackUrl);

  expect(refused).toMatchObject({ status: 404, location: undefined });
  expect((await stack.tables.flow(attackers.flowId))['status']?.S).toBe('pending');
});

it('row 3: a second start invalidates the state of the first, and each start works once', async ({
  stack,
  tenant,
}) => {
  const browser = stack.newBrowser();
  const { authUrl } = await begin(wish(tenant));
  const first = await decide(browser, await openLink(browser, authUrl));
  const second = await decide(browser, await openLink(browser, authUrl));

  const stale = await browser.visit(first);
  const fresh = await browser.visit(second);
  const again = await browser.visit(second);

  expect(stale).toMatchObject({ status: 404, location: undefined });
  expect(fresh.status).toBe(303);
  expect(again).toMatchObject({ status: 404, location: undefined });
});

it('row 3: two flows in one browser do not interfere with each other', async ({ stack, tenant }) => {
  const browser = stack.newBrowser();
  const one = await reachCallback(stack, { ...wish(tenant), browser, visit: { account: 'mira' } });
  const two = await reachCallback(stack, { ...wish(tenant), browser, visit: { account: 'jose' } });

  const first = readReturn(await browser.visit(one.callbackUrl));
  const second = readReturn(await browser.visit(two.callbackUrl));

  expect([first['flow'], second['flow']]).toEqual([one.flowId, two.flowId]);
  expect(browser.cookies(stack.apiUrl).size).toBe(0);
});

it('row 3: state and cookie carry 256 random bits each, and the table stores only their digests', async ({
  stack,
  tenant,
}) => {
  const { browser, flowId, callbackUrl } = await reachCallback(stack, wish(tenant));
  const [, nonce = ''] = (new URL(callbackUrl).searchParams.get('state') ?? '').split('.');
  const secret = browser.cookies(stack.apiUrl).get(`hawser-flow-${flowId}`) ?? '';

  const flow = await stack.tables.flow(flowId);

  for (const value of [nonce, secret]) {
    expect(Buffer.from(value, 'base64url')).toHaveLength(32);
    expect(JSON.stringify(flow)).not.toContain(value);
  }
  expect(flow['stateDigest']?.B).toEqual(new Uint8Array(createHash('sha256').update(nonce).digest()));
  expect(flow['browserDigest']?.B).toEqual(new Uint8Array(createHash('sha256').update(secret).digest()));
});

it('row 3: the cookie is HttpOnly and limited to this flow, this host and ten minutes', async ({
  stack,
  tenant,
}) => {
  const { authUrl, flowId } = await begin(wish(tenant));

  const page = await stack.newBrowser().visit(authUrl);
  const [line = '', ...others] = page.headers.getSetCookie();
  const onHttps = flowCookie('https://connect.example', flowId);

  expect(others).toEqual([]);
  expect(line).toMatch(
    new RegExp(`^hawser-flow-${flowId}=[\\w-]{43}; Max-Age=(?:600|599); Path=/; HttpOnly; SameSite=Lax$`),
  );
  expect(onHttps.set('secret', 600)).toBe(
    `__Host-hawser-flow-${flowId}=secret; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure`,
  );
});

it('row 3: the error page is the same whether the state or the cookie is wrong', async ({
  stack,
  tenant,
}) => {
  const { browser, callbackUrl } = await reachCallback(stack, wish(tenant));
  const stranger = stack.newBrowser();

  const pages = [
    await stranger.visit(callbackUrl),
    await browser.visit(withState(callbackUrl, () => undefined)),
    await browser.visit(withState(callbackUrl, withAnotherMac)),
    await browser.visit(`${stack.apiUrl}/integrations/callback/tiktok`),
  ];

  expect(new Set(pages.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
});
