/**
 * The Secrets Manager operations of the local stack: versions with staging labels, repeatable writes,
 * deletion with a recovery window.
 */
import * as z from 'zod';
import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../front/aws-call.ts';
import { type Operation, operation } from '../json-operations.ts';
import { findVersion, type SecretSealer } from './secret-versions.ts';
import { createSecretWriter } from './secret-writes.ts';
import { listInput, listSecrets } from './secrets-listing.ts';
import {
  newSecretArn,
  requireLiveSecret,
  requireSecret,
  type SecretRecord,
  type SecretsStore,
} from './secrets-store.ts';

const dayMilliseconds = 86_400_000;
const secretId = z.string().min(1).max(2048);
const value = {
  ClientRequestToken: z.string().min(32).max(64),
  SecretString: z.string().min(1).max(65_536).optional(),
  SecretBinary: z.base64().min(1).max(87_384).optional(),
};
const description = {
  Description: z.string().max(2048).optional(),
  KmsKeyId: z.string().max(2048).optional(),
};

const inputs = {
  create: z.object({
    ...value,
    ...description,
    Name: z.string().regex(/^[\w/+=.@-]{1,512}$/),
    Tags: z.array(z.object({ Key: z.string().min(1), Value: z.string().optional() })).default([]),
  }),
  get: z.object({
    SecretId: secretId,
    VersionId: z.string().optional(),
    VersionStage: z.string().optional(),
  }),
  put: z.object({
    ...value,
    SecretId: secretId,
    VersionStages: z.array(z.string().min(1).max(256)).min(1).max(20).default(['AWSCURRENT']),
  }),
  update: z.object({ ...value, ...description, SecretId: secretId }),
  secret: z.object({ SecretId: secretId }),
  delete: z.object({
    SecretId: secretId,
    RecoveryWindowInDays: z.int().min(7).max(30).optional(),
    ForceDeleteWithoutRecovery: z.boolean().default(false),
  }),
};

/** The operations by name; all of them throw Secrets Manager's own exceptions. */
export function secretsManagerOperations(
  store: SecretsStore,
  sealer: SecretSealer,
  now: () => number,
): ReadonlyMap<string, Operation> {
  const writer = createSecretWriter(store, sealer, now);

  function get(input: z.output<typeof inputs.get>): JsonObject {
    const secret = requireLiveSecret(store, input.SecretId);
    const version = findVersion(secret, input.VersionId, input.VersionStage);
    const { kind, bytes } = sealer.open(secret, version);
    return {
      ...nameOf(secret),
      VersionId: version.id,
      [kind]: bytes.toString(kind === 'SecretString' ? 'utf8' : 'base64'),
      VersionStages: version.stages,
      CreatedDate: version.createdAt / 1000,
    };
  }

  function remove(input: z.output<typeof inputs.delete>): JsonObject {
    if (input.ForceDeleteWithoutRecovery) {
      if (input.RecoveryWindowInDays !== undefined) {
        throw new AwsError('InvalidParameterException', 'Force and a recovery window exclude each other.');
      }
      // As on AWS, forcing away what does not exist succeeds, so that the call can be repeated.
      const secret = store.find(input.SecretId);
      if (secret !== undefined) store.remove(secret.arn);
      const name = secret ?? { name: input.SecretId, arn: newSecretArn(input.SecretId) };
      return { ...nameOf(name), DeletionDate: now() / 1000 };
    }
    const secret = requireLiveSecret(store, input.SecretId);
    const deletionAt = now() + (input.RecoveryWindowInDays ?? 30) * dayMilliseconds;
    store.save({ ...secret, deletionAt });
    return { ...nameOf(secret), DeletionDate: deletionAt / 1000 };
  }

  function restore(id: string): JsonObject {
    const secret = requireSecret(store, id);
    store.save({ ...secret, deletionAt: undefined });
    return nameOf(secret);
  }

  const invalid = 'InvalidParameterException';
  return new Map<string, Operation>([
    ['CreateSecret', operation(inputs.create, invalid, (input) => writer.create(input))],
    ['GetSecretValue', operation(inputs.get, invalid, get)],
    ['PutSecretValue', operation(inputs.put, invalid, (input) => writer.put(input))],
    ['UpdateSecret', operation(inputs.update, invalid, (input) => writer.update(input))],
    [
      'DescribeSecret',
      operation(inputs.secret, invalid, (input) => describe(requireSecret(store, input.SecretId))),
    ],
    ['ListSecrets', operation(listInput, invalid, (input) => listSecrets(store.all(), input, describe))],
    ['DeleteSecret', operation(inputs.delete, invalid, remove)],
    ['RestoreSecret', operation(inputs.secret, invalid, (input) => restore(input.SecretId))],
  ]);
}

function nameOf(secret: Pick<SecretRecord, 'arn' | 'name'>): JsonObject {
  return { ARN: secret.arn, Name: secret.name };
}

function describe(secret: SecretRecord): JsonObject {
  const labelled = secret.versions.filter((version) => version.stages.length > 0);
  return {
    ...nameOf(secret),
    ...(secret.description !== undefined && { Description: secret.description }),
    ...(secret.kmsKeyId !== undefined && { KmsKeyId: secret.kmsKeyId }),
    Tags: secret.tags,
    CreatedDate: secret.createdAt / 1000,
    LastChangedDate: secret.changedAt / 1000,
    ...(secret.deletionAt !== undefined && { DeletedDate: secret.deletionAt / 1000 }),
    VersionIdsToStages: Object.fromEntries(labelled.map((version) => [version.id, version.stages])),
  };
}
