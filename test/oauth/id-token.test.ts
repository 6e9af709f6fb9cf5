/** ID tokens: the client accepts tokens of an OpenID Connect server only if signature, issuer, audience, nonce and time are valid. */
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { exportJWK, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { redeemCode, refreshTokens } from '../../lib/oauth/token/token-endpoint.ts';
import type { PlatformHttp, PlatformResponse } from '../../lib/platform-http/platform-http.ts';
import { Secret } from '../../lib/telemetry/secret.ts';
import { answered, serverWith } from './fixture.ts';

const issuer = 'https://id.example';
const redemption = {
  code: new Secret('s4ndb0x-code'),
  redirectUri: 'https://hawser.example/callback',
  verifier: new Secret('v'.repeat(43)),
  nonce: 's4ndb0x-nonce',
};
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const { privateKey: foreignKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const unreadable = { kind: 'unknown', reason: 'unreadable_answer' };

/** The oauth library reads the machine's clock for ID tokens, so they are made for this moment. */
const seconds = () => Math.floor(Date.now() / 1_000);

type Claims = Readonly<Record<string, unknown>>;

function sign(changes: Claims = {}, key: KeyObject = privateKey): Promise<string> {
  const usual = { iss: issuer, sub: 'subject-1', aud: 'client', iat: seconds(), exp: seconds() + 300 };
  // Through JSON, where a claim that is undefined is none.
  const claims: JWTPayload = JSON.parse(JSON.stringify({ ...usual, nonce: redemption.nonce, ...changes }));
  return new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-1' }).sign(key);
}

/** A server whose token endpoint answers with this ID token. */
function serverAnswering(idToken: unknown, keys?: PlatformResponse) {
  const server = serverWith(
    { idToken: true, clientAuthentication: 'client_secret_basic', pkce: 'S256' },
    { issuer, endpoints: { ...serverWith().endpoints, jwks: 'https://id.example/jwks' } },
  );
  const http: PlatformHttp = async ({ url }) => {
    if (url === 'https://id.example/jwks') {
      const jwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'RS256', use: 'sig' };
      return keys ?? answered({ keys: [jwk] });
    }
    const id = idToken === undefined ? {} : { id_token: idToken };
    return answered({ access_token: 's4ndb0x-access', token_type: 'Bearer', ...id });
  };
  const registration = { clientId: 'client', clientSecret: new Secret('s4ndb0x-secret') };
  return { server, registration, http, now: Date.now };
}

describe('an ID token', () => {
  it('that is valid in every respect yields the subject', async () => {
    const outcome = await redeemCode(serverAnswering(await sign()), redemption);

    expect(outcome).toMatchObject({ kind: 'granted', tokens: { subject: 'subject-1' } });
  });

  it.each<readonly [string, Claims]>([
    ["another server's", { iss: 'https://evil.example' }],
    ['without an issuer', { iss: undefined }],
    ["another client's", { aud: 'other' }],
    ['for nobody', { aud: undefined }],
    ['authorised for another', { azp: 'other' }],
    ['for several, and authorised for another', { aud: ['client', 'other'], azp: 'other' }],
    ['for several, and authorised for nobody', { aud: ['client', 'other'] }],
    ["of another flow's nonce", { nonce: 'other' }],
    ['without a nonce', { nonce: undefined }],
    ['expired', { exp: 1_000 }],
    ['without an end', { exp: undefined }],
    ['without a time of issue', { iat: undefined }],
    ['without a subject', { sub: undefined }],
    ['not valid yet', { nbf: 9_999_999_999 }],
  ])('row 8: is refused together with the tokens when it is %s', async (_name, changes) => {
    const outcome = await redeemCode(serverAnswering(await sign(changes)), redemption);

    expect(outcome).toEqual(unreadable);
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['no text', 7],
    ['no token', 'a.b.c'],
  ])('row 8: is refused when it is %s', async (_name, idToken) => {
    const { nonce: _, ...withoutNonce } = redemption;

    expect(await redeemCode(serverAnswering(idToken), redemption)).toEqual(unreadable);
    expect(await redeemCode(serverAnswering(idToken), withoutNonce)).toEqual(unreadable);
  });

  it('row 8: is refused under a key that the server does not publish', async () => {
    expect(await redeemCode(serverAnswering(await sign({}, foreignKey)), redemption)).toEqual(unreadable);
  });

  it('row 8: is refused unsigned, or signed with the client secret', async () => {
    const [header, payload] = (await sign()).split('.');
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const symmetric = `${part({ alg: 'HS256', kid: 'key-1' })}.${payload}`;
    const mac = createHmac('sha256', 's4ndb0x-secret').update(symmetric).digest('base64url');

    for (const idToken of [
      `${part({ alg: 'none' })}.${payload}.`,
      `${header}.${payload}.`,
      `${symmetric}.${mac}`,
    ]) {
      expect(await redeemCode(serverAnswering(idToken), redemption)).toEqual(unreadable);
    }
  });

  it.each([
    ['empty', answered({ keys: [] })],
    ['unreadable', answered('<html>')],
    ['not there', answered('', 404)],
    ['lost', { kind: 'lost' }],
  ] as const)('row 8: is refused when the keys are %s', async (_name, keys) => {
    expect(await redeemCode(serverAnswering(await sign(), keys), redemption)).toEqual(unreadable);
  });

  it('row 8: of a refresh names the subject only when it is from the same server and client, and never costs the tokens', async () => {
    const refreshToken = new Secret('s4ndb0x-refresh');

    const right = await refreshTokens(serverAnswering(await sign({ nonce: undefined })), refreshToken);
    const none = await refreshTokens(serverAnswering(undefined), refreshToken);
    const wrong = await refreshTokens(serverAnswering(await sign({ aud: 'other' })), refreshToken);

    expect(right).toMatchObject({ kind: 'granted', tokens: { subject: 'subject-1' } });
    expect(none).toMatchObject({ kind: 'granted' });
    expect(wrong).toMatchObject({ kind: 'granted' });
    expect(wrong).not.toHaveProperty('tokens.subject');
  });
});
