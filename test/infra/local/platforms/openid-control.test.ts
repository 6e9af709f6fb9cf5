/** The OpenID sandbox follows the commands of the other sandboxes, and refuses in words those it cannot follow. */
import { afterEach, describe, expect, test } from 'vitest';
import { startOpenId } from '../../../../infra/local/platforms/openid/openid.ts';
import type { Fault } from '../../../../infra/local/sandbox/control/control.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import {
  connectOpenId,
  openIdLocation,
  openIdPost,
  openIdUrl,
  redeem,
  refresh,
  userinfo,
} from './openid-calls.ts';
import { call, client, otherClient, testClock, textOf } from './platform-calls.ts';

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

async function start(options: Partial<Parameters<typeof startOpenId>[0]> = {}): Promise<Sandbox> {
  const sandbox = await startOpenId({ clients: [client], now: testClock().now, ...options });
  running.push(sandbox);
  return sandbox;
}

describe('commands', () => {
  test('expire the access tokens of one account and leave its refresh token good', async () => {
    const sandbox = await start();
    const ines = await connectOpenId(sandbox, { account: 'ines' });
    const tomas = await connectOpenId(sandbox, { account: 'tomas' });

    const result = sandbox.control({ command: 'expire_access_tokens', account: 'ines' });
    const expired = await userinfo(sandbox, textOf(ines, 'access_token'));
    const good = await userinfo(sandbox, textOf(tomas, 'access_token'));
    const refreshed = await refresh(sandbox, textOf(ines, 'refresh_token'));

    expect(result).toEqual({ ok: true, affected: 1 });
    expect([expired.status, good.status, refreshed.status]).toEqual([401, 200, 200]);
  });

  test('expire refresh tokens', async () => {
    const sandbox = await start();
    const body = await connectOpenId(sandbox);

    const result = sandbox.control({ command: 'expire_refresh_tokens' });
    const answer = await refresh(sandbox, textOf(body, 'refresh_token'));

    expect([result, answer.body['error']]).toEqual([{ ok: true, affected: 1 }, 'invalid_grant']);
  });

  test('kill the grants of a subject with their tokens and their unspent codes', async () => {
    const sandbox = await start();
    const ines = await connectOpenId(sandbox, { account: 'ines' });
    const code = (await openIdLocation(sandbox, { account: 'ines' })).searchParams.get('code') ?? '';
    const tomas = await connectOpenId(sandbox, { account: 'tomas' });
    const { body } = await userinfo(sandbox, textOf(ines, 'access_token'));

    const result = sandbox.control({ command: 'kill_grants', account: textOf(body, 'sub') });
    const profile = await userinfo(sandbox, textOf(ines, 'access_token'));
    const dead = [await refresh(sandbox, textOf(ines, 'refresh_token')), await redeem(sandbox, code)];
    const alive = await refresh(sandbox, textOf(tomas, 'refresh_token'));
    const repeated = sandbox.control({ command: 'kill_grants', account: 'ines' });

    expect([result, repeated]).toEqual([
      { ok: true, affected: 2 },
      { ok: true, affected: 0 },
    ]);
    expect(profile.status).toBe(401);
    expect(dead.map((answer) => answer.body['error'])).toEqual(['invalid_grant', 'invalid_grant']);
    expect(alive.status).toBe(200);
  });

  test('set how long new secrets last, by the clock of the sandbox', async () => {
    const clock = testClock();
    const sandbox = await start({ now: clock.now });
    sandbox.control({ command: 'set_lifetimes', accessTokenSeconds: 60, refreshTokenSeconds: 120 });
    const body = await connectOpenId(sandbox);

    clock.advanceSeconds(61);
    const expired = await userinfo(sandbox, textOf(body, 'access_token'));
    const refreshed = await refresh(sandbox, textOf(body, 'refresh_token'));
    clock.advanceSeconds(121);
    const late = await refresh(sandbox, textOf(refreshed.body, 'refresh_token'));

    expect(body['expires_in']).toBe(60);
    expect([expired.status, refreshed.status, late.status]).toEqual([401, 200, 400]);
  });

  test('that the server cannot follow are refused in words', async () => {
    const sandbox = await start();

    const endless = sandbox.control({ command: 'set_lifetimes', refreshTokenSeconds: null });
    const switched = sandbox.control({ command: 'set_modes', modes: { rotation: 'fixed' } });

    expect(endless).toEqual({ ok: false, error: 'Refresh tokens of this server always have an end.' });
    expect(switched).toEqual({ ok: false, error: 'This server follows the standard and has no switches.' });
  });

  test('arrive over HTTP as JSON, and what the sandbox saw is told there', async () => {
    const sandbox = await start();
    const post = (body: string, type = 'application/json') =>
      call(`${sandbox.origin}/_sandbox/control`, { method: 'POST', body, headers: { 'content-type': type } });

    const added = await post(JSON.stringify({ command: 'add_client', client: otherClient }));
    const known = await call(openIdUrl(sandbox, { client_id: otherClient.clientId }));
    const form = await post('command=kill_grants', 'application/x-www-form-urlencoded');
    const unknown = await post(JSON.stringify({ command: 'explode' }));
    const calls = await call(`${sandbox.origin}/_sandbox/calls`);

    expect([added.status, known.status, form.status, unknown.status]).toEqual([200, 303, 415, 400]);
    expect(calls.body['calls']).toEqual(sandbox.calls().calls);
  });
});

describe('faults', () => {
  const inject = (sandbox: Sandbox, fault: Fault, endpoint: 'token' | 'revoke' | 'profile' = 'token') =>
    sandbox.control({ command: 'inject', endpoint, calls: 1, fault });

  test('that refuse do nothing: the same refresh token works afterwards', async () => {
    const sandbox = await start();
    const token = textOf(await connectOpenId(sandbox), 'refresh_token');
    inject(sandbox, { kind: 'status', status: 503, body: 'json' });
    inject(sandbox, { kind: 'rate_limited', retryAfterSeconds: 7 });

    const broken = await refresh(sandbox, token);
    const limited = await refresh(sandbox, token);
    const good = await refresh(sandbox, token);

    expect([broken.status, broken.body['error'], limited.status]).toEqual([503, 'server_error', 429]);
    expect(limited.headers.get('retry-after')).toBe('7');
    expect(good.status).toBe(200);
  });

  test('that lose the answer act first: the refresh token is spent', async () => {
    const sandbox = await start();
    const token = textOf(await connectOpenId(sandbox), 'refresh_token');
    inject(sandbox, { kind: 'lose_answer' });

    await expect(refresh(sandbox, token)).rejects.toThrow();
    const again = await refresh(sandbox, token);

    expect(again.body['error']).toBe('invalid_grant');
    expect(sandbox.calls().refreshTokenReuses).toBe(1);
  });

  test('distort an answer and nothing else', async () => {
    const sandbox = await start();
    const first = await connectOpenId(sandbox);
    inject(sandbox, { kind: 'expires_in', value: '3600' });
    inject(sandbox, { kind: 'without_refresh_token' });
    inject(sandbox, { kind: 'garbage_body' }, 'profile');

    const text = await refresh(sandbox, textOf(first, 'refresh_token'));
    const less = await refresh(sandbox, textOf(text.body, 'refresh_token'));
    const garbage = await userinfo(sandbox, textOf(less.body, 'access_token'));
    const profile = await userinfo(sandbox, textOf(less.body, 'access_token'));

    expect(text.body['expires_in']).toBe('3600');
    expect(less.body).not.toHaveProperty('refresh_token');
    expect(() => JSON.parse(garbage.text)).toThrow();
    expect(profile.status).toBe(200);
  });

  test('meet one account and one kind of token call alone', async () => {
    const sandbox = await start();
    const ines = textOf(await connectOpenId(sandbox, { account: 'ines' }), 'refresh_token');
    const tomas = textOf(await connectOpenId(sandbox, { account: 'tomas' }), 'refresh_token');
    const fault = { kind: 'status', status: 500, body: 'html' } as const;
    sandbox.control({
      command: 'inject',
      endpoint: 'token',
      calls: 1,
      fault,
      account: 'ines',
      grantType: 'refresh_token',
    });

    const connected = await connectOpenId(sandbox, { account: 'ines' });
    const other = await refresh(sandbox, tomas);
    const hit = await refresh(sandbox, ines);

    expect(connected).toHaveProperty('access_token');
    expect([other.status, hit.status]).toEqual([200, 500]);
  });

  test('delay a revocation that is carried out although its caller has gone', async () => {
    const sandbox = await start();
    const body = await connectOpenId(sandbox);
    inject(sandbox, { kind: 'delay', milliseconds: 1_500 }, 'revoke');

    const caller = new AbortController();
    const gone = fetch(`${sandbox.origin}/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ token: textOf(body, 'refresh_token') }),
      headers: { authorization: `Basic ${btoa(`${client.clientId}:${client.clientSecret}`)}` },
      signal: caller.signal,
    });

    const outcome = expect(gone).rejects.toThrow();
    await expect.poll(() => sandbox.calls().calls.revoke).toBe(1);
    caller.abort();
    await outcome;
    await expect.poll(async () => (await userinfo(sandbox, textOf(body, 'access_token'))).status).toBe(401);
  });
});

test('counts calls per endpoint and per grant, and reports no secret', async () => {
  const sandbox = await start();
  const body = await connectOpenId(sandbox, { account: 'tomas' });
  const refreshed = await refresh(sandbox, textOf(body, 'refresh_token'));
  await userinfo(sandbox, textOf(refreshed.body, 'access_token'));
  await openIdPost(sandbox, '/token/revocation', { token: textOf(refreshed.body, 'refresh_token') });

  const report = sandbox.calls();

  expect(report.calls).toMatchObject({ authorize: 1, consent: 1, token: 2, profile: 1, revoke: 1 });
  expect(report.grants).toMatchObject([{ account: 'tomas', tokenCalls: 2, maxTokenCallsInFlight: 1 }]);
  expect(report.latest.map(({ status }) => status)).toEqual([303, 200, 303, 303, 200, 200, 200, 200]);
  expect(JSON.stringify(report)).not.toContain('s4ndb0x');
  sandbox.control({ command: 'reset_calls' });
  expect(sandbox.calls().calls.token).toBe(0);
});
