/** Commands, faults and counters do to a sandbox platform exactly what they say, in process and over HTTP. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTikTok } from '../../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Fault } from '../../../../infra/local/sandbox/control/control.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import {
  call,
  client,
  connectTikTok,
  otherClient,
  testClock,
  textOf,
  tiktokCode,
  tiktokToken,
  tiktokUrl,
  tiktokUser,
} from './platform-calls.ts';

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await startTikTok({ clients: [client], now: testClock().now });
});
afterEach(() => sandbox.close());

const refresh = (refreshToken: string) =>
  tiktokToken(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken });
const inject = (fault: Fault, more: { account?: string; grantType?: string; calls?: number } = {}) =>
  sandbox.control({ command: 'inject', endpoint: 'token', calls: 1, fault, ...more });
const postCommand = (body: string, contentType = 'application/json') =>
  call(`${sandbox.origin}/_sandbox/control`, {
    method: 'POST',
    body,
    headers: { 'content-type': contentType },
  });

/** Waits until the sandbox has seen so many token calls. */
async function untilTokenCalls(count: number): Promise<void> {
  await expect.poll(() => sandbox.calls().calls.token).toBe(count);
}

describe('commands', () => {
  test('expire the access tokens of one account and leave its refresh token good', async () => {
    const mira = await connectTikTok(sandbox, { account: 'mira' });
    const jose = await connectTikTok(sandbox, { account: 'jose' });

    const result = sandbox.control({ command: 'expire_access_tokens', account: 'mira' });
    const expired = await tiktokUser(sandbox, textOf(mira, 'access_token'), 'open_id');
    const good = await tiktokUser(sandbox, textOf(jose, 'access_token'), 'open_id');
    const refreshed = await refresh(textOf(mira, 'refresh_token'));

    expect(result).toEqual({ ok: true, affected: 1 });
    expect([expired.status, good.status, refreshed.status]).toEqual([401, 200, 200]);
  });

  test("kill a grant named by the platform's own id, with its tokens and its unspent codes", async () => {
    const body = await connectTikTok(sandbox);
    const code = await tiktokCode(sandbox);

    const result = sandbox.control({ command: 'kill_grants', account: textOf(body, 'open_id') });
    const answers = [
      await refresh(textOf(body, 'refresh_token')),
      await tiktokToken(sandbox, {
        grant_type: 'authorization_code',
        code,
        redirect_uri: client.redirectUris[0] ?? '',
      }),
    ];

    expect(result).toEqual({ ok: true, affected: 1 });
    expect(answers.map((answer) => answer.body['error'])).toEqual(['invalid_grant', 'invalid_grant']);
  });

  test('expire refresh tokens', async () => {
    const body = await connectTikTok(sandbox);

    sandbox.control({ command: 'expire_refresh_tokens' });
    const answer = await refresh(textOf(body, 'refresh_token'));

    expect(answer.body['error']).toBe('invalid_grant');
  });

  test('add a client that is known from then on', async () => {
    const url = tiktokUrl(sandbox, { client_key: otherClient.clientId });
    const before = await call(url);

    sandbox.control({ command: 'add_client', client: otherClient });
    const after = await call(url);

    expect([before.status, after.status]).toEqual([400, 200]);
  });

  test('are refused when a mode or its value is unknown, and change nothing', async () => {
    const misspelt = sandbox.control({ command: 'set_modes', modes: { rotatoin: 'fixed' } });
    const wrong = sandbox.control({
      command: 'set_modes',
      modes: { rotation: 'fixed', oauthErrorStatus: 'perhaps' },
    });
    const first = await connectTikTok(sandbox);
    const second = await refresh(textOf(first, 'refresh_token'));

    expect([misspelt.ok, wrong.ok]).toEqual([false, false]);
    expect(second.body['refresh_token']).not.toBe(first['refresh_token']);
  });

  test('turn one switch and leave the others as they were set', async () => {
    sandbox.control({ command: 'set_modes', modes: { oauthErrorStatus: 'always_200' } });
    sandbox.control({ command: 'set_modes', modes: { rotation: 'fixed' } });

    const answer = await refresh('rft.s4ndb0x-unknown');

    expect(answer.status).toBe(200);
  });

  test('arrive over HTTP as JSON and as nothing else', async () => {
    const good = await postCommand('{"command":"set_lifetimes","accessTokenSeconds":60}');
    const answers = [
      await postCommand('{"command":"reset_calls"}', 'text/plain'),
      await postCommand('{"command":'),
      await postCommand('{"command":"set_lifetimes","accessTokenSeconds":-1}'),
      await postCommand('{"command":"make_coffee"}'),
    ];
    const body = await connectTikTok(sandbox);

    expect(good.body).toEqual({ ok: true, affected: 1 });
    expect(answers.map(({ status }) => status)).toEqual([415, 400, 400, 400]);
    expect(body['expires_in']).toBe(60);
  });
});

describe('faults that refuse', () => {
  test("answer with the platform's own JSON, given JSON, or HTML, and spend nothing", async () => {
    const { refresh_token: token } = await connectTikTok(sandbox);
    inject({ kind: 'status', status: 503, body: 'json' });
    inject({ kind: 'status', status: 401, body: 'json', json: { error: 'invalid_client' } });
    inject({ kind: 'status', status: 502, body: 'html' });

    const answers = [
      await refresh(String(token)),
      await refresh(String(token)),
      await refresh(String(token)),
    ];
    const after = await refresh(String(token));

    expect(answers.map(({ status }) => status)).toEqual([503, 401, 502]);
    expect(answers[0]?.body).toMatchObject({ error: 'server_error', log_id: expect.any(String) });
    expect(answers[1]?.body).toEqual({ error: 'invalid_client' });
    expect(answers[2]?.headers.get('content-type')).toContain('text/html');
    expect(after.status).toBe(200);
  });

  test('answer 429 with and without Retry-After', async () => {
    inject({ kind: 'rate_limited', retryAfterSeconds: 7 });
    inject({ kind: 'rate_limited' });

    const answers = [await refresh('x'), await refresh('x')];

    expect(answers.map(({ status }) => status)).toEqual([429, 429]);
    expect(answers.map(({ headers }) => headers.get('retry-after'))).toEqual(['7', null]);
  });

  test('answer with a redirect', async () => {
    inject({ kind: 'redirect', status: 307, location: 'http://127.0.0.1:9/elsewhere' });

    const answer = await refresh('x');

    expect(answer.status).toBe(307);
    expect(answer.headers.get('location')).toBe('http://127.0.0.1:9/elsewhere');
  });

  test('speak the resource dialect on the profile endpoint', async () => {
    sandbox.control({
      command: 'inject',
      endpoint: 'profile',
      calls: 1,
      fault: { kind: 'status', status: 500, body: 'json' },
    });

    const answer = await tiktokUser(sandbox, 'x', 'open_id');

    expect(answer.body).toMatchObject({ error: { code: 'internal_error' } });
  });
});

describe('faults that do the work', () => {
  test.each<Fault>([{ kind: 'lose_answer' }, { kind: 'half_body', afterwards: 'close' }])(
    'rotate the refresh token, then break the connection: %o',
    async (fault) => {
      const body = await connectTikTok(sandbox);
      inject(fault);

      await expect(refresh(textOf(body, 'refresh_token'))).rejects.toThrow();
      const retried = await refresh(textOf(body, 'refresh_token'));

      expect(retried.body['error']).toBe('invalid_grant');
      expect(sandbox.calls().refreshTokenReuses).toBe(1);
    },
  );

  test.each<Fault>([{ kind: 'hold_answer' }, { kind: 'half_body', afterwards: 'stall' }])(
    'rotate the refresh token, then keep the caller waiting: %o',
    async (fault) => {
      const body = await connectTikTok(sandbox);
      inject(fault);
      const before = sandbox.calls().calls.token;
      const caller = new AbortController();

      const waiting = call(`${sandbox.origin}/v2/oauth/token/`, {
        method: 'POST',
        signal: caller.signal,
        body: new URLSearchParams({
          client_key: client.clientId,
          client_secret: client.clientSecret,
          grant_type: 'refresh_token',
          refresh_token: textOf(body, 'refresh_token'),
        }),
      });

      const outcome = expect(waiting).rejects.toThrow(/abort/i);
      await expect.poll(() => sandbox.calls().calls.token).toBe(before + 1);
      caller.abort();
      await outcome;
      expect((await refresh(textOf(body, 'refresh_token'))).body['error']).toBe('invalid_grant');
    },
  );

  test('answer late', async () => {
    inject({ kind: 'hold_answer', milliseconds: 120 });
    inject({ kind: 'delay', milliseconds: 120 });
    const began = performance.now();

    const answers = [await refresh('x'), await refresh('x')];

    expect(performance.now() - began).toBeGreaterThan(230);
    expect(answers.map(({ body }) => body['error'])).toEqual(['invalid_grant', 'invalid_grant']);
  });

  test('do the delayed work although the caller has gone', async () => {
    const body = await connectTikTok(sandbox);
    inject({ kind: 'delay', milliseconds: 150 });
    const before = sandbox.calls().calls.token;
    const caller = new AbortController();
    const { signal } = caller;
    const fields = new URLSearchParams({
      client_key: client.clientId,
      client_secret: client.clientSecret,
      grant_type: 'refresh_token',
      refresh_token: textOf(body, 'refresh_token'),
    });

    const gone = call(`${sandbox.origin}/v2/oauth/token/`, { method: 'POST', body: fields, signal }).catch(
      () => undefined,
    );
    await expect.poll(() => sandbox.calls().calls.token).toBe(before + 1);
    caller.abort();
    await gone;
    await expect.poll(() => sandbox.calls().tokenCallsInFlight).toBe(0);
    const retried = await refresh(textOf(body, 'refresh_token'));

    expect(retried.body['error']).toBe('invalid_grant');
  });

  test('send garbage, too much, no refresh token, or an absurd life', async () => {
    const first = await connectTikTok(sandbox);
    inject({ kind: 'garbage_body' });
    const garbage = await refresh(textOf(first, 'refresh_token'));
    const second = await connectTikTok(sandbox);
    inject({ kind: 'without_refresh_token' });
    const without = await refresh(textOf(second, 'refresh_token'));
    const third = await connectTikTok(sandbox);
    inject({ kind: 'expires_in', value: 'soon' });
    const absurd = await refresh(textOf(third, 'refresh_token'));
    inject({ kind: 'oversized_body', bytes: 2_000_000 });
    const large = await refresh(textOf(absurd.body, 'refresh_token'));

    expect([garbage.status, garbage.body]).toEqual([200, {}]);
    expect(without.body).toHaveProperty('access_token');
    expect(without.body).not.toHaveProperty('refresh_token');
    expect(absurd.body['expires_in']).toBe('soon');
    expect(large.text.length).toBeGreaterThan(2_000_000);
  });
});

describe('injection', () => {
  test('meets the next calls that fit, in order, and no others', async () => {
    const mira = await connectTikTok(sandbox, { account: 'mira' });
    const jose = await connectTikTok(sandbox, { account: 'jose' });
    inject({ kind: 'status', status: 500, body: 'json' }, { account: 'jose', calls: 2 });
    inject({ kind: 'status', status: 502, body: 'json' }, { grantType: 'authorization_code' });

    const statuses = [
      (await refresh(textOf(mira, 'refresh_token'))).status,
      (await refresh(textOf(jose, 'refresh_token'))).status,
      (await refresh(textOf(jose, 'refresh_token'))).status,
      (await refresh(textOf(jose, 'refresh_token'))).status,
      (await tiktokToken(sandbox, { grant_type: 'authorization_code', code: 'x' })).status,
    ];

    expect(statuses).toEqual([200, 500, 500, 200, 502]);
  });

  test('is undone by clear_faults, which tells how many were left', async () => {
    inject({ kind: 'status', status: 500, body: 'json' }, { calls: 3 });

    const cleared = sandbox.control({ command: 'clear_faults' });
    const answer = await refresh('x');

    expect(cleared).toEqual({ ok: true, affected: 3 });
    expect(answer.status).toBe(400);
  });
});

describe('counters', () => {
  test('know the token calls in flight now and at most, per grant', async () => {
    const mira = await connectTikTok(sandbox, { account: 'mira' });
    const jose = await connectTikTok(sandbox, { account: 'jose' });
    sandbox.control({ command: 'reset_calls' });
    inject({ kind: 'hold_answer', milliseconds: 150 }, { calls: 3 });

    const calls = [mira, mira, jose].map((body) => refresh(textOf(body, 'refresh_token')));
    await untilTokenCalls(3);
    const during = sandbox.calls();
    await Promise.all(calls);
    const after = sandbox.calls();

    expect(during.tokenCallsInFlight).toBe(3);
    expect(after.tokenCallsInFlight).toBe(0);
    const perGrant = Object.fromEntries(after.grants.map((grant) => [grant.account, grant]));
    expect(perGrant['mira']).toMatchObject({
      tokenCalls: 2,
      maxTokenCallsInFlight: 2,
      tokenCallsInFlight: 0,
    });
    expect(perGrant['jose']).toMatchObject({ tokenCalls: 1, maxTokenCallsInFlight: 1 });
    expect(perGrant['mira']?.refreshTokenReuses).toBe(1);
  });

  test('count one at most for calls that follow each other', async () => {
    let { refresh_token: token } = await connectTikTok(sandbox);

    for (let turn = 0; turn < 20; turn += 1) token = (await refresh(String(token))).body['refresh_token'];

    expect(sandbox.calls().grants).toMatchObject([{ tokenCalls: 21, maxTokenCallsInFlight: 1 }]);
  });

  test('tell calls by endpoint over HTTP, without a secret in them', async () => {
    const body = await connectTikTok(sandbox);
    await tiktokUser(sandbox, textOf(body, 'access_token'), 'open_id');
    inject({ kind: 'lose_answer' });
    await refresh(textOf(body, 'refresh_token')).catch(() => {});

    const report = await call(`${sandbox.origin}/_sandbox/calls`);

    expect(report.body['calls']).toEqual({
      authorize: 1,
      consent: 1,
      token: 2,
      revoke: 0,
      profile: 1,
      other: 0,
    });
    expect(report.body['latest']).toMatchObject([
      { endpoint: 'authorize', status: 200 },
      { endpoint: 'consent', status: 303 },
      { endpoint: 'token', grantType: 'authorization_code', account: 'mira', status: 200 },
      { endpoint: 'profile', account: 'mira', path: '/v2/user/info/' },
      { endpoint: 'token', grantType: 'refresh_token', fault: 'lose_answer' },
    ]);
    expect(report.text).not.toContain('s4ndb0x');
  });
});
