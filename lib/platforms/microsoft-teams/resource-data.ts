/**
 * Decrypts the data inside a Microsoft Graph notification. Each item has a key of its own, which is encrypted to our
 * certificate and also signs the data. The signature is verified before the data is decrypted.
 * https://learn.microsoft.com/en-us/graph/change-notifications-with-resource-data
 */
import { constants, createDecipheriv, createHmac, type KeyObject, privateDecrypt } from 'node:crypto';
import * as z from 'zod/mini';
import { equalInConstantTime } from '../../constant-time.ts';
import { decodeStrictly } from '../../signatures/encodings.ts';
import { type Refused, refused } from '../../signatures/verification.ts';

const encryptedContent = z.object({
  data: z.string(),
  dataSignature: z.string(),
  dataKey: z.string(),
  encryptionCertificateId: z.string(),
});

export type ResourceData = { readonly kind: 'opened'; readonly plain: Uint8Array } | Refused;

const keyBytes = 32;
const ivBytes = 16;

/**
 * Opens an item's `encryptedContent`.
 * @param privateKeys by the id we gave the certificate; an old one stays until no notification names it.
 */
export function openResourceData(
  content: unknown,
  privateKeys: ReadonlyMap<string, KeyObject>,
): ResourceData {
  const parsed = encryptedContent.safeParse(content);
  if (!parsed.success) return refused('malformed');
  const data = decodeStrictly(parsed.data.data, 'base64');
  const signature = decodeStrictly(parsed.data.dataSignature, 'base64');
  const wrappedKey = decodeStrictly(parsed.data.dataKey, 'base64');
  if (!data || !signature || !wrappedKey) return refused('malformed');
  const privateKey = privateKeys.get(parsed.data.encryptionCertificateId);
  if (privateKey === undefined) return refused('missing');
  try {
    const options = { key: privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    const key = privateDecrypt(options, wrappedKey);
    if (key.byteLength !== keyBytes) return refused('malformed');
    const expected = createHmac('sha256', key).update(data).digest();
    if (!equalInConstantTime(signature, expected)) return refused('mismatch');
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, ivBytes));
    return { kind: 'opened', plain: Buffer.concat([decipher.update(data), decipher.final()]) };
  } catch {
    // The key was not encrypted to this certificate. All failures give the same answer, so this is no decryption oracle.
    return refused('mismatch');
  }
}
