/** The one comparison of secrets: it takes the same time whichever byte differs. */
import { hash, timingSafeEqual } from 'node:crypto';

/** Whether two byte strings are equal. Their lengths are not secret; their contents are. */
export function equalInConstantTime(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** SHA-256 of a high-entropy secret, to store in its place. Not for passwords. */
export function digest(secret: string): Uint8Array {
  return hash('sha256', secret, 'buffer');
}

/** Whether a presented secret is the one whose {@link digest} was stored. */
export function matchesDigest(presented: string, stored: Uint8Array): boolean {
  return equalInConstantTime(digest(presented), stored);
}
