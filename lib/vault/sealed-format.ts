/**
 * The bytes of a sealed value: version byte, key version, salt, commitment, IV, ciphertext, tag. Reading is strict:
 * it rejects any value that `writeSealed` cannot produce, before any key is used.
 */
import { IntegrationError } from '../errors.ts';

/** First byte of every sealed value; a different layout or algorithm takes the next number. */
export const formatVersion = 1;

export const saltBytes = 32;
export const commitmentBytes = 32;
/** NIST SP 800-38D §5.2.1.1: 96 bits is the one IV length that needs no further hashing. */
export const ivBytes = 12;
/** The full tag. Node takes shorter ones unless told, and a 4-byte tag is forged in 2³² tries. */
export const tagBytes = 16;

/** Longest token in bytes of UTF-8; cookies of a whole browser session fit, and a DynamoDB item (400 KB) still holds it. */
export const longestToken = 64 * 1_024;
/** Key versions are stored in 32 bits and begin at 1. */
export const highestKeyVersion = 0xffff_ffff;

const keyVersionAt = 1;
const saltAt = keyVersionAt + 4;
const commitmentAt = saltAt + saltBytes;
const ivAt = commitmentAt + commitmentBytes;
const ciphertextAt = ivAt + ivBytes;
const overhead = ciphertextAt + tagBytes;

/** The parts of a sealed value; when read, views on its bytes. */
export interface SealedParts {
  readonly keyVersion: number;
  readonly salt: Uint8Array;
  readonly commitment: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

export function writeSealed(deps: SealedParts): Uint8Array {
  // Its own memory, not a slice of Node's shared pool, whose other slices hold other requests' data.
  const sealed = new Uint8Array(overhead + deps.ciphertext.byteLength);
  sealed[0] = formatVersion;
  new DataView(sealed.buffer).setUint32(keyVersionAt, deps.keyVersion);
  sealed.set(deps.salt, saltAt);
  sealed.set(deps.commitment, commitmentAt);
  sealed.set(deps.iv, ivAt);
  sealed.set(deps.ciphertext, ciphertextAt);
  sealed.set(deps.tag, sealed.byteLength - tagBytes);
  return sealed;
}

/** @throws IntegrationError VAULT_ERROR that says what was expected, and nothing of what was given. */
export function readSealed(sealed: Uint8Array): SealedParts {
  if (!isSealed(sealed)) {
    throw new IntegrationError(
      'VAULT_ERROR',
      `A sealed value was expected: ${overhead} to ${overhead + longestToken} bytes that begin with format version ${formatVersion} and a key version.`,
    );
  }
  const tagAt = sealed.byteLength - tagBytes;
  return {
    keyVersion: keyVersionOf(sealed),
    salt: sealed.subarray(saltAt, commitmentAt),
    commitment: sealed.subarray(commitmentAt, ivAt),
    iv: sealed.subarray(ivAt, ciphertextAt),
    ciphertext: sealed.subarray(ciphertextAt, tagAt),
    tag: sealed.subarray(tagAt),
  };
}

/** Whether a value has the outer form of a sealed one. Only opening it proves that it is one. */
export function isSealed(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array &&
    value.byteLength >= overhead &&
    value.byteLength <= overhead + longestToken &&
    value[0] === formatVersion &&
    keyVersionOf(value) > 0
  );
}

function keyVersionOf(sealed: Uint8Array): number {
  return new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(keyVersionAt);
}
