/**
 * Secrets Manager secrets, kept in memory for ten minutes. When AWS does not answer, the value in memory serves on:
 * an old secret is most likely still right, and no secret is certainly wrong.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { IntegrationError } from '../errors.ts';

export interface SecretSource {
  /** The secret's JSON value, to be parsed by the caller. `fresh` reads past the memory. */
  read(secretId: string, options?: { readonly fresh?: boolean }): Promise<unknown>;
}

const keptMilliseconds = 600_000;
const keptSecrets = 1_000;

export function createSecretSource(client: SecretsManagerClient, now: () => number): SecretSource {
  const kept = new Map<string, { readonly value: unknown; readonly readAt: number }>();

  return {
    async read(secretId, { fresh = false } = {}) {
      const known = kept.get(secretId);
      if (known && !fresh && now() - known.readAt < keptMilliseconds) return known.value;
      try {
        const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
        const value = parse(SecretString);
        if (kept.size >= keptSecrets) kept.delete(kept.keys().next().value ?? '');
        kept.set(secretId, { value, readAt: now() });
        return value;
      } catch (cause) {
        if (known) return known.value;
        throw new IntegrationError('VAULT_ERROR', 'A secret could not be read from Secrets Manager.', {
          cause: cause instanceof Error ? cause.name : undefined,
          retryAfterSeconds: 1,
        });
      }
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
