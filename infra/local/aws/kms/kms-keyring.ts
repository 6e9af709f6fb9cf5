/** Sealing and opening under keys by name, with the states of a key enforced as KMS enforces them. */
import { keyArn } from '../account.ts';
import { AwsError } from '../aws-error.ts';
import { type EncryptionContext, keyIdIn, open, seal } from './kms-cipher.ts';
import type { KeyRecord, KmsKeys } from './kms-keys.ts';

export interface Keyring {
  /** The key of that name, whatever its state. */
  existing(reference: string): KeyRecord;
  /** The key of that name, ready for use. */
  usable(reference: string): KeyRecord;
  encrypt(key: KeyRecord, plaintext: Uint8Array, context: EncryptionContext): Buffer;
  /** `expected` is the key that the caller asked for; without it the one that the ciphertext names. */
  decrypt(blob: Buffer, context: EncryptionContext, expected?: string): { plaintext: Buffer; key: KeyRecord };
}

/** All of it throws {@link AwsError} with KMS's own codes. */
export function createKeyring(keys: KmsKeys): Keyring {
  function existing(reference: string): KeyRecord {
    const key = keys.find(reference);
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${reference}' does not exist`);
    return key;
  }

  function usable(reference: string): KeyRecord {
    const key = existing(reference);
    if (key.state === 'Disabled') throw new AwsError('DisabledException', `${keyArn(key.id)} is disabled.`);
    if (key.state === 'PendingDeletion') {
      throw new AwsError('KMSInvalidStateException', `${keyArn(key.id)} is pending deletion.`);
    }
    return key;
  }

  return {
    existing,
    usable,
    encrypt: (key, plaintext, context) => seal(key.id, keys.materialOf(key), plaintext, context),
    decrypt(blob, context, expected) {
      const named = keys.find(keyIdIn(blob) ?? '');
      if (expected !== undefined && existing(expected).id !== named?.id) {
        throw new AwsError(
          'IncorrectKeyException',
          'The ciphertext was made under another key than the one named.',
        );
      }
      if (named === undefined) throw invalidCiphertext();
      const key = usable(named.id);
      const plaintext = open(keys.materialOf(key), blob, context);
      if (plaintext === undefined) throw invalidCiphertext();
      return { plaintext, key };
    },
  };
}

function invalidCiphertext(): AwsError {
  return new AwsError(
    'InvalidCiphertextException',
    'The ciphertext or its encryption context is not the one sealed.',
  );
}
