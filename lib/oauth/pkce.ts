/**
 * Proof Key for Code Exchange: a new verifier per flow, S256 only; this client never sends `plain`.
 * https://www.rfc-editor.org/rfc/rfc7636#section-4
 */
import { createHash } from 'node:crypto';
import { token } from '../ids.ts';
import { Secret } from '../telemetry/secret.ts';

/** The challenge's encoding: base64url as RFC 7636 requires, or hex as TikTok's desktop flow expects. */
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

/** Derives the challenge of a verifier. https://www.rfc-editor.org/rfc/rfc7636#section-4.2 */
export function challengeOf(verifier: string, method: PkceMethod): string {
  return createHash('sha256')
    .update(verifier, 'ascii')
    .digest(method === 'S256' ? 'base64url' : 'hex');
}
