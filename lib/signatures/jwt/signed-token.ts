/**
 * Checks of tokens (JWT) that platforms sign with a private key: the algorithm is pinned, the key comes from the
 * platform's own published set, each part has one spelling, and issuer and audience must be the expected ones.
 */
import {
  compactVerify,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { decodeStrictly } from '../encodings.ts';
import { parsedJson, type Refused, refused } from '../verification.ts';
import type { KeySet } from './key-set.ts';

export type TokenVerification =
  | { readonly kind: 'verified'; readonly claims: Readonly<JWTPayload> }
  | Refused
  /** The platform's keys cannot be had now: neither authentic nor forged. Answer so that the platform tries again. */
  | { readonly kind: 'unavailable' };

/** What a token must say. */
export interface ExpectedClaims {
  /** Any of these must be an audience of the token. */
  readonly audiences: readonly string[];
  /** The issuer must be one of these. */
  readonly issuers: readonly string[];
}

const algorithms = ['RS256'];
const clockSkewSeconds = 60;
const longestToken = 16_384;

/** Checks a token that is valid for a while: signature, issuer, audience, and the present time. */
export async function verifyToken(
  token: string,
  keys: KeySet,
  expected: ExpectedClaims,
  now: () => number,
): Promise<TokenVerification> {
  const found = await keysFor(token, keys);
  if (found.kind !== 'found') return found;
  try {
    const { payload } = await jwtVerify(token, found.keys, {
      algorithms,
      audience: [...expected.audiences],
      issuer: [...expected.issuers],
      requiredClaims: ['exp', 'iat'],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(now()),
    });
    const issuedIn = (payload.iat ?? Number.POSITIVE_INFINITY) - now() / 1000;
    return issuedIn > clockSkewSeconds ? refused('stale') : { kind: 'verified', claims: payload };
  } catch (error) {
    return refused(reasonOf(error));
  }
}

/**
 * Checks a security event token (RFC 8417): it tells of something past, and so has no end. It must hold events and an
 * id, which ID tokens of the same issuer and audience lack. A trailing slash of the issuer counts for nothing.
 */
export async function verifyEventToken(
  token: string,
  keys: KeySet,
  expected: ExpectedClaims,
): Promise<TokenVerification> {
  const found = await keysFor(token, keys);
  if (found.kind !== 'found') return found;
  try {
    const { payload } = await compactVerify(token, found.keys, { algorithms });
    const claims = parsedJson(payload);
    if (!isEventClaims(claims)) return refused('malformed');
    const audiences = [claims.aud ?? []].flat();
    const issuers = expected.issuers.map(withoutSlash);
    const ours =
      expected.audiences.some((audience) => audiences.includes(audience)) &&
      issuers.includes(withoutSlash(claims.iss));
    return ours ? { kind: 'verified', claims } : refused('mismatch');
  } catch (error) {
    return refused(reasonOf(error));
  }
}

type Found =
  | { readonly kind: 'found'; readonly keys: JWTVerifyGetKey }
  | Exclude<TokenVerification, { kind: 'verified' }>;

async function keysFor(token: string, keys: KeySet): Promise<Found> {
  if (token.length > longestToken) return refused('malformed');
  const parts = token.split('.');
  const spelled = parts.length === 3 && parts.every((part) => decodeStrictly(part, 'base64url'));
  if (!spelled) return refused('malformed');
  try {
    const { alg, kid } = decodeProtectedHeader(token);
    if (alg === undefined || !algorithms.includes(alg) || typeof kid !== 'string')
      return refused('malformed');
    const set = await keys.forKey(kid);
    return set ? { kind: 'found', keys: set } : { kind: 'unavailable' };
  } catch {
    return refused('malformed');
  }
}

function reasonOf(error: unknown): 'malformed' | 'mismatch' | 'stale' {
  if (error instanceof errors.JWTExpired) return 'stale';
  if (error instanceof errors.JWTClaimValidationFailed) return error.claim === 'nbf' ? 'stale' : 'mismatch';
  const known =
    error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey;
  return known ? 'mismatch' : 'malformed';
}

type EventClaims = JWTPayload & { readonly iss: string; readonly aud?: string | string[] };

function isEventClaims(value: unknown): value is EventClaims {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const claims: Readonly<Record<string, unknown>> = { ...value };
  const { iss, aud, jti, events } = claims;
  const audience =
    typeof aud === 'string' || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'));
  return (
    typeof iss === 'string' &&
    audience &&
    typeof jti === 'string' &&
    jti !== '' &&
    typeof events === 'object' &&
    events !== null &&
    !Array.isArray(events)
  );
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '');
}
