/**
 * The writes of Secrets Manager. Each carries a token that becomes the version's id: the same token with the same
 * value changes nothing, with another value it is refused, so that a lost answer can be asked for again.
 */

import { AwsError } from '../aws-error.ts';
import type { JsonObject } from '../front/aws-call.ts';
import { current, type SecretSealer, type SecretValue, withVersion } from './secret-versions.ts';
import { newSecretArn, requireLiveSecret, type SecretRecord, type SecretsStore } from './secrets-store.ts';

interface ValueInput {
  readonly ClientRequestToken: string;
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: string | undefined;
}

interface DescriptionInput {
  readonly Description?: string | undefined;
  readonly KmsKeyId?: string | undefined;
}

interface CreateInput extends ValueInput, DescriptionInput {
  readonly Name: string;
  readonly Tags: SecretRecord['tags'];
}

export interface SecretWriter {
  create(input: CreateInput): JsonObject;
  put(input: ValueInput & { SecretId: string; VersionStages: readonly string[] }): JsonObject;
  update(input: ValueInput & DescriptionInput & { SecretId: string }): JsonObject;
}

export function createSecretWriter(
  store: SecretsStore,
  sealer: SecretSealer,
  now: () => number,
): SecretWriter {
  function create(input: CreateInput): JsonObject {
    const value = optionalValue(input);
    const existing = store.find(input.Name);
    if (existing !== undefined) return repeatedCreate(existing, input, value);
    const blank: SecretRecord = {
      name: input.Name,
      arn: newSecretArn(input.Name),
      description: input.Description,
      kmsKeyId: input.KmsKeyId,
      tags: input.Tags,
      createdAt: now(),
      changedAt: now(),
      versions: [],
    };
    const secret = value === undefined ? blank : added(blank, input.ClientRequestToken, value, [current]);
    store.save(secret);
    return written(secret, value && input.ClientRequestToken);
  }

  function repeatedCreate(
    secret: SecretRecord,
    input: CreateInput,
    value: SecretValue | undefined,
  ): JsonObject {
    if (secret.deletionAt !== undefined) {
      throw new AwsError(
        'InvalidRequestException',
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    }
    if (value !== undefined && isRepeat(secret, input.ClientRequestToken, value)) {
      return written(secret, input.ClientRequestToken);
    }
    throw new AwsError(
      'ResourceExistsException',
      `The operation failed because the secret ${secret.name} already exists.`,
    );
  }

  function put(input: ValueInput & { SecretId: string; VersionStages: readonly string[] }): JsonObject {
    const secret = requireLiveSecret(store, input.SecretId);
    const value = optionalValue(input);
    if (value === undefined) {
      throw new AwsError(
        'InvalidParameterException',
        'You must provide either SecretString or SecretBinary.',
      );
    }
    const next = keepVersion(secret, input.ClientRequestToken, value, input.VersionStages);
    const stages = next.versions.find((version) => version.id === input.ClientRequestToken)?.stages ?? [];
    return { ...written(next, input.ClientRequestToken), VersionStages: stages };
  }

  function update(input: ValueInput & DescriptionInput & { SecretId: string }): JsonObject {
    const secret = requireLiveSecret(store, input.SecretId);
    const value = optionalValue(input);
    const described: SecretRecord = {
      ...secret,
      description: input.Description ?? secret.description,
      kmsKeyId: input.KmsKeyId ?? secret.kmsKeyId,
      changedAt: now(),
    };
    if (value === undefined) {
      store.save(described);
      return written(described, undefined);
    }
    return written(
      keepVersion(described, input.ClientRequestToken, value, [current]),
      input.ClientRequestToken,
    );
  }

  function keepVersion(
    secret: SecretRecord,
    token: string,
    value: SecretValue,
    labels: readonly string[],
  ): SecretRecord {
    const next = isRepeat(secret, token, value) ? secret : added(secret, token, value, labels);
    store.save(next);
    return next;
  }

  function isRepeat(secret: SecretRecord, token: string, value: SecretValue): boolean {
    const version = secret.versions.find((each) => each.id === token);
    if (version === undefined) return false;
    const stored = sealer.open(secret, version);
    if (stored.kind === value.kind && stored.bytes.equals(value.bytes)) return true;
    throw new AwsError(
      'ResourceExistsException',
      `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
    );
  }

  function added(
    secret: SecretRecord,
    id: string,
    value: SecretValue,
    labels: readonly string[],
  ): SecretRecord {
    const version = { id, createdAt: now(), kind: value.kind, sealed: sealer.seal(secret, id, value) };
    return { ...secret, changedAt: now(), versions: withVersion(secret.versions, version, labels) };
  }

  return { create, put, update };
}

function optionalValue(input: ValueInput): SecretValue | undefined {
  if (input.SecretString !== undefined && input.SecretBinary !== undefined) {
    throw new AwsError('InvalidParameterException', "You can't specify both SecretString and SecretBinary.");
  }
  if (input.SecretString !== undefined) {
    return { kind: 'SecretString', bytes: Buffer.from(input.SecretString, 'utf8') };
  }
  if (input.SecretBinary !== undefined) {
    return { kind: 'SecretBinary', bytes: Buffer.from(input.SecretBinary, 'base64') };
  }
  return undefined;
}

function written(secret: SecretRecord, versionId: string | undefined): JsonObject {
  return { ARN: secret.arn, Name: secret.name, ...(versionId !== undefined && { VersionId: versionId }) };
}
