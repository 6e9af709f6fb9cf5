/** Rows 16 and 18 of the attack table: responses and their timing reveal nothing to an attacker, and no page can be framed or read by another site. */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, vi } from 'vitest';
import { mintApiKey, parseApiKey, provesApiKey } from '../../lib/access/api-key.ts';
import { matchesDigest } from '../../lib/constant-time.ts';
import { newFlowId, type TenantId } from '../../lib/ids.ts';
import { mintState, verifyState } from '../../lib/oauth/state.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { sharedTenantTest } from '../support/fixtures/stack.ts';
import { createApiClient } from '../support/stack/api-client.ts';
import { begin, decide, openLink, reachCallback } from '../support/stack/flow-steps.ts';

let tenantId: TenantId;

const it = sharedTenantTest({ tenant: { directLinking: true } });
it.beforeAll(async ({ stack, tenant }) => {
  tenantId = (await stack.local.operator.requireTenant(tenant.id)).id;
});
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Records constant-time comparisons without changing their results. */
function watchComparisons() {
  const watched = vi.spyOn(crypto, 'timingSafeEqual');
  syncBuiltinESMExports();
  return watched;
}

it('row 16: the callback compares a state in constant time with the current and the previous secret, whichever one matches', () => {
  const secrets = { current: new Secret('now'), previous: new Secret('before') };
  const byCurrent = mintState(newFlowId(), secrets).state;
  const byPrevious = mintState(newFlowId(), { current: secrets.previous }).state;
  const byNobody = mintState(newFlowId(), { current: new Secret('other') }).state;
  const watched = watchComparisons();

  const counts = [byCurrent, byPrevious, byNobody].map((state) => {
    watched.mockClear();
    const known = verifyState(state, secrets) !== undefined;
    return [known, watched.mock.calls.length];
  });

  expect(counts).toEqual([
    [true, 2],
    [true, 2],
    [false, 2],
  ]);
});

it('row 16: authentication compares an API key in constant time, whether or not it is revoked', () => {
  const { text, key } = mintApiKey(tenantId, 'test', 0);
  const { secret = '' } = parseApiKey(text.reveal()) ?? {};
  const watched = watchComparisons();

  const answers = [
    provesApiKey(key, secret),
    provesApiKey(key, 'f'.repeat(64)),
    provesApiKey({ ...key, status: 'revoked' }, secret),
  ];

  expect(answers).toEqual([true, false, false]);
  expect(watched).toHaveBeenCalledTimes(3);
});

it('row 16: flow secrets are compared in constant time, as digests of equal length', () => {
  const digest = crypto.createHash('sha256').update('right').digest();
  const watched = watchComparisons();

  const answers = ['right', 'wrong', '', 'r'.repeat(10_000)].map((text) => matchesDigest(text, digest));

  expect(answers).toEqual([true, false, false, false]);
  expect(watched.mock.calls.map(([left, right]) => [left.byteLength, right.byteLength])).toEqual(
    Array(4).fill([32, 32]),
  );
});

it('row 16: the API gives the same answer to an unknown key, a wrong secret, a revoked key and no key', async ({
  stack,
  tenant,
}) => {
  const { operator } = stack.local;
  const revoked = await operator.createApiKey(tenant.id, 'short-lived');
  await operator.apiKeys.revoke(tenantId, revoked.id);
  const unknown = mintApiKey(tenantId, 'unknown', 0).text.reveal();
  const id = parseApiKey(tenant.apiKey)?.id ?? '';
  const wrong = reseal(`hwk_${id}_${'a'.repeat(64)}`);
  const keys = [unknown, wrong, revoked.text.reveal(), 'hwk_x', `${tenant.apiKey}0`, 'not-a-key', ''];

  const answers: string[] = [];
  for (const key of keys) {
    const answer = await createApiClient(stack.apiUrl, key).send('status');
    const own = answer.headers.get('x-correlation-id') ?? '';
    answers.push(
      `${answer.status} ${answer.headers.get('www-authenticate')} ${answer.text.replace(own, '')}`,
    );
  }

  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatch(/^401 Bearer .*UNAUTHORIZED/);
});

it('row 16: the API refuses an API key that a browser sends', async ({ tenant }) => {
  const refusal = await tenant.client.fails('status', { headers: { origin: 'https://app.example' } });

  expect(refusal).toMatchObject({ code: 'FORBIDDEN', status: 403 });
});

it('row 18: no response of start or callback can be framed, cached, leaked in a Referer or scripted by its opener', async ({
  stack,
  tenant,
}) => {
  const browser = stack.newBrowser();
  const user = tenant.user('ada');
  const confirmed = await begin({ user, provider: 'tiktok' });
  const direct = await begin({ user, provider: 'tiktok', body: { completion: 'direct' } });
  const callbackUrl = await decide(browser, await openLink(browser, confirmed.authUrl));
  const denied = await reachCallback(stack, { user, provider: 'tiktok', visit: { decision: 'deny' } });

  const pages = [
    await browser.visit(confirmed.authUrl),
    await browser.visit(direct.authUrl),
    await browser.visit(`${direct.authUrl}?agreed=yes`),
    await browser.visit(`${stack.apiUrl}/integrations/start/${'A'.repeat(22)}`),
    await browser.visit(`${stack.apiUrl}/integrations/start/nonsense`),
    await browser.visit(callbackUrl),
    await denied.browser.visit(denied.callbackUrl),
    await browser.visit(`${stack.apiUrl}/integrations/callback/tiktok?state=a&state=b`),
  ];

  // The last start has made the state before it void.
  expect(pages.map(({ status }) => status)).toEqual([303, 200, 303, 404, 400, 404, 303, 400]);
  for (const { headers } of pages) {
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none';.*frame-ancestors 'none'/);
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('cross-origin-opener-policy')).toBe(false);
  }
});

it('row 18: no page of Hawser runs a script or loads a resource', async ({ stack, tenant }) => {
  const { authUrl } = await begin({
    user: tenant.user('<script>alert(1)</script>'),
    provider: 'tiktok',
    body: { completion: 'direct' },
  });

  const page = await stack.newBrowser().visit(authUrl);

  expect(page.text).not.toMatch(/<script|javascript:|\son\w+=|<img|<iframe|<form|url\(/i);
  expect(page.headers.get('content-security-policy')).not.toMatch(/script-src|unsafe|https?:/);
});

/** Adds a valid checksum to a key, as anyone who knows the format can. */
function reseal(text: string): string {
  return `${text}_${crypto.createHash('sha256').update(text).digest('hex').slice(0, 8)}`;
}
