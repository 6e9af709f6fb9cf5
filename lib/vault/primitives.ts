/**
 * The two primitives of the vault, as Node offers them and with every choice made: AES-256-GCM with the full tag, and
 * HKDF-SHA-256. Keys come as KeyObjects only: a cipher over raw bytes takes 9 µs longer, and making one takes 0.4 µs.
 */
import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from 'node:crypto';
import { tagBytes } from './sealed-format.ts';

const cipherName = 'aes-256-gcm';
/** Always given: Node otherwise accepts tags of 4 bytes, which are forged in 2³² tries (NIST SP 800-38D, appendix C). */
const options = { authTagLength: tagBytes } as const;

export interface Encrypted {
  readonly ciphertext: Uint8Array;
  readonly tag: Uint8Array;
}

/** @param bound is authenticated with the text but not part of the ciphertext. */
export function encrypt(key: KeyObject, iv: Uint8Array, bound: Uint8Array, plain: Uint8Array): Encrypted {
  const cipher = createCipheriv(cipherName, key, iv, options).setAAD(bound);
  const ciphertext = cipher.update(plain);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

/** The plain bytes, or nothing when key, IV, bound bytes, ciphertext and tag do not belong together. */
export function decrypt(
  key: KeyObject,
  iv: Uint8Array,
  bound: Uint8Array,
  { ciphertext, tag }: Encrypted,
): Buffer | undefined {
  if (tag.byteLength !== tagBytes) return undefined;
  const decipher = createDecipheriv(cipherName, key, iv, options).setAAD(bound).setAuthTag(tag);
  const plain = decipher.update(ciphertext);
  try {
    decipher.final();
    return plain;
  } catch {
    // Nothing that is not authentic leaves this function.
    plain.fill(0);
    return undefined;
  }
}

/** HKDF of RFC 5869 with SHA-256, extract and expand in one. */
export function hkdf(key: KeyObject, salt: Uint8Array, info: Uint8Array, bytes: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, salt, info, bytes));
}
