/**
 * Tenant keys under KMS: making one and unwrapping it. KMS binds each to its tenant, purpose and version, and the
 * plain key leaves this file only as a KeyObject.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';

/** What a tenant key seals. Rights to one purpose open nothing of the other. */
export type Purpose = 'credentials' | 'destinations';

export interface KmsDeps {
  readonly kms: KMSClient;
  /** The KMS key that wraps tenant keys. */
  readonly keyId: string;
  /** A tenant's own KMS key, which then wraps its new key versions; it stays the same as long as any of them is in use. */
  readonly kmsKeyOf?: (tenantId: TenantId) => Promise<string | undefined>;
  /** Called before each call of KMS, for counting. */
  readonly onKmsCall?: (operation: 'GenerateDataKey' | 'Decrypt') => void;
}

/** Which tenant key is meant. */
export interface TenantKeyRef {
  readonly tenantId: TenantId;
  readonly purpose: Purpose;
  readonly version: number;
}

/** A tenant key as KMS wrapped it, and whose KMS key did. */
export interface WrappedKey {
  readonly bytes: Uint8Array;
  readonly under: 'vault' | 'tenant';
}

const dataKeyBytes = 32;

/** @throws IntegrationError VAULT_ERROR when KMS does not answer or refuses. */
export async function generateKey(
  deps: KmsDeps,
  keyRef: TenantKeyRef,
): Promise<{ readonly key: KeyObject; readonly wrapped: WrappedKey }> {
  const own = await deps.kmsKeyOf?.(keyRef.tenantId);
  deps.onKmsCall?.('GenerateDataKey');
  const answer = await orVaultError(
    deps.kms.send(
      new GenerateDataKeyCommand({
        KeyId: own ?? deps.keyId,
        KeySpec: 'AES_256',
        EncryptionContext: encryptionContext(keyRef),
      }),
    ),
  );
  const key = take(answer.Plaintext);
  if (answer.CiphertextBlob === undefined) throw unexpectedAnswer();
  return { key, wrapped: { bytes: answer.CiphertextBlob, under: own === undefined ? 'vault' : 'tenant' } };
}

/**
 * The plain tenant key. KMS is told which KMS key to use, from the settings or the tenant and never from the stored
 * record: else whoever can write to the table could have their own KMS key accepted.
 * @throws IntegrationError VAULT_ERROR when KMS does not answer or refuses.
 */
export async function unwrapKey(
  deps: KmsDeps,
  keyRef: TenantKeyRef,
  wrapped: WrappedKey,
): Promise<KeyObject> {
  const keyId = wrapped.under === 'vault' ? deps.keyId : await deps.kmsKeyOf?.(keyRef.tenantId);
  if (keyId === undefined) {
    throw new IntegrationError(
      'VAULT_ERROR',
      'This tenant key needs the KMS key of the tenant, which names none.',
    );
  }
  deps.onKmsCall?.('Decrypt');
  const answer = await orVaultError(
    deps.kms.send(
      new DecryptCommand({
        KeyId: keyId,
        CiphertextBlob: wrapped.bytes,
        EncryptionContext: encryptionContext(keyRef),
      }),
    ),
  );
  return take(answer.Plaintext);
}

function encryptionContext({ tenantId, purpose, version }: TenantKeyRef): Record<string, string> {
  return { tenantId, purpose, version: String(version) };
}

/** Moves the key into a KeyObject, which nothing prints or serialises, and wipes the bytes it came in. */
function take(plain: Uint8Array | undefined): KeyObject {
  if (plain?.byteLength !== dataKeyBytes) throw unexpectedAnswer();
  const key = createSecretKey(plain);
  plain.fill(0);
  return key;
}

function unexpectedAnswer(): IntegrationError {
  return new IntegrationError(
    'VAULT_ERROR',
    `KMS was expected to answer with a key of ${dataKeyBytes} bytes.`,
  );
}

async function orVaultError<Answer>(call: Promise<Answer>): Promise<Answer> {
  try {
    return await call;
  } catch (cause) {
    throw new IntegrationError('VAULT_ERROR', 'KMS did not give out the tenant key. Try again.', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}
