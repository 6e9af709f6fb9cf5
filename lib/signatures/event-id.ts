/**
 * The id of an event whose platform gives none: a hash of the fields that make it the same event. Only signed fields
 * belong here; the time and the signature of a delivery do not, because a retry changes them.
 */
import { createHash, hash as hashAtOnce } from 'node:crypto';

/**
 * SHA-256, in hex, of the parts joined by newlines. Different parts never share a hash: where a part holds a newline
 * itself, each part goes with its length instead, behind a byte that UTF-8 never contains.
 */
export function hashedId(parts: readonly string[]): string {
  const joinable = parts.length > 0 && parts.every((part) => !part.includes('\n') && part.isWellFormed());
  if (joinable) return hashAtOnce('sha256', parts.join('\n'), 'hex');
  const hash = createHash('sha256');
  hash.update(Uint8Array.of(0xff));
  // UTF-16, because lone surrogates have no UTF-8 of their own.
  for (const part of parts) hash.update(`${part.length}:`).update(part, 'utf16le');
  return hash.digest('hex');
}
