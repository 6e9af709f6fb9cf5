/**
 * Opens tokens in the legacy text format `iv:authTag:encrypted`, for the import command alone. Nothing seals in this
 * format: it binds a token to no tenant and no record, and uses one key for all tenants.
 */
import { createHash, createSecretKey, type KeyObject } from 'node:crypto';
import { IntegrationError } from '../../errors.ts';
import { Secret } from '../../telemetry/secret.ts';
import { decrypt } from '../../vault/primitives.ts';
import { longestToken } from '../../vault/sealed-format.ts';

/** Hexadecimal IV of 16 bytes, tag of 16 bytes, ciphertext. */
const form = /^([0-9a-f]{32}):([0-9a-f]{32}):((?:[0-9a-f]{2})*)$/i;
/** 32 bytes in base64. */
const base64Key = /^[A-Za-z0-9+/]{43}=$/;
const noBinding = new Uint8Array(0);
const longestText = 66 + 2 * longestToken;

/**
 * @param key the value of `TOKEN_ENCRYPTION_KEY` or `DATA_ENCRYPTION_KEY`: 44 characters of base64 are the key itself,
 * any other text is hashed to one by SHA-256.
 * @throws IntegrationError VAULT_ERROR when the text is malformed or does not open under this key.
 */
export function openLegacyToken(text: string, key: string): Secret {
  const [, iv, tag, encrypted] = (text.length <= longestText && form.exec(text)) || [];
  if (iv === undefined || tag === undefined || encrypted === undefined) {
    throw new IntegrationError(
      'VAULT_ERROR',
      `A token in the form iv:authTag:encrypted was expected: 32, 32 and at most ${2 * longestToken} hexadecimal digits.`,
    );
  }
  const plain = decrypt(legacyKey(key), Buffer.from(iv, 'hex'), noBinding, {
    ciphertext: Buffer.from(encrypted, 'hex'),
    tag: Buffer.from(tag, 'hex'),
  });
  if (plain === undefined)
    throw new IntegrationError('VAULT_ERROR', 'The token does not open under this key.');
  const token = new Secret(plain.toString('utf8'));
  plain.fill(0);
  return token;
}

function legacyKey(text: string): KeyObject {
  if (text === '') throw new IntegrationError('VAULT_ERROR', 'The key of the older tokens was expected.');
  const bytes = base64Key.test(text)
    ? Buffer.from(text, 'base64')
    : createHash('sha256').update(text, 'utf8').digest();
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}
