/**
 * Encryption under one KMS key: AES-256-GCM with the encryption context as additional data.
 * A ciphertext names its key, as AWS's does, and opens under no other key, context or header.
 */
import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';

export type EncryptionContext = Readonly<Record<string, string>>;

const version = 1;
const keyIdBytes = 16;
const ivBytes = 12;
const tagBytes = 16;
const headerBytes = 1 + keyIdBytes;
const overheadBytes = headerBytes + ivBytes + tagBytes;

/** Version byte, key id, IV, tag, encrypted bytes. `keyId` is a UUID. */
export function seal(
  keyId: string,
  key: KeyObject,
  plaintext: Uint8Array,
  context: EncryptionContext,
): Buffer {
  const header = Buffer.concat([Buffer.of(version), Buffer.from(keyId.replaceAll('-', ''), 'hex')]);
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  cipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  const encrypted = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return Buffer.concat([header, iv, cipher.getAuthTag(), encrypted]);
}

/** The key that a ciphertext names, or nothing where it is no ciphertext of this format. */
export function keyIdIn(blob: Buffer): string | undefined {
  if (blob.length < overheadBytes || blob[0] !== version) return undefined;
  const hex = blob.toString('hex', 1, headerBytes);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The plaintext, or nothing where the key, the context or a byte is not the one of the sealing. */
export function open(key: KeyObject, blob: Buffer, context: EncryptionContext): Buffer | undefined {
  const header = blob.subarray(0, headerBytes);
  const iv = blob.subarray(headerBytes, headerBytes + ivBytes);
  const tag = blob.subarray(headerBytes + ivBytes, overheadBytes);
  const decipher = createDecipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes });
  decipher.setAAD(Buffer.concat([header, encodeContext(context)]));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(blob.subarray(overheadBytes)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** One encoding per context: pairs sorted by key, every part behind its length, so that no two contexts look alike. */
function encodeContext(context: EncryptionContext): Buffer {
  const pairs = Object.entries(context)
    .map(([key, value]) => [Buffer.from(key, 'utf8'), Buffer.from(value, 'utf8')] as const)
    .sort(([left], [right]) => Buffer.compare(left, right));
  return Buffer.concat(pairs.flat().flatMap((part) => [lengthOf(part), part]));
}

function lengthOf(part: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(part.length);
  return length;
}
