/** A refresh: once the platform gives an access token, nothing beside it costs the tokens. */
import { describe, expect, it } from 'vitest';
import { jsonObjectHead } from '../../lib/json.ts';
import type { Dialect } from '../../lib/oauth/server.ts';
import { redeemCode, refreshTokens } from '../../lib/oauth/token/token-endpoint.ts';
import type { PlatformResponse } from '../../lib/platform-http/platform-http.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { answered, clientOf, serverWith } from './fixture.ts';

const tokens = { access_token: 's4ndb0x-A2', refresh_token: 's4ndb0x-R2' };
const openid = { idToken: true, pkce: 'S256' } as const;

async function refresh(response: PlatformResponse, dialect: Partial<Dialect> = openid) {
  const server = serverWith(dialect, dialect.idToken ? { issuer: 'https://id.example' } : {});
  const { client, requests } = clientOf(server, response);
  const outcome = await refreshTokens(client, new Secret('s4ndb0x-R1'));
  if (outcome.kind !== 'granted') return { outcome, requests };
  const { accessToken, refreshToken, ...others } = outcome.tokens;
  return { kept: [accessToken.reveal(), refreshToken?.reveal()], others, requests };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: object, header: object = { alg: 'RS256' }) => `${encode(header)}.${encode(claims)}.c2ln`;
const claims = { iss: 'https://id.example', sub: 'subject-1', aud: 'client', iat: 1_790_000_000 };

describe('a refresh keeps its tokens', () => {
  it.each<readonly [string, unknown]>([
    ['null', null],
    ['empty', ''],
    ['a number', 7],
    ['an object', { sub: 'x' }],
    ['a list', []],
    ['true', true],
    ['malformed', 'a.b.c'],
    ['one part', 'opaque'],
    ['expired', jwt({ ...claims, exp: 1_000 })],
    ['without an end', jwt(claims)],
    ['encrypted', `${encode({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['from the issuer with a slash', jwt({ ...claims, iss: 'https://id.example/', exp: 9_999_999_999 })],
    ['from the issuer without https', jwt({ ...claims, iss: 'id.example', exp: 9_999_999_999 })],
    ['for another audience', jwt({ ...claims, aud: 'other', exp: 9_999_999_999 })],
    ['of an unknown algorithm', jwt({ ...claims, exp: 9_999_999_999 }, { alg: 'XS1' })],
    ['unsigned', jwt({ ...claims, exp: 9_999_999_999 }, { alg: 'none' })],
    ['of a subject that is no text', jwt({ ...claims, sub: 7, exp: 9_999_999_999 })],
  ])('when the ID token is %s', async (_name, id_token) => {
    expect(await refresh(answered({ ...tokens, id_token }))).toMatchObject({
      kept: ['s4ndb0x-A2', 's4ndb0x-R2'],
    });
  });

  it.each([
    'Bearer',
    ' bearer ',
    'BEARER_TOKEN',
    'BearerToken',
    'bearer-token',
    'access_token',
    'JWT',
    'user',
    null,
    7,
    {},
  ])('when the token type is %j', async (token_type) => {
    expect(await refresh(answered({ ...tokens, token_type }), {})).toMatchObject({
      kept: ['s4ndb0x-A2', 's4ndb0x-R2'],
    });
  });

  it.each(['DPoP', 'dpop', 'MAC', 'mac', 'PoP', 'N_A', 'n/a'])(
    'but none that this client cannot present: %s',
    async (token_type) => {
      expect(await refresh(answered({ ...tokens, token_type }), {})).toMatchObject({
        outcome: { kind: 'unknown', reason: 'unreadable_answer' },
      });
    },
  );

  it.each([
    { scope: 7 },
    { scope: null },
    { scope: { a: 1 } },
    { expires_in: null },
    { expires_in: [] },
    { expires_in: 'soon' },
    { expires_in: -1 },
    { refresh_token_expires_in: {} },
    { authorization_details: null },
    { authorization_details: 'x' },
    { issued_token_type: 7 },
    { error: null },
    { error: '' },
    { error_description: 7 },
  ])('when a member beside them is odd: %j', async (member) => {
    expect(await refresh(answered({ ...tokens, ...member }))).toMatchObject({
      kept: ['s4ndb0x-A2', 's4ndb0x-R2'],
    });
  });

  it.each([null, '', 7, {}, [], false])('when the refresh token is %j: the old one stays', async (odd) => {
    expect(await refresh(answered({ ...tokens, refresh_token: odd }))).toMatchObject({
      kept: ['s4ndb0x-A2', undefined],
    });
  });
});

describe('a response that breaks off', () => {
  const whole = `{"access_token":"s4ndb0x-A2","refresh_token":"s4ndb0x-R2","id_token":"${'x'.repeat(99)}`;
  const lost = { kind: 'unknown', reason: 'answer_lost' };

  it.each(['size', 'connection'] as const)('keeps both tokens when the %s ended it', async (endedBy) => {
    const response = { kind: 'lost', head: { text: whole, endedBy } } as const;

    expect(await refresh(response)).toMatchObject({ kept: ['s4ndb0x-A2', 's4ndb0x-R2'] });
  });

  it.each([
    '{"access_token":"s4ndb0x-A2","expires_in":3600,"re',
    '{"access_token":"s4ndb0x-A2","refresh_token":"s4ndb0x-R',
    '{"access_token":"s4ndb0x-A2","refresh_token":"s4ndb0x-R2"',
    '{"access_token":"s4ndb0x',
    '',
  ])('is lost when the connection ended it before both were complete: %s', async (text) => {
    const response = { kind: 'lost', head: { text, endedBy: 'connection' } } as const;

    expect(await refresh(response)).toMatchObject({ outcome: lost });
  });

  it('keeps an access token alone when its size ended it', async () => {
    const text = '{"access_token":"s4ndb0x-A2","padding":"xxx';

    expect(await refresh({ kind: 'lost', head: { text, endedBy: 'size' } })).toMatchObject({
      kept: ['s4ndb0x-A2', undefined],
    });
  });

  it('is lost at the redemption of a code, where nothing was held before', async () => {
    const { client } = clientOf(serverWith(), { kind: 'lost', head: { text: whole, endedBy: 'size' } });
    const redemption = { code: new Secret('s4ndb0x'), redirectUri: 'https://hawser.example/callback' };

    expect(await redeemCode(client, redemption)).toEqual(lost);
  });

  it('may be a mebibyte long at a refresh', async () => {
    expect((await refresh(answered(tokens))).requests[0]?.largestBytes).toBe(1_048_576);
  });

  it.each([
    ['{"a":1,"b":2', { a: 1 }],
    ['{"a":{"b":1,"c":"x,}', { a: { b: 1 } }],
    ['{"a":[1,2,3', { a: [1, 2] }],
    ['{"a":"\\",","b":1,', { a: '",', b: 1 }],
    ['{"id":17841405822304914,"x', { id: '17841405822304914' }],
    ['\ufeff{"a":1,', { a: 1 }],
    ['{"a":{},"b', { a: {} }],
    ['{"a"', undefined],
    ['[1,2', undefined],
    ['[['.repeat(50_000), undefined],
    ['', undefined],
  ])('of JSON %# keeps the complete members', (text, expected) => {
    expect(jsonObjectHead(text)).toEqual(expected);
  });
});
