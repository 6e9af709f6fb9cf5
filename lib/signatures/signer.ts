/**
 * Finds which of an app's secrets produced an HMAC. It always tries the maximum number of secrets that an app can have, in
 * constant time, so that timing reveals neither which one matched, nor how many exist, nor whether any exists.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import type { Secret } from '../telemetry/secret.ts';
import { type KeyEncoding, keyOf } from './encodings.ts';

export interface Signed {
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
  readonly key: KeyEncoding;
  /** What was signed, in pieces. */
  readonly message: readonly Uint8Array[];
  /** What was presented; one match is enough. */
  readonly signatures: readonly Uint8Array[];
}

/** Decoy for missing or unusable secrets; its signature never counts as a match. */
const decoy = createSecretKey(randomBytes(32));
/** The client secret and the webhook secret, each with its predecessor. */
const mostSecrets = 4;
/**
 * The keys of secrets that are in memory anyway, for as long as they are. To make one takes several times as long as an
 * HMAC under it: https://nodejs.org/docs/latest-v24.x/api/crypto.html#cryptocreatehmacalgorithm-key-options
 */
const keysOfSecrets = new WeakMap<Secret, Map<KeyEncoding, KeyObject | undefined>>();

/** Whether the first secret signed, or one of the others; nothing when none did. */
export function signerAmong(secrets: readonly Secret[], signed: Signed): 'current' | 'previous' | undefined {
  const keys = secrets.map((secret) => keyObjectOf(secret, signed.key));
  while (keys.length < mostSecrets) keys.push(undefined);
  const matches = keys.map((key) => {
    const hmac = createHmac(signed.algorithm, key ?? decoy);
    for (const piece of signed.message) hmac.update(piece);
    const expected = hmac.digest();
    const equal = signed.signatures.map((signature) => equalInConstantTime(signature, expected));
    return key !== undefined && equal.includes(true);
  });
  if (!matches.includes(true)) return undefined;
  return matches[0] === true ? 'current' : 'previous';
}

function keyObjectOf(secret: Secret, encoding: KeyEncoding): KeyObject | undefined {
  const known = keysOfSecrets.get(secret) ?? new Map<KeyEncoding, KeyObject | undefined>();
  if (known.has(encoding)) return known.get(encoding);
  const bytes = keyOf(secret, encoding);
  const key = bytes && createSecretKey(bytes);
  keysOfSecrets.set(secret, known.set(encoding, key));
  return key;
}
