/**
 * The secrets of the local Secrets Manager: finding them by name or ARN, and keeping them on disk.
 * Only sealed values are stored; a secret whose recovery window has passed is gone.
 */
import { randomInt } from 'node:crypto';
import * as z from 'zod';
import { secretArn } from '../account.ts';
import { AwsError } from '../aws-error.ts';
import { openStateFile } from '../state-file.ts';

const versionSchema = z.object({
  id: z.string(),
  stages: z.array(z.string()),
  createdAt: z.number(),
  kind: z.enum(['SecretString', 'SecretBinary']),
  sealed: z.base64(),
});
const secretSchema = z.object({
  name: z.string(),
  arn: z.string(),
  description: z.string().optional(),
  kmsKeyId: z.string().optional(),
  tags: z.array(z.object({ Key: z.string(), Value: z.string().optional() })),
  createdAt: z.number(),
  changedAt: z.number(),
  deletionAt: z.number().optional(),
  versions: z.array(versionSchema),
});
const stateSchema = z.array(secretSchema);

export type SecretVersion = Readonly<z.infer<typeof versionSchema>>;
export type SecretRecord = Readonly<Omit<z.infer<typeof secretSchema>, 'versions'>> & {
  readonly versions: readonly SecretVersion[];
};

export interface SecretsStore {
  /** Sorted by name. */
  all(): readonly SecretRecord[];
  /** By name, by ARN, or by an ARN without its six-character suffix. */
  find(secretId: string): SecretRecord | undefined;
  /** Adds the secret, or replaces the one with its ARN. */
  save(secret: SecretRecord): void;
  remove(arn: string): void;
}

/** @param path where the secrets are kept; in memory when absent. */
export function openSecrets(path: string | undefined, now: () => number): SecretsStore {
  const empty: readonly SecretRecord[] = [];
  const file = openStateFile({
    path,
    empty,
    parse: (json): readonly SecretRecord[] => stateSchema.parse(json),
  });

  function all(): readonly SecretRecord[] {
    const kept = file.read().filter((secret) => secret.deletionAt === undefined || secret.deletionAt > now());
    if (kept.length < file.read().length) file.write(kept);
    return kept;
  }

  return {
    all,
    find(secretId) {
      const secrets = all();
      return (
        secrets.find((secret) => secret.arn === secretId) ??
        secrets.find((secret) => secret.name === secretId || secretArn(secret.name) === secretId)
      );
    },
    save(secret) {
      const others = all().filter((other) => other.arn !== secret.arn);
      file.write([...others, secret].toSorted((left, right) => (left.name < right.name ? -1 : 1)));
    },
    remove: (arn) => file.write(all().filter((secret) => secret.arn !== arn)),
  };
}

/** The secret, which must exist. */
export function requireSecret(store: SecretsStore, secretId: string): SecretRecord {
  const secret = store.find(secretId);
  if (secret === undefined) {
    throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
  }
  return secret;
}

/** The secret, which must exist and not wait for its deletion. */
export function requireLiveSecret(store: SecretsStore, secretId: string): SecretRecord {
  const secret = requireSecret(store, secretId);
  if (secret.deletionAt !== undefined) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't perform this operation on the secret because it was marked for deletion.",
    );
  }
  return secret;
}

/** A new ARN for a name: its random ending tells a secret from a later one of the same name. */
export function newSecretArn(name: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const suffix = Array.from({ length: 6 }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
  return secretArn(`${name}-${suffix}`);
}
