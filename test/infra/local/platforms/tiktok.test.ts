/** The TikTok sandbox keeps to what TikTok documents; each promise names the trap it holds for a client. */
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTikTok } from '../../../../infra/local/platforms/tiktok/tiktok.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import {
  call,
  client,
  connectTikTok,
  otherClient,
  postForm,
  redirectUri,
  testClock,
  textOf,
  tiktokCode,
  tiktokToken,
  tiktokUrl,
  tiktokUser,
} from './platform-calls.ts';

let sandbox: Sandbox;
let clock: ReturnType<typeof testClock>;

beforeEach(async () => {
  clock = testClock();
  sandbox = await startTikTok({ clients: [client, otherClient], now: clock.now });
});
afterEach(() => sandbox.close());

const exchange = (code: string, changes: Readonly<Record<string, string>> = {}, by = client) =>
  tiktokToken(sandbox, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...changes }, by);
const refresh = (refreshToken: string, by = client) =>
  tiktokToken(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken }, by);
const revoke = (token: string, by = client) =>
  postForm(`${sandbox.origin}/v2/oauth/revoke/`, {
    client_key: by.clientId,
    client_secret: by.clientSecret,
    token,
  });

describe('the TikTok sandbox: authorization', () => {
  test('sends code, scopes joined with commas and state back', async () => {
    const location = new URL(await approve(tiktokUrl(sandbox), {}, fetch));

    expect(location.href.startsWith(`${redirectUri}?`)).toBe(true);
    expect([...location.searchParams.keys()]).toEqual(['code', 'scopes', 'state']);
    expect(location.searchParams.get('scopes')).toBe('user.info.basic,user.info.profile');
    expect(location.searchParams.get('state')).toBe('state-1');
  });

  test('sends back only the scopes that the user left ticked', async () => {
    const location = new URL(await approve(tiktokUrl(sandbox), { scopes: ['user.info.basic'] }, fetch));

    expect(location.searchParams.get('scopes')).toBe('user.info.basic');
  });

  test('sends access_denied and the state back when the user refuses', async () => {
    const location = new URL(await approve(tiktokUrl(sandbox), { decision: 'deny' }, fetch));

    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.get('state')).toBe('state-1');
    expect(location.searchParams.has('code')).toBe(false);
  });

  test.each([
    ['an unknown client_key', { client_key: 'nobody' }],
    ['client_id in place of client_key', { client_key: '', client_id: client.clientId }],
    ['a redirect_uri with something added', { redirect_uri: `${redirectUri}/` }],
  ])('shows a page and does not redirect for %s', async (_what, changes) => {
    const answer = await call(tiktokUrl(sandbox, changes));

    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
  });

  test.each([
    ['invalid_scope', { scope: 'user.info.basic user.info.profile' }],
    ['invalid_scope', { scope: 'user.info.everything' }],
    ['unsupported_response_type', { response_type: 'token' }],
    ['invalid_request', { state: '' }],
    ['invalid_request', { code_challenge: 'abc', code_challenge_method: 'plain' }],
  ])('sends %s back for %o', async (error, changes) => {
    const answer = await call(tiktokUrl(sandbox, changes));

    expect(answer.status).toBe(303);
    expect(new URL(answer.headers.get('location') ?? '').searchParams.get('error')).toBe(error);
  });

  test('is not found without its trailing slash', async () => {
    const answer = await call(tiktokUrl(sandbox).replace('/authorize/?', '/authorize?'));

    expect(answer.status).toBe(404);
  });
});

describe('the TikTok sandbox: code exchange', () => {
  test('answers flat, with two-hour access and 180-day refresh tokens', async () => {
    const answer = await exchange(await tiktokCode(sandbox));

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/^act\.s4ndb0x.*!/),
      expires_in: 7_200,
      open_id: expect.stringMatching(/^-000/),
      refresh_expires_in: 15_552_000,
      refresh_token: expect.stringMatching(/^rft\.s4ndb0x/),
      scope: 'user.info.basic,user.info.profile',
      token_type: 'Bearer',
    });
  });

  test('gives codes that change when they are decoded or encoded once too often', async () => {
    const code = await tiktokCode(sandbox);

    const twice = await exchange(encodeURIComponent(code).replaceAll('!', '%21'));

    expect(twice.body['error']).toBe('invalid_grant');
  });

  test('redeems a code once and lets the grant live when the code is replayed', async () => {
    const code = await tiktokCode(sandbox);
    const first = await exchange(code);

    const second = await exchange(code);
    const profile = await tiktokUser(sandbox, textOf(first.body, 'access_token'), 'open_id');

    expect(second.status).toBe(400);
    expect(second.body).toEqual({
      error: 'invalid_grant',
      error_description: expect.any(String),
      log_id: expect.any(String),
    });
    expect(profile.status).toBe(200);
    expect(sandbox.calls().codeReuses).toBe(1);
  });

  test('refuses a code after ten minutes', async () => {
    const code = await tiktokCode(sandbox);
    clock.advanceSeconds(600);

    const answer = await exchange(code);

    expect(answer.body['error']).toBe('invalid_grant');
  });

  test.each([
    ['another redirect_uri', { redirect_uri: `${redirectUri}?x=1` }, client, 'invalid_grant'],
    ['no redirect_uri', { redirect_uri: '' }, client, 'invalid_request'],
    ['another client', {}, otherClient, 'invalid_grant'],
    ['a wrong secret', { client_secret: 's4ndb0x-wrong' }, client, 'invalid_client'],
    ['an unknown grant type', { grant_type: 'password' }, client, 'unsupported_grant_type'],
  ])('refuses a code with %s', async (_what, changes, by, error) => {
    const code = await tiktokCode(sandbox);

    const answer = await exchange(code, changes, by);

    expect(answer.body['error']).toBe(error);
    expect(answer.body).not.toHaveProperty('access_token');
  });

  test('refuses JSON and credentials in a Basic header', async () => {
    const code = await tiktokCode(sandbox);
    const url = `${sandbox.origin}/v2/oauth/token/`;
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');

    const asJson = await call(url, {
      method: 'POST',
      body: JSON.stringify({ client_key: client.clientId, client_secret: client.clientSecret, ...fields }),
      headers: { 'content-type': 'application/json' },
    });
    const asBasic = await postForm(url, fields, { authorization: `Basic ${basic}` });

    expect(asJson.body['error']).toBe('invalid_request');
    expect(asBasic.body['error']).toBe('invalid_client');
  });

  test('wants the verifier of a hexadecimal challenge, and only then', async () => {
    const verifier = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV-._~0123456789';
    const hex = 'd2feb1a23434955d09c9c83dd865f315fa99fa1fac009bfc387a3dca4922726b';
    const base64url = createHash('sha256').update(verifier).digest('base64url');
    const urlWith = (challenge: string) =>
      tiktokUrl(sandbox, { code_challenge: challenge, code_challenge_method: 'S256' });
    const [good, missing, wrongEncoding] = await Promise.all(
      [hex, hex, base64url].map((challenge) => tiktokCode(sandbox, {}, urlWith(challenge))),
    );

    const answers = [
      await exchange(missing ?? ''),
      await exchange(wrongEncoding ?? '', { code_verifier: verifier }),
      await exchange(good ?? '', { code_verifier: verifier }),
      await exchange(await tiktokCode(sandbox), { code_verifier: verifier }),
    ];

    expect(answers.map(({ body }) => body['error'])).toEqual([
      'invalid_request',
      'invalid_request',
      undefined,
      undefined,
    ]);
  });

  test('sends its errors under 200 when the mode is set', async () => {
    sandbox.control({ command: 'set_modes', modes: { oauthErrorStatus: 'always_200' } });

    const answer = await exchange('s4ndb0x-no-such-code');

    expect(answer.status).toBe(200);
    expect(answer.body['error']).toBe('invalid_grant');
  });
});

describe('the TikTok sandbox: refresh', () => {
  test('rotates, and the old refresh token is dead at once', async () => {
    const first = await connectTikTok(sandbox);
    const second = await refresh(textOf(first, 'refresh_token'));

    const reused = await refresh(textOf(first, 'refresh_token'));
    const third = await refresh(textOf(second.body, 'refresh_token'));

    expect(second.body['open_id']).toBe(first['open_id']);
    expect(second.body['refresh_token']).not.toBe(first['refresh_token']);
    expect(reused.body['error']).toBe('invalid_grant');
    expect(third.status).toBe(200);
    expect(sandbox.calls().refreshTokenReuses).toBe(1);
  });

  test('ends the whole grant on reuse when the mode is set', async () => {
    sandbox.control({ command: 'set_modes', modes: { refreshReuse: 'ends_grant' } });
    const first = await connectTikTok(sandbox);
    const second = await refresh(textOf(first, 'refresh_token'));

    await refresh(textOf(first, 'refresh_token'));
    const third = await refresh(textOf(second.body, 'refresh_token'));

    expect(third.body['error']).toBe('invalid_grant');
  });

  test('keeps the refresh token when rotation is switched off', async () => {
    sandbox.control({ command: 'set_modes', modes: { rotation: 'fixed' } });
    const first = await connectTikTok(sandbox);

    const second = await refresh(textOf(first, 'refresh_token'));

    expect(second.body['refresh_token']).toBe(first['refresh_token']);
  });

  test('refuses the refresh token of another client, and one past its end', async () => {
    const { refresh_token: token } = await connectTikTok(sandbox);

    const foreign = await refresh(String(token), otherClient);
    clock.advanceSeconds(15_552_000);
    const late = await refresh(String(token));

    expect(foreign.body['error']).toBe('invalid_grant');
    expect(late.body['error']).toBe('invalid_grant');
  });

  test('issues tokens with the lifetimes that were set', async () => {
    sandbox.control({
      command: 'set_lifetimes',
      accessTokenSeconds: 86_400,
      refreshTokenSeconds: 31_536_000,
    });

    const body = await connectTikTok(sandbox);

    expect(body['expires_in']).toBe(86_400);
    expect(body['refresh_expires_in']).toBe(31_536_000);
  });
});

describe('the TikTok sandbox: revoke', () => {
  test('takes every grant of the user for this client away, and leaves other clients and users alone', async () => {
    const one = await connectTikTok(sandbox, { account: 'mira' });
    const two = await connectTikTok(sandbox, { account: 'mira' });
    const neighbour = await connectTikTok(sandbox, { account: 'jose' });
    const elsewhereCode = await tiktokCode(
      sandbox,
      { account: 'mira' },
      tiktokUrl(sandbox, { client_key: otherClient.clientId }),
    );
    const elsewhere = await exchange(elsewhereCode, {}, otherClient);

    const revoked = await revoke(textOf(one, 'access_token'));
    const statuses = await Promise.all(
      [one, two, neighbour, elsewhere.body].map(
        async (body) => (await tiktokUser(sandbox, textOf(body, 'access_token'), 'open_id')).status,
      ),
    );
    const refreshed = await refresh(textOf(two, 'refresh_token'));

    expect([revoked.status, revoked.text]).toEqual([200, '']);
    expect(statuses).toEqual([401, 401, 200, 200]);
    expect(refreshed.body['error']).toBe('invalid_grant');
  });

  test('refuses a refresh token, a dead token and another client', async () => {
    const body = await connectTikTok(sandbox);

    const answers = [
      await revoke(textOf(body, 'refresh_token')),
      await revoke('act.s4ndb0x-unknown'),
      await revoke(textOf(body, 'access_token'), otherClient),
    ];

    expect(answers.map((answer) => answer.body['error'])).toEqual(Array(3).fill('invalid_request'));
  });

  test('accepts a dead token when the mode is set', async () => {
    sandbox.control({ command: 'set_modes', modes: { deadTokenRevoke: 'accepted' } });

    const answer = await revoke('act.s4ndb0x-unknown');

    expect(answer.status).toBe(200);
  });
});

describe('the TikTok sandbox: user info', () => {
  test('answers exactly the fields asked for, with an error object that says ok', async () => {
    const body = await connectTikTok(sandbox, { account: 'jose' });

    const answer = await tiktokUser(sandbox, textOf(body, 'access_token'), 'open_id,display_name,username');

    expect(answer.body).toEqual({
      data: {
        user: { open_id: body['open_id'], display_name: 'José Ñíguez 🌊', username: 'jose.surf' },
      },
      error: { code: 'ok', message: '', log_id: expect.any(String) },
    });
  });

  test('gives each client its own open_id of the same person, and the same one every time', async () => {
    const one = await connectTikTok(sandbox);
    const again = await connectTikTok(sandbox);
    const code = await tiktokCode(sandbox, {}, tiktokUrl(sandbox, { client_key: otherClient.clientId }));
    const other = await exchange(code, {}, otherClient);

    expect(again['open_id']).toBe(one['open_id']);
    expect(other.body['open_id']).not.toBe(one['open_id']);
  });

  test('serves the avatar it names, and names none for an account without', async () => {
    const pictured = await connectTikTok(sandbox, { account: 'mira' });
    const plain = await connectTikTok(sandbox, { account: 'sora' });

    const withAvatar = await tiktokUser(sandbox, textOf(pictured, 'access_token'), 'avatar_large_url');
    const without = await tiktokUser(sandbox, textOf(plain, 'access_token'), 'avatar_large_url');
    const url = /"avatar_large_url":"([^"]+)"/.exec(withAvatar.text)?.[1] ?? '';
    const picture = await call(url);

    expect(picture.headers.get('content-type')).toBe('image/svg+xml');
    expect(without.body).toMatchObject({ data: { user: { avatar_large_url: '' } } });
  });

  test.each([
    ['no fields', '', 400, 'invalid_params'],
    ['an unknown field', 'open_id,email', 400, 'invalid_params'],
    ['a field beyond the grant', 'open_id,follower_count', 401, 'scope_not_authorized'],
  ])('refuses %s', async (_what, fields, status, code) => {
    const body = await connectTikTok(sandbox);

    const answer = await tiktokUser(sandbox, textOf(body, 'access_token'), fields);

    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error: { code, log_id: expect.any(String) } });
  });

  test('refuses an excess field with the other documented error when the mode is set', async () => {
    sandbox.control({ command: 'set_modes', modes: { excessField: 'scope_permission_missed' } });
    const body = await connectTikTok(sandbox);

    const answer = await tiktokUser(sandbox, textOf(body, 'access_token'), 'video_count');

    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { code: 'scope_permission_missed' } });
  });

  test('refuses an access token past its end', async () => {
    const body = await connectTikTok(sandbox);
    clock.advanceSeconds(7_200);

    const answer = await tiktokUser(sandbox, textOf(body, 'access_token'), 'open_id');

    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: { code: 'access_token_invalid' } });
  });
});
