/** Session tokens: only ours, only for this API, only in time, only with the one algorithm. */
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import {
  createSessionKey,
  createSessionVerifier,
  mintSessionToken,
  publishSessionKey,
  sessionSeconds,
} from '../../lib/access/session-token.ts';
import type { SecretSource } from '../../lib/aws/secret-source.ts';
import type { TenantId, UserId } from '../../lib/ids.ts';
import { testClock } from '../support/records.ts';
import { type Engine, onEachEngine } from '../table/engines.ts';

const audience = 'https://hawser.example';
const session = {
  tenantId: 'acme' as TenantId,
  userId: 'user-1' as UserId,
  providers: ['tiktok'],
  origin: 'https://app.example',
  returnUrl: 'https://app.example/connected',
};

const holding = (value: unknown): SecretSource => ({
  read: () => Promise.resolve(value),
  find: () => Promise.resolve(value),
});

async function signing(engine: Engine) {
  const clock = testClock();
  const table = await engine.newTable();
  const key = createSessionKey();
  await publishSessionKey(table, key.keyId, key.publicKey);
  const minting = { secrets: holding(key), secretId: 'session-key', audience, now: clock.now };
  return {
    clock,
    table,
    key,
    minting,
    verify: createSessionVerifier({ table, audience, now: clock.now, monotonic: clock.now }),
    /** A token under the right key with any header and claims. */
    forge: (payload: JWTPayload, header: Partial<JWTHeaderParameters> = {}) => {
      const issuedAt = Math.floor(clock.now() / 1_000);
      const usual = { sub: 'user-1', tenant: 'acme', aud: audience, iat: issuedAt, exp: issuedAt + 60 };
      return new SignJWT({ ...usual, ...payload })
        .setProtectedHeader({ alg: 'EdDSA', kid: key.keyId, ...header })
        .sign(createPrivateKey(key.privateKey));
    },
  };
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

onEachEngine((engine) => {
  describe('a session token', () => {
    it('carries the tenant, user and limits it was minted with', async () => {
      const { clock, minting, verify } = await signing(engine);

      const { text, expiresAt } = await mintSessionToken(session, minting);

      expect(await verify(text)).toEqual(session);
      expect(expiresAt).toBe(clock.now() + sessionSeconds * 1_000);
    });

    it('may be minted without limits', async () => {
      const { minting, verify } = await signing(engine);
      const { tenantId, userId } = session;

      const { text } = await mintSessionToken({ tenantId, userId }, minting);

      expect(await verify(text)).toEqual({ tenantId, userId });
    });

    it('expires after ten minutes', async () => {
      const { clock, minting, verify } = await signing(engine);
      const { text } = await mintSessionToken(session, minting);

      clock.advance(sessionSeconds - 1);
      expect(await verify(text)).toBeDefined();
      clock.advance(1);
      expect(await verify(text)).toBeUndefined();
    });

    it('is not minted while the signing key has no value', async () => {
      const { minting } = await signing(engine);

      const minted = mintSessionToken(session, { ...minting, secrets: holding({}) });

      await expect(minted).rejects.toMatchObject({ code: 'VAULT_ERROR' });
    });
  });

  describe('row 10: a session token is refused', () => {
    it('when it was minted for another API', async () => {
      const { minting, verify } = await signing(engine);

      const { text } = await mintSessionToken(session, { ...minting, audience: 'https://other.example' });

      expect(await verify(text)).toBeUndefined();
    });

    it('when an unpublished key signed it, even under the name of a published key', async () => {
      const { key, minting, verify } = await signing(engine);
      const foreign = createSessionKey();

      const unknown = await mintSessionToken(session, { ...minting, secrets: holding(foreign) });
      const posing = await mintSessionToken(session, {
        ...minting,
        secrets: holding({ ...foreign, keyId: key.keyId }),
      });

      expect(await verify(unknown.text)).toBeUndefined();
      expect(await verify(posing.text)).toBeUndefined();
    });

    it.each(['__proto__', 'constructor', 'toString', ''])('when it names the key %j', async (kid) => {
      const { forge, verify } = await signing(engine);

      expect(await verify(await forge({}, { kid }))).toBeUndefined();
    });

    it('when it carries no signature', async () => {
      const { key, minting, verify } = await signing(engine);
      const { text } = await mintSessionToken(session, minting);
      const [, payload = ''] = text.split('.');

      for (const alg of ['none', 'None', 'NONE', 'EdDSA']) {
        expect(await verify(`${part({ alg, kid: key.keyId })}.${payload}.`)).toBeUndefined();
      }
    });

    it('when it is an HMAC that uses the public key as the secret', async () => {
      const { key, forge, verify } = await signing(engine);
      const [, payload = ''] = (await forge({})).split('.');
      const claims: JWTPayload = JSON.parse(Buffer.from(payload, 'base64url').toString());

      const text = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', kid: key.keyId })
        .sign(Buffer.from(key.publicKey));

      expect(await verify(text)).toBeUndefined();
    });

    it('when it names another algorithm, even under a key of ours', async () => {
      const { table, forge, verify, key } = await signing(engine);
      const pair = generateKeyPairSync('ec', {
        namedCurve: 'P-256',
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      await publishSessionKey(table, 'elliptic', pair.publicKey);
      const [, payload = ''] = (await forge({})).split('.');
      const claims: JWTPayload = JSON.parse(Buffer.from(payload, 'base64url').toString());

      const text = await new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: 'elliptic' })
        .sign(createPrivateKey(pair.privateKey));

      expect(await verify(await forge({}, { kid: key.keyId }))).toBeDefined();
      expect(await verify(text)).toBeUndefined();
    });

    it('when any one character was changed', async () => {
      const { minting, verify } = await signing(engine);
      const { text } = await mintSessionToken(session, minting);
      const positions = Array.from({ length: 40 }, (_each, index) =>
        Math.floor((index * (text.length - 2)) / 40),
      ).filter((position) => text[position] !== '.');

      for (const position of positions) {
        const other = text[position] === 'A' ? 'B' : 'A';
        const changed = text.slice(0, position) + other + text.slice(position + 1);
        expect(await verify(changed)).toBeUndefined();
      }
    });

    it.each([
      ['lives longer than ten minutes', { iat: 0, exp: 9_999_999_999 }],
      ['was issued in the future', { iat: 9_999_999_000, exp: 9_999_999_999 }],
      ['has no end', { exp: undefined }],
      ['does not say when it was issued', { iat: undefined }],
      ['names no user', { sub: undefined }],
      ['names an empty user', { sub: '' }],
      ['names a user with control characters', { sub: 'a\u0000b' }],
      ['names no tenant', { tenant: undefined }],
      ['names a tenant that is no text', { tenant: 7 }],
      ['limits providers to no list', { providers: 'tiktok' }],
      ['has no audience', { aud: undefined }],
      ['is for another API only', { aud: ['https://other.example'] }],
      ['is not valid yet', { nbf: 9_999_999_999 }],
    ])('when it %s', async (_name, payload) => {
      const { forge, verify } = await signing(engine);

      expect(await verify(await forge(payload as JWTPayload))).toBeUndefined();
    });

    it.each(['', '.', '..', 'a.b.c', 'a.b', 'hwk_x', `${part([])}.${part([])}.AA`])(
      'when it is %j',
      async (text) => {
        const { verify } = await signing(engine);

        expect(await verify(text)).toBeUndefined();
      },
    );
  });

  describe('the cache of public keys', () => {
    it('keeps the keys in memory for five minutes', async () => {
      const { clock, minting, verify } = await signing(engine);
      const { text } = await mintSessionToken(session, minting);
      await verify(text);
      engine.resetCalls();

      clock.advance(300);
      await verify((await mintSessionToken(session, minting)).text);
      expect(engine.calls()).toEqual([]);
      clock.advance(1);
      await verify((await mintSessionToken(session, minting)).text);
      expect(engine.calls()).toHaveLength(1);
    });

    it('reloads the keys when a token names an unknown key, at most once every ten seconds', async () => {
      const { clock, table, minting, verify } = await signing(engine);
      const rotated = createSessionKey();
      const mint = () => mintSessionToken(session, { ...minting, secrets: holding(rotated) });
      await verify((await mintSessionToken(session, minting)).text);
      await publishSessionKey(table, rotated.keyId, rotated.publicKey);
      engine.resetCalls();

      clock.advance(10);
      const early = await verify((await mint()).text);
      clock.advance(1);
      const late = await verify((await mint()).text);

      expect(early).toBeUndefined();
      expect(late).toEqual(session);
      expect(engine.calls()).toHaveLength(1);
    });

    it('holds the current and the previous key, so that live tokens survive a key rotation', async () => {
      const { clock, table, key, minting, verify } = await signing(engine);
      const second = createSessionKey();
      const first = await mintSessionToken(session, minting);
      await publishSessionKey(table, second.keyId, second.publicKey);

      expect(await verify(first.text)).toBeDefined();
      const third = createSessionKey();
      await publishSessionKey(table, third.keyId, third.publicKey);
      clock.advance(301);

      const old = await mintSessionToken(session, { ...minting, secrets: holding(key) });
      const recent = await mintSessionToken(session, { ...minting, secrets: holding(second) });
      expect(await verify(old.text)).toBeUndefined();
      expect(await verify(recent.text)).toBeDefined();
    });

    it('fails with an error when the keys cannot be read, and does not call the token invalid', async () => {
      const { table } = await engine.newTableWithClient(1);
      const clock = testClock();
      const key = createSessionKey();
      await publishSessionKey(table, key.keyId, key.publicKey);
      const { text } = await mintSessionToken(session, {
        secrets: holding(key),
        secretId: 'session-key',
        audience,
        now: clock.now,
      });
      engine.intercept(() => 'drop');
      const verify = createSessionVerifier({ table, audience, now: clock.now, monotonic: clock.now });

      await expect(verify(text)).rejects.toMatchObject({ code: 'DATABASE_ERROR' });
    });
  });
});
