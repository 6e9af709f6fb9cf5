/**
 * Text to bytes, strictly: each value has exactly one spelling. Hex is lower case; base64 is padded; base64url is
 * not; unused bits are zero. A lenient decoder would accept a signature that somebody altered.
 */
import type { Secret } from '../telemetry/secret.ts';

export type Encoding = 'hex' | 'base64' | 'base64url';

/** How the text of a secret becomes the key: its bytes as they are, or what it encodes. */
export type KeyEncoding = 'utf8' | Encoding | 'whsec';

/** Bounds of a Standard Webhooks key, in bytes. */
const shortestKey = 24;
const longestKey = 64;

/** The bytes that `text` spells, or nothing when it is empty or not in its one spelling. */
export function decodeStrictly(text: string, encoding: Encoding): Uint8Array | undefined {
  const bytes = Buffer.from(text, encoding);
  return bytes.byteLength > 0 && bytes.toString(encoding) === text ? bytes : undefined;
}

/** The key that a secret stands for, or nothing when it is empty or not in the form the scheme wants. */
export function keyOf(secret: Secret, encoding: KeyEncoding): Uint8Array | undefined {
  const text = secret.reveal();
  switch (encoding) {
    case 'utf8':
      return text === '' ? undefined : Buffer.from(text, 'utf8');
    case 'whsec': {
      // The prefix is for people; the libraries of the standard accept secrets without it.
      const key = decodeStrictly(text.replace(/^whsec_/, ''), 'base64');
      return key && key.byteLength >= shortestKey && key.byteLength <= longestKey ? key : undefined;
    }
    default:
      return decodeStrictly(text, encoding);
  }
}
