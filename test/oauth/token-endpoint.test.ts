/** The token endpoint: real answers of platforms, and the one outcome that each of them yields. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redeemCode, refreshTokens } from '../../lib/oauth/token/token-endpoint.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { answered, clientOf, formOf, serverWith } from './fixture.ts';

const redemption = { code: new Secret('s4ndb0x-code'), redirectUri: 'https://hawser.example/callback' };
const tokens = { access_token: 's4ndb0x-access', token_type: 'bearer' };

/** The outcome of a code exchange that the platform answers so. */
async function meaningOf(body: unknown, status = 200, dialect: Parameters<typeof serverWith>[0] = {}) {
  const { client } = clientOf(serverWith(dialect), answered(body, status));
  const outcome = await redeemCode(client, redemption);
  return outcome.kind === 'granted'
    ? { ...outcome.tokens, accessToken: outcome.tokens.accessToken.reveal(), kind: 'granted' }
    : outcome;
}

describe('a request to the token endpoint', () => {
  it('redeems a code as RFC 6749 section 4.1.3 requires', async () => {
    const { client, requests } = clientOf(serverWith(), answered(tokens));

    await redeemCode(client, redemption);

    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ url: 'https://platform.example/token', method: 'POST' });
    expect(requests[0]?.headers?.['content-type']).toMatch(/^application\/x-www-form-urlencoded/);
    expect(formOf(requests[0])).toEqual({
      grant_type: 'authorization_code',
      code: 's4ndb0x-code',
      redirect_uri: redemption.redirectUri,
      client_id: 'client',
      client_secret: 's4ndb0x-secret',
    });
  });

  it('row 7: carries the PKCE verifier if the flow has one', async () => {
    const { client, requests } = clientOf(serverWith(), answered(tokens));

    await redeemCode(client, { ...redemption, verifier: new Secret('v'.repeat(43)) });

    expect(formOf(requests[0])['code_verifier']).toBe('v'.repeat(43));
  });

  it('uses a refresh token as RFC 6749 section 6 requires', async () => {
    const { client, requests } = clientOf(
      serverWith({ clientIdParameter: 'client_key', headers: { 'user-agent': 'web:example:v1' } }),
      answered(tokens),
    );

    await refreshTokens(client, new Secret('s4ndb0x-refresh'));

    expect(formOf(requests[0])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 's4ndb0x-refresh',
      client_key: 'client',
      client_secret: 's4ndb0x-secret',
    });
    expect(requests[0]?.headers?.['user-agent']).toBe('web:example:v1');
  });

  it.each([
    ['lost', { kind: 'lost' }, { kind: 'unknown', reason: 'answer_lost' }],
    ['never made', { kind: 'unreachable' }, { kind: 'retryable', reason: 'unreachable' }],
  ] as const)('row 6: is not repeated when it was %s', async (_name, answer, expected) => {
    const { client, requests } = clientOf(serverWith(), answer);

    expect(await redeemCode(client, redemption)).toEqual(expected);
    expect(requests).toHaveLength(1);
  });

  it('carries special characters in codes and tokens unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[\x20-\x7e]{1,60}$/), async (text) => {
        const { client, requests } = clientOf(serverWith(), answered(tokens), answered(tokens));

        await redeemCode(client, { ...redemption, code: new Secret(text) });
        await refreshTokens(client, new Secret(text));

        expect(formOf(requests[0])['code']).toBe(text);
        expect(formOf(requests[1])['refresh_token']).toBe(text);
      }),
    );
  });
});

describe('a token answer', () => {
  it('yields its tokens, lifetime and scopes', async () => {
    const meaning = await meaningOf(
      {
        ...tokens,
        refresh_token: 's4ndb0x-refresh',
        expires_in: 7_200,
        refresh_expires_in: 15_552_000,
        scope: 'user.info.basic,video.list',
        open_id: 'open-id',
      },
      200,
      { subjectField: 'open_id' },
    );

    expect(meaning).toMatchObject({
      kind: 'granted',
      accessToken: 's4ndb0x-access',
      tokenType: 'Bearer',
      expiresInSeconds: 7_200,
      refreshExpiresInSeconds: 15_552_000,
      scopes: ['user.info.basic', 'video.list'],
      subject: 'open-id',
    });
  });

  it.each([
    ['absent', {}],
    ['empty', { refresh_token: '' }],
    ['null', { refresh_token: null }],
    ['a number', { refresh_token: 7 }],
  ])('row 20: whose refresh token is %s yields none, so that the old one is kept', async (_name, member) => {
    expect(await meaningOf({ ...tokens, ...member })).not.toHaveProperty('refreshToken');
  });

  it.each([
    ['missing', undefined],
    ['lower case', 'bearer'],
    ['upper case', 'BEARER'],
    ['null', null],
    ['empty', ''],
    ['a number', 1],
  ])('is a bearer token when its type is %s', async (_name, token_type) => {
    expect(await meaningOf({ ...tokens, token_type })).toMatchObject({
      kind: 'granted',
      tokenType: 'Bearer',
    });
  });

  it('of an unsupported token type is not treated as a bearer token', async () => {
    expect(await meaningOf({ ...tokens, token_type: 'DPoP' })).toEqual({
      kind: 'unknown',
      reason: 'unreadable_answer',
    });
  });

  it.each([
    [3_600, 3_600],
    ['3600', 3_600],
    [3_600.9, 3_600],
    [315_360_000, 315_360_000],
    [315_360_001, undefined],
    [1e99, undefined],
    ['1e99', undefined],
    [0, undefined],
    [0.5, undefined],
    [-1, undefined],
    ['-3600', undefined],
    ['', undefined],
    ['soon', undefined],
    ['NaN', undefined],
    ['Infinity', undefined],
    [null, undefined],
    [true, undefined],
    [[3_600], undefined],
    [{ seconds: 3_600 }, undefined],
  ])('with expires_in %j yields a lifetime of %j', async (said, expected) => {
    const meaning = await meaningOf({ ...tokens, expires_in: said, refresh_token_expires_in: said });

    expect(meaning.kind).toBe('granted');
    expect(meaning).toMatchObject(
      expected === undefined ? {} : { expiresInSeconds: expected, refreshExpiresInSeconds: expected },
    );
    if (expected === undefined) {
      expect(meaning).not.toHaveProperty('expiresInSeconds');
      expect(meaning).not.toHaveProperty('refreshExpiresInSeconds');
    }
  });

  it('with an expires_in of NaN or Infinity yields no lifetime', async () => {
    const huge = `{"access_token":"s4ndb0x","token_type":"bearer","expires_in":1e999}`;
    const notJson = `{"access_token":"s4ndb0x","token_type":"bearer","expires_in":NaN}`;

    expect(await meaningOf(huge)).not.toHaveProperty('expiresInSeconds');
    expect(await meaningOf(notJson)).toEqual({ kind: 'unknown', reason: 'unreadable_answer' });
  });

  it.each([
    ['spaces', 'a b c', ['a', 'b', 'c']],
    ['commas', 'a,b,c', ['a', 'b', 'c']],
    ['both', 'a, b,  c,', ['a', 'b', 'c']],
    ['nothing', '', []],
    ['one', '*', ['*']],
  ])('row 22: names its scopes with %s between them', async (_name, scope, scopes) => {
    expect(await meaningOf({ ...tokens, scope })).toMatchObject({ scopes });
  });

  it.each([[undefined], [null], [['a', 'b']], [7]])(
    'whose scope is not text yields no scopes: %j',
    async (scope) => {
      expect(await meaningOf({ ...tokens, scope })).not.toHaveProperty('scopes');
    },
  );

  it('keeps every digit of a large id', async () => {
    const body = '{"access_token":"s4ndb0x","user_id":17841405822304914}';

    const meaning = await meaningOf(body, 200, { subjectField: 'user_id' });

    expect(meaning).toMatchObject({ subject: '17841405822304914' });
  });

  it('is a grant under any HTTP status', async () => {
    for (const status of [200, 201, 203, 400]) {
      expect(await meaningOf(tokens, status)).toMatchObject({ kind: 'granted' });
    }
  });

  it('of a platform without OpenID Connect may hold an ID token, which is ignored', async () => {
    const id_token = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.e30.c2ln`;

    expect(await meaningOf({ ...tokens, id_token })).toMatchObject({ kind: 'granted' });
    expect(await meaningOf({ ...tokens, id_token: null })).toMatchObject({ kind: 'granted' });
  });

  it('that holds a __proto__ member is read by its own properties only', async () => {
    const body = '{"__proto__":{"access_token":"s4ndb0x"},"constructor":{"x":1}}';

    expect(await meaningOf(body)).toEqual({ kind: 'unknown', reason: 'unreadable_answer' });
  });
});

describe('an answer without a token', () => {
  const dialect = { errors: { odd_error: 'reconnect_required' } } as const;

  it.each([
    ['an error under 200', { error: 'invalid_grant' }, 200, 'reconnect_required', 'invalid_grant'],
    ['an error under 400', { error: 'invalid_grant' }, 400, 'reconnect_required', 'invalid_grant'],
    ['an error object', { error: { code: 'odd_error' } }, 200, 'reconnect_required', 'odd_error'],
    ['a numeric error', { message: 'Unauthorized', error: 401 }, 401, 'misconfigured', 'http_401'],
    ['a numeric error under 200', { error: 401 }, 200, 'misconfigured', 'http_401'],
    ['an empty token', { access_token: '' }, 200, 'unknown', 'unreadable_answer'],
    ['a token that is no text', { access_token: 7 }, 200, 'unknown', 'unreadable_answer'],
    ['an empty object', {}, 200, 'unknown', 'unreadable_answer'],
    ['nothing', '', 200, 'unknown', 'unreadable_answer'],
    ['nothing under 204', '', 204, 'unknown', 'unreadable_answer'],
    ['garbage', '{"access_token":"\u0000<<', 200, 'unknown', 'unreadable_answer'],
    ['half a body', '{"access_token":"s4ndb0x-acc', 200, 'unknown', 'unreadable_answer'],
    ['a list', '[{"access_token":"s4ndb0x"}]', 200, 'unknown', 'unreadable_answer'],
    ['a text', '"s4ndb0x"', 200, 'unknown', 'unreadable_answer'],
    ['null', 'null', 200, 'unknown', 'unreadable_answer'],
    ['a page', '<!doctype html><title>s4ndb0x</title>', 200, 'unknown', 'unreadable_answer'],
    ['a page under 403', '<!doctype html>', 403, 'retryable', 'unrecognised_error'],
    ['a redirect', '', 302, 'retryable', 'unrecognised_error'],
    [
      'a redirect whose body has a grant no more',
      { error: 'invalid_grant' },
      302,
      'reconnect_required',
      'invalid_grant',
    ],
  ] as const)('means: %s', async (_name, body, status, kind, reason) => {
    expect(await meaningOf(body, status, dialect)).toEqual({ kind, reason });
  });
});

describe('row 19: no secret', () => {
  it('appears in an outcome, however it is printed', async () => {
    const { client } = clientOf(
      serverWith(),
      answered({ ...tokens, refresh_token: 's4ndb0x-refresh', error_description: 's4ndb0x' }),
      answered({ error: 's4ndb0x-unknown', error_description: 's4ndb0x' }, 400),
      answered('s4ndb0x', 200),
    );
    const outcomes = [];
    for (let call = 0; call < 3; call += 1) outcomes.push(await redeemCode(client, redemption));

    expect(outcomes.map(({ kind }) => kind)).toEqual(['granted', 'retryable', 'unknown']);
    expect(JSON.stringify(outcomes)).not.toContain('s4ndb0x');
    expect(outcomes.flatMap((outcome) => Object.values(outcome).map(String)).join()).not.toContain('s4ndb0x');
  });
});
