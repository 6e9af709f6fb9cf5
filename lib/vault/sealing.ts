/**
 * One sealing and one opening, given the tenant's key. Every sealing has an AES key of its own, derived from a fresh
 * salt and the context, and commits to it; whatever is wrong with a sealed value, opening it fails in one way.
 */
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { equalInConstantTime } from '../constant-time.ts';
import { IntegrationError } from '../errors.ts';
import { Secret } from '../telemetry/secret.ts';
import { decrypt, encrypt, hkdf } from './primitives.ts';
import { encodeContext, type SealContext } from './seal-context.ts';
import {
  commitmentBytes,
  ivBytes,
  longestToken,
  type SealedParts,
  saltBytes,
  writeSealed,
} from './sealed-format.ts';

/** One version of a tenant's key, in memory. */
export interface TenantKey {
  readonly version: number;
  readonly key: KeyObject;
}

const contentKeyBytes = 32;

/** Seals under fresh randomness. */
export function seal(key: TenantKey, token: Secret, context: SealContext): Uint8Array {
  const random = randomBytes(saltBytes + ivBytes);
  return sealWith(key, token, context, random.subarray(0, saltBytes), random.subarray(saltBytes));
}

/** Seals under given randomness, for {@link seal} and for known answers: the same salt and IV must never serve twice. */
export function sealWith(
  key: TenantKey,
  token: Secret,
  context: SealContext,
  salt: Uint8Array,
  iv: Uint8Array,
): Uint8Array {
  const bound = encodeContext(context, key.version);
  const plain = sealable(token);
  const { contentKey, commitment } = derive(key.key, salt, bound);
  const encrypted = encrypt(contentKey, iv, bound, plain);
  plain.fill(0);
  return writeSealed({ keyVersion: key.version, salt, commitment, iv, ...encrypted });
}

/** @throws IntegrationError VAULT_ERROR, the same for a wrong key, a wrong context and any changed byte. */
export function open(key: TenantKey, sealed: SealedParts, context: SealContext): Secret {
  if (sealed.keyVersion !== key.version) throw doesNotOpen();
  const bound = encodeContext(context, key.version);
  const { contentKey, commitment } = derive(key.key, sealed.salt, bound);
  // GCM alone lets a ciphertext be made that opens under two keys; the commitment rules the second one out.
  if (!equalInConstantTime(commitment, sealed.commitment)) throw doesNotOpen();
  const plain = decrypt(contentKey, sealed.iv, bound, sealed);
  if (plain === undefined) throw doesNotOpen();
  const token = new Secret(plain.toString('utf8'));
  plain.fill(0);
  return token;
}

/** The one answer to every value that does not open. It has no cause, so that none can be told from another. */
export function doesNotOpen(): IntegrationError {
  return new IntegrationError(
    'VAULT_ERROR',
    'The sealed value does not open here: it was sealed for another place or has been changed.',
  );
}

/** The AES key of one sealing and the commitment to it, both bound to the tenant's key, the salt and the context. */
function derive(key: KeyObject, salt: Uint8Array, bound: Uint8Array) {
  const derived = hkdf(key, salt, bound, contentKeyBytes + commitmentBytes);
  const secret = derived.subarray(0, contentKeyBytes);
  const contentKey = createSecretKey(secret);
  secret.fill(0);
  return { contentKey, commitment: derived.subarray(contentKeyBytes) };
}

function sealable(token: Secret): Buffer {
  const text = token.reveal();
  // A lone surrogate has no UTF-8 form: the token would come back changed.
  if (!text.isWellFormed()) {
    throw new IntegrationError('VAULT_ERROR', 'A token of well-formed Unicode text was expected.');
  }
  if (Buffer.byteLength(text, 'utf8') > longestToken) {
    throw new IntegrationError('VAULT_ERROR', `A token of at most ${longestToken} bytes was expected.`);
  }
  return Buffer.from(text, 'utf8');
}
