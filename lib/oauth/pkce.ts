/** Proof Key for Code Exchange (RFC 7636): a fresh verifier per flow, S256 only. `plain` does not exist here. */
import { createHash } from 'node:crypto';
import { token } from '../ids.ts';
import { Secret } from '../telemetry/secret.ts';

/** How a platform wants the challenge: as RFC 7636 says, or hex-encoded as TikTok's desktop flow does. */
export type PkceMethod = 'S256' | 'S256-hex';

export interface Pkce {
  readonly verifier: Secret;
  readonly challenge: string;
}

/** A new verifier of 256 bits (43 characters) and its challenge. */
export function createPkce(method: PkceMethod): Pkce {
  const verifier = token(32);
  return { verifier: new Secret(verifier), challenge: challengeOf(verifier, method) };
}

/** The challenge that belongs to a verifier. */
export function challengeOf(verifier: string, method: PkceMethod): string {
  return createHash('sha256')
    .update(verifier, 'ascii')
    .digest(method === 'S256' ? 'base64url' : 'hex');
}
