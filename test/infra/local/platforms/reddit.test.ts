/** The Reddit sandbox keeps to Reddit's pages and archived source; each promise names the trap it holds for a client. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startReddit } from '../../../../infra/local/platforms/reddit/reddit.ts';
import type { Sandbox } from '../../../../infra/local/sandbox/sandbox.ts';
import { approve } from '../../../../infra/local/sandbox/visitor/consent-visitor.ts';
import {
  call,
  client,
  connectReddit,
  otherClient,
  postForm,
  redditCode,
  redditMe,
  redditPost,
  redditToken,
  redditUrl,
  redirectUri,
  testClock,
  textOf,
  userAgent,
} from './platform-calls.ts';

let sandbox: Sandbox;
let clock: ReturnType<typeof testClock>;

beforeEach(async () => {
  clock = testClock();
  sandbox = await startReddit({ clients: [client, otherClient], now: clock.now });
});
afterEach(() => sandbox.close());

const setModes = (modes: Readonly<Record<string, string | number | boolean>>) =>
  sandbox.control({ command: 'set_modes', modes });
const exchange = (code: string, changes: Readonly<Record<string, string>> = {}, by = client) =>
  redditToken(sandbox, { grant_type: 'authorization_code', code, redirect_uri: redirectUri, ...changes }, by);
const refresh = (refreshToken: string, by = client) =>
  redditToken(sandbox, { grant_type: 'refresh_token', refresh_token: refreshToken }, by);
const revoke = (token: string, by = client) => redditPost(sandbox, '/api/v1/revoke_token', { token }, by);

describe('the Reddit sandbox: authorization', () => {
  test('sends code and state back, with the fragment that browsers see', async () => {
    const location = await approve(redditUrl(sandbox), {}, fetch);

    const { searchParams, hash } = new URL(location);
    expect([...searchParams.keys()].sort()).toEqual(['code', 'state']);
    expect(searchParams.get('state')).toBe('state-1');
    expect(hash).toBe('#_');
  });

  test('sends access_denied back when the user refuses', async () => {
    const location = await approve(redditUrl(sandbox), { decision: 'deny' }, fetch);

    expect(new URL(location).searchParams.get('error')).toBe('access_denied');
  });

  test.each([
    ['an unknown client', { client_id: 'nobody' }],
    ['another redirect_uri', { redirect_uri: `${redirectUri}/` }],
    ['an unknown scope', { scope: 'identity everything' }],
    ['no scope', { scope: '' }],
    ['no state', { state: '' }],
    ['the implicit flow', { response_type: 'token' }],
    ['an unknown duration', { duration: 'forever' }],
  ])('shows a 400 page and does not redirect for %s', async (_what, changes) => {
    const answer = await call(redditUrl(sandbox, changes));

    expect(answer.status).toBe(400);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('content-type')).toContain('text/html');
  });

  test('shows the same page on the mobile address', async () => {
    const answer = await call(redditUrl(sandbox).replace('/authorize?', '/authorize.compact?'));

    expect(answer.status).toBe(200);
  });
});

describe('the Reddit sandbox: code exchange', () => {
  test('answers with a day of access, scopes joined with spaces, and a refresh token for permanent', async () => {
    const answer = await exchange(await redditCode(sandbox));

    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      access_token: expect.stringMatching(/s4ndb0x.{500,}/),
      token_type: 'bearer',
      expires_in: 86_400,
      scope: 'identity read',
      refresh_token: expect.stringContaining('s4ndb0x'),
    });
  });

  test.each(['temporary', ''])('gives no refresh token for the duration "%s"', async (duration) => {
    const url = redditUrl(sandbox, { duration })
      .replace('&duration=&', '&')
      .replace(/&duration=$/, '');

    const answer = await exchange(await redditCode(sandbox, {}, url));

    expect(answer.body).toHaveProperty('access_token');
    expect(answer.body).not.toHaveProperty('refresh_token');
  });

  test('says invalid_grant under 200, or under 400 when the mode is set, for a code that was used', async () => {
    const code = await redditCode(sandbox);
    await exchange(code);

    const first = await exchange(code);
    setModes({ oauthErrorStatus: 400 });
    const second = await exchange(code);

    expect([first.status, first.body]).toEqual([200, { error: 'invalid_grant' }]);
    expect([second.status, second.body]).toEqual([400, { error: 'invalid_grant' }]);
  });

  test('refuses another redirect_uri, another client and a late code', async () => {
    const code = await redditCode(sandbox);

    const answers = [
      await exchange(code, { redirect_uri: `${redirectUri}/` }),
      await exchange(code, {}, otherClient),
    ];
    clock.advanceSeconds(600);
    answers.push(await exchange(code));

    expect(answers.map(({ body }) => body)).toEqual(Array(3).fill({ error: 'invalid_grant' }));
  });

  test('takes the client from Basic alone, and answers 401 with a numeric error otherwise', async () => {
    const code = await redditCode(sandbox);
    const url = `${sandbox.origin}/api/v1/access_token`;
    const fields = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    const inBody = { client_id: client.clientId, client_secret: client.clientSecret };

    const bodyOnly = await postForm(url, { ...fields, ...inBody }, { 'user-agent': userAgent });
    const wrong = await exchange(code, inBody, { ...client, clientSecret: 's4ndb0x-wrong' });

    for (const answer of [bodyOnly, wrong]) {
      expect(answer.status).toBe(401);
      expect(answer.body).toEqual({ message: 'Unauthorized', error: 401 });
      expect(answer.headers.get('www-authenticate')).toBe('Basic realm="reddit"');
    }
  });

  test('knows no grant type in a JSON body', async () => {
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');

    const answer = await call(`${sandbox.origin}/api/v1/access_token`, {
      method: 'POST',
      body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: 'x' }),
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${basic}`,
        'user-agent': userAgent,
      },
    });

    expect(answer.body).toEqual({ error: 'unsupported_grant_type' });
  });

  test('joins scopes with commas when the mode is set', async () => {
    setModes({ scopeSeparator: ',' });

    const body = await connectReddit(sandbox);

    expect(body['scope']).toBe('identity,read');
  });
});

describe('the Reddit sandbox: refresh', () => {
  test('leaves the refresh token out of the answer and keeps the old one good', async () => {
    const { refresh_token: token } = await connectReddit(sandbox);

    const answers = [await refresh(String(token)), await refresh(String(token))];

    for (const { status, body } of answers) {
      expect(status).toBe(200);
      expect(body).not.toHaveProperty('refresh_token');
    }
    expect(sandbox.calls().refreshTokenReuses).toBe(0);
  });

  test('forms a chain of refresh tokens when switched to rotate', async () => {
    setModes({ rotation: 'rotating' });
    const first = await connectReddit(sandbox);
    const second = await refresh(textOf(first, 'refresh_token'));

    const reused = await refresh(textOf(first, 'refresh_token'));
    const third = await refresh(textOf(second.body, 'refresh_token'));

    expect(reused.status).toBe(400);
    expect(third.body).toHaveProperty('refresh_token');
    expect(sandbox.calls().refreshTokenReuses).toBe(1);
  });

  test('answers 400 to a dead refresh token, with each error that Reddit has been seen to send', async () => {
    const { refresh_token: token } = await connectReddit(sandbox);
    sandbox.control({ command: 'kill_grants', account: 'harbour' });

    const first = await refresh(String(token));
    setModes({ deadRefreshError: 'invalid_grant' });
    const second = await refresh(String(token));
    setModes({ deadRefreshError: 'invalid_request' });
    const third = await refresh(String(token));

    expect([first.status, first.body]).toEqual([400, { message: 'Bad Request', error: 400 }]);
    expect([second.status, second.body]).toEqual([400, { error: 'invalid_grant' }]);
    expect([third.status, third.body]).toEqual([400, { error: 'invalid_request' }]);
  });

  test('refuses the refresh token of another client', async () => {
    const { refresh_token: token } = await connectReddit(sandbox);

    const answer = await refresh(String(token), otherClient);

    expect(answer.status).toBe(400);
  });
});

describe('the Reddit sandbox: revoke', () => {
  test('of a refresh token kills its access tokens, and repeats harmlessly', async () => {
    const body = await connectReddit(sandbox);
    const refreshed = await refresh(textOf(body, 'refresh_token'));

    const first = await revoke(textOf(body, 'refresh_token'));
    const again = await revoke(textOf(body, 'refresh_token'));
    const statuses = await Promise.all(
      [body, refreshed.body].map(
        async (issued) => (await redditMe(sandbox, textOf(issued, 'access_token'))).status,
      ),
    );

    expect([first.status, again.status]).toEqual([200, 200]);
    expect(statuses).toEqual([401, 401]);
  });

  test('of an access token leaves the refresh token alone', async () => {
    const body = await connectReddit(sandbox);
    setModes({ revokeStatus: 204 });

    const revoked = await revoke(textOf(body, 'access_token'));
    const me = await redditMe(sandbox, textOf(body, 'access_token'));
    const refreshed = await refresh(textOf(body, 'refresh_token'));

    expect([revoked.status, me.status, refreshed.status]).toEqual([204, 401, 200]);
  });

  test('refuses the token of another client, and a wrong secret', async () => {
    const body = await connectReddit(sandbox);

    const foreign = await revoke(textOf(body, 'refresh_token'), otherClient);
    const wrong = await revoke(textOf(body, 'refresh_token'), { ...client, clientSecret: 's4ndb0x-wrong' });

    expect([foreign.status, foreign.body]).toEqual([400, { error: 'unauthorized_client' }]);
    expect(wrong.status).toBe(401);
    expect((await refresh(textOf(body, 'refresh_token'))).status).toBe(200);
  });
});

describe('the Reddit sandbox: identity', () => {
  test('answers at top level on the API host', async () => {
    const { access_token: token } = await connectReddit(sandbox, { account: 'zoe' });

    const answer = await redditMe(sandbox, String(token));

    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: '9qz71xk',
      name: 'zoe_angstrom',
      icon_img: '',
      subreddit: { title: 'Zoë Ångström' },
    });
  });

  test('does not authenticate a token on the web host, nor serve tokens on the API host', async () => {
    const { access_token: token, refresh_token } = await connectReddit(sandbox);

    const me = await redditMe(sandbox, String(token), { origin: sandbox.origin });
    const elsewhere = await postForm(`${sandbox.apiOrigin}/api/v1/access_token`, {
      grant_type: 'refresh_token',
      refresh_token: String(refresh_token),
    });

    expect(sandbox.apiOrigin).not.toBe(sandbox.origin);
    expect(me.status).toBe(403);
    expect(elsewhere.status).toBe(404);
  });

  test('escapes texts unless raw_json is asked for', async () => {
    const { access_token: token } = await connectReddit(sandbox);

    const escaped = await redditMe(sandbox, String(token), { query: '' });
    const raw = await redditMe(sandbox, String(token));

    expect(textOf(escaped.body, 'icon_img')).toContain('&amp;height');
    expect(escaped.body).toMatchObject({ subreddit: { public_description: 'Tea &amp; tides &lt;3' } });
    expect(textOf(raw.body, 'icon_img')).toContain('&height');
  });

  test('knows a suspended account and one without any picture', async () => {
    const gone = await connectReddit(sandbox, { account: 'suspended' });
    const lurker = await connectReddit(sandbox, { account: 'lurker' });

    const suspended = await redditMe(sandbox, textOf(gone, 'access_token'));
    const plain = await redditMe(sandbox, textOf(lurker, 'access_token'));

    expect(suspended.body['is_suspended']).toBe(true);
    expect(plain.body).toMatchObject({ icon_img: '', snoovatar_img: '', is_suspended: false });
  });

  test('answers 403 without a token, and 401 with an HTML or a JSON body to a bad one', async () => {
    const none = await call(`${sandbox.apiOrigin}/api/v1/me`, { headers: { 'user-agent': userAgent } });
    const bad = await redditMe(sandbox, 's4ndb0x-bad');
    setModes({ unauthorizedBody: 'json' });
    const badAsJson = await redditMe(sandbox, 's4ndb0x-bad');

    expect(none.status).toBe(403);
    expect(bad.status).toBe(401);
    expect(bad.headers.get('www-authenticate')).toBe('Bearer realm="reddit", error="invalid_token"');
    expect(bad.headers.get('content-type')).toContain('text/html');
    expect(badAsJson.body).toEqual({ message: 'Unauthorized', error: 401 });
  });

  test('wants the identity scope', async () => {
    const { access_token: token } = await connectReddit(sandbox, { scopes: ['read'] });

    const answer = await redditMe(sandbox, String(token));

    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toContain('insufficient_scope');
  });
});

describe('the Reddit sandbox: rate budget', () => {
  const headersOf = (headers: Headers) =>
    ['used', 'remaining', 'reset'].map((name) => headers.get(`x-ratelimit-${name}`));

  test('is shared by all users of a client, reported as a float, and reset when the window ends', async () => {
    setModes({ rateBudget: 2 });
    const one = await connectReddit(sandbox, { account: 'harbour' });
    const two = await connectReddit(sandbox, { account: 'zoe' });

    const first = await redditMe(sandbox, textOf(one, 'access_token'));
    clock.advanceSeconds(30);
    const second = await redditMe(sandbox, textOf(two, 'access_token'));
    const third = await redditMe(sandbox, textOf(one, 'access_token'));
    clock.advanceSeconds(570);
    const refreshed = await redditMe(sandbox, textOf(one, 'access_token'));

    expect(headersOf(first.headers)).toEqual(['1', '1.0', '600']);
    expect(headersOf(second.headers)).toEqual(['2', '0.0', '570']);
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('570');
    expect(refreshed.status).toBe(200);
  });

  test('refuses without Retry-After when the mode is set', async () => {
    setModes({ rateBudget: 0, retryAfter: false });
    const { access_token: token } = await connectReddit(sandbox);

    const answer = await redditMe(sandbox, String(token));

    expect(answer.status).toBe(429);
    expect(answer.headers.has('retry-after')).toBe(false);
  });
});

describe('the Reddit sandbox: User-Agent gate', () => {
  test.each(['', 'node', 'undici', 'python-requests/2.32', 'curl/8.5.0', 'axios/1.7.0'])(
    'blocks "%s" with an HTML 403 and no rate headers',
    async (agent) => {
      const { access_token: token } = await connectReddit(sandbox);

      const answer = await redditMe(sandbox, String(token), { agent });

      expect(answer.status).toBe(403);
      expect(answer.headers.get('content-type')).toContain('text/html');
      expect(answer.headers.has('x-ratelimit-used')).toBe(false);
    },
  );

  test('guards the token endpoint too, unless it is switched off there', async () => {
    const url = `${sandbox.origin}/api/v1/access_token`;
    const blocked = await postForm(url, {}, { 'user-agent': 'node' });
    setModes({ userAgentGateOnTokens: false });

    const passed = await postForm(url, {}, { 'user-agent': 'node' });

    expect([blocked.status, passed.status]).toEqual([403, 401]);
  });

  test('answers 429 when the mode is set', async () => {
    setModes({ userAgentRefusal: 429 });

    const answer = await redditMe(sandbox, 's4ndb0x-any', { agent: 'node' });

    expect(answer.body).toEqual({ message: 'Too Many Requests', error: 429 });
  });
});

test('lists its thirty scopes in public', async () => {
  const answer = await call(`${sandbox.origin}/api/v1/scopes`, { headers: { 'user-agent': userAgent } });

  expect(Object.keys(answer.body)).toHaveLength(30);
  expect(answer.body['identity']).toMatchObject({ id: 'identity' });
});
