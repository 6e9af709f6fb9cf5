/**
 * The versions of a secret: sealing a value, moving the staging labels when one is added, reading one back.
 * Values are sealed under the secret's KMS key with its ARN and version as context, as Secrets Manager does it.
 */
import { AwsError } from '../aws-error.ts';
import type { Keyring } from '../kms/kms-keyring.ts';
import type { KmsKeys } from '../kms/kms-keys.ts';
import type { SecretRecord, SecretVersion } from './secrets-store.ts';

export const current = 'AWSCURRENT';
const previous = 'AWSPREVIOUS';
const defaultKeyAlias = 'alias/aws/secretsmanager';
/** Secrets Manager's own limit of versions per secret. */
const mostVersions = 100;

export interface SecretValue {
  readonly kind: SecretVersion['kind'];
  readonly bytes: Buffer;
}

export interface SecretSealer {
  seal(secret: SecretRecord, versionId: string, value: SecretValue): string;
  open(secret: SecretRecord, version: SecretVersion): SecretValue;
}

/** @throws {AwsError} `EncryptionFailure` or `DecryptionFailure` where the secret's key cannot be used. */
export function createSealer(keys: KmsKeys, keyring: Keyring): SecretSealer {
  function keyOf(secret: SecretRecord): string {
    if (secret.kmsKeyId !== undefined) return secret.kmsKeyId;
    if (keys.find(defaultKeyAlias) === undefined) {
      keys.addAlias(defaultKeyAlias, keys.create('Protects secrets that name no key of their own', 'AWS').id);
    }
    return defaultKeyAlias;
  }

  return {
    seal: (secret, versionId, value) =>
      orFail('EncryptionFailure', () => {
        const key = keyring.usable(keyOf(secret));
        return keyring.encrypt(key, value.bytes, contextOf(secret, versionId)).toString('base64');
      }),
    open: (secret, version) =>
      orFail('DecryptionFailure', () => {
        const blob = Buffer.from(version.sealed, 'base64');
        return { kind: version.kind, bytes: keyring.decrypt(blob, contextOf(secret, version.id)).plaintext };
      }),
  };
}

/**
 * The versions after one more is added with these staging labels. A label belongs to one version at a time;
 * when `AWSCURRENT` moves, the version that loses it becomes `AWSPREVIOUS`.
 */
export function withVersion(
  versions: readonly SecretVersion[],
  added: Omit<SecretVersion, 'stages'>,
  labels: readonly string[],
): readonly SecretVersion[] {
  const stages = versions.length === 0 ? [...new Set([...labels, current])] : [...new Set(labels)];
  const taken = new Set(stages.includes(current) ? [...stages, previous] : stages);
  const relabelled = versions.map((version) => {
    const wasCurrent = stages.includes(current) && version.stages.includes(current);
    const kept = version.stages.filter((stage) => !taken.has(stage));
    return { ...version, stages: wasCurrent ? [...kept, previous] : kept };
  });
  return withoutOldest([...relabelled, { ...added, stages }]);
}

/** The version that a reader asks for by id, by label, or by both. */
export function findVersion(
  secret: SecretRecord,
  id: string | undefined,
  label: string | undefined,
): SecretVersion {
  const wanted = label ?? (id === undefined ? current : undefined);
  const version = secret.versions.find((each) =>
    id === undefined ? each.stages.includes(wanted ?? '') : each.id === id,
  );
  if (version === undefined) {
    const what = id === undefined ? `staging label: ${wanted}` : `VersionId: ${id}`;
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${what}`,
    );
  }
  if (wanted !== undefined && !version.stages.includes(wanted)) {
    throw new AwsError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  }
  return version;
}

function withoutOldest(versions: readonly SecretVersion[]): readonly SecretVersion[] {
  const surplus = versions.length - mostVersions;
  const unlabelled = versions.filter((version) => version.stages.length === 0).slice(0, Math.max(0, surplus));
  return versions.filter((version) => !unlabelled.includes(version));
}

function contextOf(secret: SecretRecord, versionId: string) {
  return { SecretARN: secret.arn, SecretVersionId: versionId };
}

function orFail<Result>(code: string, act: () => Result): Result {
  try {
    return act();
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    throw new AwsError(code, `The KMS key of the secret could not be used: ${cause.code}`);
  }
}
