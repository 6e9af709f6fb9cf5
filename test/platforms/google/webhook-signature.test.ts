/** Google's tokens: the check verifies signer, audience and time of each, and trusts nothing before that. */
import { afterAll, describe, expect, it } from 'vitest';
import { verifyPubSubPush, verifySecurityEvent } from '../../../lib/platforms/google/webhook-signature.ts';
import { createKeySet } from '../../../lib/signatures/jwt/key-set.ts';
import { newKey, serveKeys } from '../../support/signatures/key-server.ts';
import { claimsFlipped, textsFlipped } from '../../support/signatures/requests.ts';
import google from '../../vectors/signatures/google.json' with { type: 'json' };

const { push, securityEvent } = google;
const at = (seconds: number) => () => seconds * 1000;
const now = at(push.validAtSeconds);
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const own = await newKey();
const server = await serveKeys([...google.keys, own.jwk], now);
const keys = server.keySet;
afterAll(() => server[Symbol.asyncDispose]());

describe('a Pub/Sub push', () => {
  const claims = {
    iss: 'https://accounts.google.com',
    aud: push.audience,
    email: push.serviceAccount,
    email_verified: true,
    iat: push.validAtSeconds,
    exp: push.validAtSeconds + 3_600,
  };
  const verify = async (token: string, clock = now, subscription = push) =>
    await verifyPubSubPush(bearer(token), subscription, keys, clock);
  const reasonOf = (verification: Awaited<ReturnType<typeof verify>>) =>
    verification.kind === 'refused' ? verification.reason : verification.kind;

  it('is accepted as in the vector', async () => {
    expect(await verify(push.token)).toMatchObject({
      kind: 'verified',
      claims: { email: push.serviceAccount },
    });
  });

  it.each([
    ['for another audience', { ...push, audience: 'https://hooks.example.com/google/other' }],
    [
      'of another service account',
      { ...push, serviceAccount: 'other@example-project.iam.gserviceaccount.com' },
    ],
    ['where no audience is configured', { ...push, audience: '' }],
    ['where no service account is configured', { ...push, serviceAccount: '' }],
  ])('row 14: is refused %s', async (_name, subscription) => {
    expect(reasonOf(await verify(push.token, now, subscription))).toBe('mismatch');
  });

  it.each([
    [push.expiredAtSeconds, 'stale'],
    [1_767_229_200 + 59, 'verified'],
    [1_767_229_200 + 60, 'stale'],
    [1_767_225_600 - 60, 'verified'],
    [1_767_225_600 - 61, 'stale'],
  ])('row 15: at %d it is %s', async (seconds, expected) => {
    expect(reasonOf(await verify(push.token, at(seconds)))).toBe(expected);
  });

  it('row 14: is refused after any one character of the signature changed, its last bits included', async () => {
    const cut = push.token.lastIndexOf('.') + 1;
    const answers: string[] = [];
    for (const signature of textsFlipped(push.token.slice(cut))) {
      answers.push(reasonOf(await verify(push.token.slice(0, cut) + signature)));
    }

    expect(new Set(answers)).toEqual(new Set(['malformed', 'mismatch']));
  });

  it('row 14: is refused after any one bit of header or claims flipped', async () => {
    const answers: string[] = [];
    for (const altered of claimsFlipped(push.token)) answers.push(reasonOf(await verify(altered)));

    expect(new Set(answers)).toEqual(new Set(['malformed', 'mismatch']));
  });

  it.each([
    ['the short issuer', 'verified', { ...claims, iss: 'accounts.google.com' }],
    ['another issuer', 'mismatch', { ...claims, iss: 'https://accounts.google.com.example' }],
    ['no issuer', 'mismatch', { ...claims, iss: undefined }],
    ['no audience', 'mismatch', { ...claims, aud: undefined }],
    ['an address that is not verified', 'mismatch', { ...claims, email_verified: false }],
    ['an address verified in words only', 'mismatch', { ...claims, email_verified: 'true' }],
    ['no address', 'mismatch', { ...claims, email: undefined }],
    ['no end', 'mismatch', { ...claims, exp: undefined }],
    ['no beginning', 'mismatch', { ...claims, iat: undefined }],
    ['more than a token needs', 'malformed', { ...claims, padding: 'x'.repeat(12_000) }],
    ['a start that is yet to come', 'stale', { ...claims, nbf: push.validAtSeconds + 61 }],
  ])('row 14: with %s it is %s', async (_name, expected, altered) => {
    expect(reasonOf(await verify(await own.sign(altered)))).toBe(expected);
  });

  it.each([
    ['no header', {}, 'missing'],
    ['an empty header', { authorization: '' }, 'missing'],
    ['another kind of credential', { authorization: `Basic ${push.token}` }, 'malformed'],
    ['the header twice', { authorization: `Bearer ${push.token},Bearer ${push.token}` }, 'malformed'],
    ['the token twice', { authorization: `Bearer ${push.token} ${push.token}` }, 'malformed'],
    ['no token', { authorization: 'Bearer ' }, 'malformed'],
    ['two parts', { authorization: `Bearer ${push.token.split('.').slice(0, 2).join('.')}` }, 'malformed'],
    [
      'an empty signature',
      { authorization: `Bearer ${push.token.split('.').slice(0, 2).join('.')}.` },
      'malformed',
    ],
    ['a token without end', { authorization: `Bearer ${'A'.repeat(20_000)}.AA.AA` }, 'malformed'],
  ])('row 14: is refused with %s', async (_name, headers, expected) => {
    expect(reasonOf(await verifyPubSubPush({ headers }, push, keys, now))).toBe(expected);
  });

  it('row 14: is refused without a signature, or with one made from the public key', async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const tokens = ['none', 'HS256', 'RS512', 'PS256', 'ES256'].map(
      (alg) => `${part({ alg, kid: own.jwk.kid })}.${part(claims)}.AAAA`,
    );

    const answers = await Promise.all(tokens.map((token) => verify(token)));

    expect(answers.map(reasonOf)).toEqual(Array(5).fill('malformed'));
  });

  it('row 14: is refused when another key signed it under a known key id, or when it embeds its own key', async () => {
    const forger = await newKey(own.jwk.kid);
    const stranger = await newKey('stranger');

    const answers = [
      await verify(await forger.sign(claims)),
      await verify(await forger.sign(claims, { jwk: forger.jwk })),
      await verify(await stranger.sign(claims)),
    ];

    expect(answers.map(reasonOf)).toEqual(['mismatch', 'mismatch', 'mismatch']);
  });

  it('is neither accepted nor refused while the key set is unavailable', async () => {
    const away = createKeySet({
      url: 'http://127.0.0.1:1/keys',
      fetch,
      monotonic: now,
      insecureOrigins: ['http://127.0.0.1:1'],
    });

    expect(await verifyPubSubPush(bearer(push.token), push, away, now)).toEqual({ kind: 'unavailable' });
  });
});

describe('a Google security event', () => {
  const expected = { clientIds: ['other', securityEvent.clientId], issuer: securityEvent.issuer };
  const claims = {
    iss: securityEvent.issuer,
    aud: securityEvent.clientId,
    iat: 1,
    jti: 'event-1',
    events: { 'https://schemas.openid.net/secevent/risc/event-type/verification': {} },
  };
  const verify = async (token: string, wanted: Parameters<typeof verifySecurityEvent>[1] = expected) =>
    await verifySecurityEvent({ body: Buffer.from(token) }, wanted, keys);

  it.each([securityEvent.issuer, 'https://accounts.google.com'])(
    'is accepted as in the vector, with its id, from the issuer %s',
    async (issuer) => {
      expect(await verify(securityEvent.token, { ...expected, issuer })).toMatchObject({
        kind: 'verified',
        claims: { jti: securityEvent.id },
      });
    },
  );

  it.each([
    ['for another client', { ...expected, clientIds: ['other'] }],
    ['where no client is configured', { ...expected, clientIds: [] }],
    ['of another issuer', { ...expected, issuer: 'https://accounts.example.com' }],
  ])('row 14: is refused %s', async (_name, wanted) => {
    expect(await verify(securityEvent.token, wanted)).toEqual({ kind: 'refused', reason: 'mismatch' });
  });

  it('row 14: is refused after one character of any part changed', async () => {
    const answers: string[] = [];
    for (let index = 0; index < securityEvent.token.length; index += 1) {
      const character = securityEvent.token[index] === 'A' ? 'B' : 'A';
      const token = securityEvent.token.slice(0, index) + character + securityEvent.token.slice(index + 1);
      answers.push((await verify(token)).kind);
    }

    expect(new Set(answers)).toEqual(new Set(['refused']));
  });

  it.each([
    ['events that are a list', { ...claims, events: [] }],
    ['no events, as in an ID token', { ...claims, events: undefined }],
    ['no id', { ...claims, jti: undefined }],
    ['an empty id', { ...claims, jti: '' }],
    ['no audience', { ...claims, aud: undefined }],
    ['no issuer', { ...claims, iss: undefined }],
  ])('row 14: is refused with %s', async (_name, altered) => {
    expect((await verify(await own.sign(altered))).kind).toBe('refused');
    expect((await verify(await own.sign(claims))).kind).toBe('verified');
  });

  it('is refused when the body is empty or not a token', async () => {
    expect(await verify('')).toEqual({ kind: 'refused', reason: 'missing' });
    expect(await verify('{"events":{}}')).toEqual({ kind: 'refused', reason: 'malformed' });
  });
});
