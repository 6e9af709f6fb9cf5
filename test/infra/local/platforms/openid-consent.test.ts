/** The consent page of the OpenID sandbox works without JavaScript, and what is ticked there is what is granted. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startOpenId } from '../../../../infra/local/platforms/openid/openid.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import { readForm } from '../../../../infra/local/sandbox/visitor/html-form.ts';
import { connectOpenId, openIdLocation, openIdUrl, redeem, refresh, userinfo } from './openid-calls.ts';
import { call, client, postForm, textOf } from './platform-calls.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startOpenId({ clients: [client], now: () => Date.now() });
});
afterEach(() => sandbox.close());

describe('the consent page', () => {
  test('offers every requested scope ticked, at least three accounts, and two decisions, without a script', async () => {
    const start = await call(openIdUrl(sandbox));
    const page = await visitPage(start.headers);
    const form = readForm(page.text);

    const named = (wanted: string) => (form?.controls ?? []).filter((control) => control.name === wanted);
    expect(named('scope').map(({ value, checked }) => [value, checked])).toEqual([
      ['openid', true],
      ['profile', true],
      ['offline_access', true],
    ]);
    expect(named('account').length).toBeGreaterThanOrEqual(3);
    expect(named('decision').map(({ kind, value }) => [kind, value])).toEqual([
      ['submit', 'approve'],
      ['submit', 'deny'],
    ]);
    expect(page.text).toContain('Inês Åkerblom');
    expect(page.text).not.toMatch(/<script|\son[a-z]+=/i);
    expect(page.headers.get('content-security-policy')).not.toContain('form-action');
  });

  test('asks again when nothing is ticked or no account is chosen', async () => {
    const start = await call(openIdUrl(sandbox));
    const post = (fields: Readonly<Record<string, string>>) =>
      postForm(pageOf(start.headers), fields, { cookie: cookieOf(start.headers) });

    const nothing = await post({ decision: 'approve', account: 'ines' });
    const nobody = await post({ decision: 'approve', scope: 'openid' });

    for (const answer of [nothing, nobody]) {
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('role="alert"');
    }
  });

  test('refuses a browser that did not begin the authorization', async () => {
    const mine = await call(openIdUrl(sandbox));
    const theirs = await call(openIdUrl(sandbox));
    const fields = { decision: 'approve', account: 'ines', scope: 'openid' };

    const stranger = await postForm(pageOf(mine.headers), fields);
    const crossed = await postForm(pageOf(mine.headers), fields, { cookie: cookieOf(theirs.headers) });

    expect([stranger.status, crossed.status]).toEqual([400, 400]);
  });

  test('grants what was ticked and nothing else', async () => {
    const quiet = await connectOpenId(sandbox, { scopes: ['openid', 'offline_access'] });
    const short = await connectOpenId(sandbox, { scopes: ['openid', 'profile'] });
    const nameless = await connectOpenId(sandbox, { scopes: ['profile'] });
    const profile = await userinfo(sandbox, textOf(quiet, 'access_token'));
    const refreshed = await refresh(sandbox, textOf(quiet, 'refresh_token'));

    expect(quiet['scope']).toBe('openid offline_access');
    expect(Object.keys(profile.body)).toEqual(['sub']);
    expect(refreshed.body['scope']).toBe('openid offline_access');
    expect(short).not.toHaveProperty('refresh_token');
    expect(nameless).toMatchObject({ scope: 'profile' });
    expect(nameless).not.toHaveProperty('id_token');
  });

  test('grants no scope that was not requested', async () => {
    const start = await call(openIdUrl(sandbox, { scope: 'openid' }));
    const fields = new URLSearchParams({ decision: 'approve', account: 'ines', scope: 'openid' });
    fields.append('scope', 'profile');
    const decided = await call(pageOf(start.headers), {
      method: 'POST',
      body: fields,
      headers: { cookie: cookieOf(start.headers) },
    });
    const resumed = await call(decided.headers.get('location') ?? '', {
      headers: { cookie: cookieOf(start.headers) },
    });
    const code = new URL(resumed.headers.get('location') ?? '').searchParams.get('code') ?? '';
    const { body } = await redeem(sandbox, code);

    expect(body['scope']).toBe('openid');
  });

  test('sends a refusal back with state and issuer', async () => {
    const { searchParams } = await openIdLocation(sandbox, { decision: 'deny' });

    expect(searchParams.get('error')).toBe('access_denied');
    expect(searchParams.get('state')).toBe('state-1');
    expect(searchParams.get('iss')).toBe(sandbox.origin);
  });

  const pageOf = (headers: Headers) => sandbox.origin + headers.get('location');
  const cookieOf = (headers: Headers) =>
    headers
      .getSetCookie()
      .map((written) => written.split(';')[0])
      .join('; ');
  const visitPage = (headers: Headers) => call(pageOf(headers), { headers: { cookie: cookieOf(headers) } });
});

describe('the visitor', () => {
  const authorizeUrl = `http://platform.example/auth?redirect_uri=${encodeURIComponent('http://app.example/back')}`;
  const redirectTo = (location: string, ...cookies: readonly string[]) =>
    new Response(null, {
      status: 303,
      headers: [['location', location], ...cookies.map((cookie): [string, string] => ['set-cookie', cookie])],
    });

  test("keeps the platform's cookies until they expire, and sends none away from the platform", async () => {
    const sent: (string | null)[] = [];
    const answers = [
      redirectTo('/one', 'a=1; Path=/', 'b=2; Max-Age=60; HttpOnly'),
      redirectTo('/two', 'a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'c=x=y'),
      redirectTo('http://app.example/back?code=1'),
    ];
    const answering: typeof fetch = async (_url, init) => {
      sent.push(new Headers(init?.headers).get('cookie'));
      return answers[sent.length - 1] ?? Response.error();
    };

    const location = await approve(authorizeUrl, {}, answering);

    expect(location).toBe('http://app.example/back?code=1');
    expect(sent).toEqual([null, 'a=1; b=2', 'b=2; c=x=y']);
  });

  test("stops at the application, even where it shares the platform's origin", async () => {
    const url = `http://platform.example/auth?redirect_uri=${encodeURIComponent('http://platform.example/back')}`;

    const location = await approve(url, {}, async () => redirectTo('/back?code=1'));

    expect(location).toBe('http://platform.example/back?code=1');
  });

  test('gives up on a platform that redirects in circles', async () => {
    let calls = 0;
    const circle: typeof fetch = async () => {
      calls += 1;
      return redirectTo('/auth');
    };

    await expect(approve(authorizeUrl, {}, circle)).rejects.toThrow('redirected too often');
    expect(calls).toBe(6);
  });
});
