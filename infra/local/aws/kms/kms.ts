/**
 * The KMS operations of the local stack. Keys are real: what is sealed here opens only here,
 * only under its encryption context, and not while its key is disabled.
 */
import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { accountId, aliasArn, keyArn } from '../account.ts';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../front/aws-call.ts';
import { type Operation, operation } from '../json-operations.ts';
import type { Keyring } from './kms-keyring.ts';
import type { AliasRecord, KeyRecord, KmsKeys } from './kms-keys.ts';

const dayMilliseconds = 86_400_000;
const keyId = z.string().min(1).max(2048);
const base64 = (longestBytes: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, 'base64'))
    .refine((bytes) => bytes.length > 0 && bytes.length <= longestBytes);
const encryptionContext = z.record(z.string(), z.string()).default({});
const aliasName = z.string().regex(/^alias\/[\w/-]{1,250}$/);

const inputs = {
  createKey: z.object({
    Description: z.string().max(8192).default(''),
    KeySpec: z.literal('SYMMETRIC_DEFAULT').default('SYMMETRIC_DEFAULT'),
    KeyUsage: z.literal('ENCRYPT_DECRYPT').default('ENCRYPT_DECRYPT'),
  }),
  createAlias: z.object({ AliasName: aliasName, TargetKeyId: keyId }),
  listAliases: z.object({
    KeyId: keyId.optional(),
    Limit: z.int().min(1).max(100).default(50),
    Marker: z.string().optional(),
  }),
  key: z.object({ KeyId: keyId }),
  dataKey: z.object({ KeyId: keyId, KeySpec: z.literal('AES_256'), EncryptionContext: encryptionContext }),
  encrypt: z.object({ KeyId: keyId, Plaintext: base64(4096), EncryptionContext: encryptionContext }),
  decrypt: z.object({
    KeyId: keyId.optional(),
    CiphertextBlob: base64(6144),
    EncryptionContext: encryptionContext,
  }),
  schedule: z.object({ KeyId: keyId, PendingWindowInDays: z.int().min(7).max(30).default(30) }),
};

/** The operations by name; all of them throw KMS's own exceptions. */
export function kmsOperations(
  keys: KmsKeys,
  keyring: Keyring,
  now: () => number,
): ReadonlyMap<string, Operation> {
  function createAlias(name: string, target: string): JsonObject {
    if (name.startsWith('alias/aws/'))
      throw new AwsError('InvalidAliasNameException', 'alias/aws/ is reserved.');
    if (keys.aliases().some((alias) => alias.name === name)) {
      throw new AwsError('AlreadyExistsException', `An alias with the name ${aliasArn(name)} already exists`);
    }
    keys.addAlias(name, keyring.existing(target).id);
    return {};
  }

  function setEnabled(reference: string, state: 'Enabled' | 'Disabled'): JsonObject {
    const key = keyring.existing(reference);
    if (key.state === 'PendingDeletion') keyring.usable(reference);
    keys.change(key.id, { state });
    return {};
  }

  function scheduleDeletion(reference: string, days: number): JsonObject {
    const key = keyring.existing(reference);
    if (key.state === 'PendingDeletion') keyring.usable(reference);
    const deletionAt = now() + days * dayMilliseconds;
    keys.change(key.id, { state: 'PendingDeletion', deletionAt });
    return {
      KeyId: keyArn(key.id),
      DeletionDate: deletionAt / 1000,
      KeyState: 'PendingDeletion',
      PendingWindowInDays: days,
    };
  }

  const invalid = 'ValidationException';
  return new Map<string, Operation>([
    [
      'CreateKey',
      operation(inputs.createKey, invalid, (input) => describe(keys.create(input.Description, 'CUSTOMER'))),
    ],
    [
      'CreateAlias',
      operation(inputs.createAlias, invalid, (input) => createAlias(input.AliasName, input.TargetKeyId)),
    ],
    ['DescribeKey', operation(inputs.key, invalid, (input) => describe(keyring.existing(input.KeyId)))],
    [
      'ListAliases',
      operation(inputs.listAliases, invalid, (input) => {
        const only = input.KeyId === undefined ? undefined : keyring.existing(input.KeyId).id;
        return listAliases(
          keys.aliases().filter((alias) => only === undefined || alias.keyId === only),
          input,
        );
      }),
    ],
    ['EnableKey', operation(inputs.key, invalid, (input) => setEnabled(input.KeyId, 'Enabled'))],
    ['DisableKey', operation(inputs.key, invalid, (input) => setEnabled(input.KeyId, 'Disabled'))],
    [
      'ScheduleKeyDeletion',
      operation(inputs.schedule, invalid, (input) =>
        scheduleDeletion(input.KeyId, input.PendingWindowInDays),
      ),
    ],
    [
      'GenerateDataKey',
      operation(inputs.dataKey, invalid, (input) => {
        const key = keyring.usable(input.KeyId);
        const plaintext = randomBytes(32);
        const blob = keyring.encrypt(key, plaintext, input.EncryptionContext);
        return {
          KeyId: keyArn(key.id),
          Plaintext: plaintext.toString('base64'),
          CiphertextBlob: blob.toString('base64'),
        };
      }),
    ],
    [
      'Encrypt',
      operation(inputs.encrypt, invalid, (input) => {
        const key = keyring.usable(input.KeyId);
        const blob = keyring.encrypt(key, input.Plaintext, input.EncryptionContext);
        return { KeyId: keyArn(key.id), CiphertextBlob: blob.toString('base64'), ...algorithm };
      }),
    ],
    [
      'Decrypt',
      operation(inputs.decrypt, invalid, (input) => {
        const { plaintext, key } = keyring.decrypt(
          input.CiphertextBlob,
          input.EncryptionContext,
          input.KeyId,
        );
        return { KeyId: keyArn(key.id), Plaintext: plaintext.toString('base64'), ...algorithm };
      }),
    ],
  ]);
}

const algorithm = { EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };

function listAliases(
  aliases: readonly AliasRecord[],
  page: { Limit: number; Marker?: string | undefined },
): JsonObject {
  const rest = aliases
    .toSorted((left, right) => (left.name < right.name ? -1 : 1))
    .filter((alias) => page.Marker === undefined || alias.name > page.Marker);
  const shown = rest.slice(0, page.Limit);
  const truncated = rest.length > shown.length;
  return {
    Aliases: shown.map((alias) => ({
      AliasName: alias.name,
      AliasArn: aliasArn(alias.name),
      TargetKeyId: alias.keyId,
      CreationDate: alias.createdAt / 1000,
      LastUpdatedDate: alias.createdAt / 1000,
    })),
    Truncated: truncated,
    ...(truncated && { NextMarker: shown.at(-1)?.name }),
  };
}

function describe(key: KeyRecord): JsonObject {
  return {
    KeyMetadata: {
      AWSAccountId: accountId,
      KeyId: key.id,
      Arn: keyArn(key.id),
      CreationDate: key.createdAt / 1000,
      Enabled: key.state === 'Enabled',
      Description: key.description,
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: key.state,
      ...(key.deletionAt !== undefined && { DeletionDate: key.deletionAt / 1000 }),
      Origin: 'AWS_KMS',
      KeyManager: key.manager,
      KeySpec: 'SYMMETRIC_DEFAULT',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
    },
  };
}
