/** Issues the ID tokens of a generated platform, signed as OpenID Connect Core section 15.1 asks every server to. */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { JsonObject } from '../dialect.ts';
import { bodyOf, type Placed } from './data/answer-body.ts';

export type IdTokenIssuer = ReturnType<typeof openIdTokenIssuer>;

export interface IdTokenClaims {
  readonly audience: string;
  readonly subject: string;
  readonly nonce: string | undefined;
  readonly placed: readonly Placed[];
}

const lifetimeSeconds = 3_600;

export function openIdTokenIssuer(issuer: string, now: () => number) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const kid = 'generated-1';
  const nonces = new Map<string, string>();

  return {
    keys: (): JsonObject => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' }],
    }),
    /** Keeps the nonce of an authorization until its code is redeemed. */
    rememberNonce(code: string, nonce: string | undefined): void {
      if (nonce !== undefined) nonces.set(digestOf(code), nonce);
    },
    takeNonce(code: string): string | undefined {
      const nonce = nonces.get(digestOf(code));
      nonces.delete(digestOf(code));
      return nonce;
    },
    issue({ audience, subject, nonce, placed }: IdTokenClaims): string {
      const seconds = Math.floor(now() / 1000);
      const claims = bodyOf([
        ['iss', issuer],
        ['aud', audience],
        ['iat', seconds],
        ['exp', seconds + lifetimeSeconds],
        ...placed,
        ['sub', subject],
        ...(nonce === undefined ? [] : [['nonce', nonce] as const]),
      ]);
      const content = `${encode({ alg: 'RS256', kid, typ: 'JWT' })}.${encode(claims)}`;
      return `${content}.${sign('RSA-SHA256', Buffer.from(content), privateKey).toString('base64url')}`;
    },
  };
}

function digestOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
