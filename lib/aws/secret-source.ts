/**
 * Secrets Manager secrets, kept in memory for ten minutes. When AWS does not answer, the value in memory serves on:
 * an old secret is most likely still right, and no secret is certainly wrong.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createCache } from '../cache.ts';
import { IntegrationError } from '../errors.ts';
import { isAbsent } from './secret-absence.ts';

export interface SecretSource {
  /**
   * The secret's JSON value, to be parsed by the caller. `fresh` reads past the memory.
   * Nothing when it has not been filled in.
   * @throws IntegrationError `VAULT_ERROR` when AWS does not answer.
   */
  read(secretId: string, options?: { readonly fresh?: boolean }): Promise<unknown>;
  /** The same, remembering for a minute that there is none: for ids that strangers name. */
  find(secretId: string): Promise<unknown>;
}

const keptMilliseconds = 600_000;
const absenceKeptMilliseconds = 60_000;
const keptSecrets = 1_000;

/** What Secrets Manager says of an id. The very value stays the same object for as long as it is in memory. */
type Answer = { readonly value: unknown } | 'absent';

export function createSecretSource(client: SecretsManagerClient, monotonic: () => number): SecretSource {
  const secrets = createCache({
    load: loadSecret,
    monotonic,
    maxAge: (answer) => (answer === 'absent' ? 0 : keptMilliseconds),
    maxEntries: keptSecrets,
    staleIfError: Number.POSITIVE_INFINITY,
  });
  // Apart from the secrets, so that no flood of invented ids makes them give way.
  const absences = createCache({
    load: (secretId: string) => secrets.get(secretId),
    monotonic,
    maxAge: (answer) => (answer === 'absent' ? absenceKeptMilliseconds : 0),
    maxEntries: keptSecrets,
  });

  return {
    read: async (secretId, { fresh = false } = {}) =>
      secretOf(await (fresh ? secrets.get(secretId, 0) : secrets.get(secretId))),
    find: async (secretId) => secretOf(await absences.get(secretId)),
  };

  async function loadSecret(secretId: string): Promise<Answer> {
    try {
      const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      return { value: parse(SecretString) };
    } catch (cause) {
      // A secret that was never filled in is no outage; its reader says what to do.
      if (isAbsent(cause)) return 'absent';
      throw unreadable(cause);
    }
  }
}

function secretOf(answer: Answer): unknown {
  return answer === 'absent' ? undefined : answer.value;
}

function unreadable(cause: unknown): IntegrationError {
  return new IntegrationError('VAULT_ERROR', 'A secret could not be read from Secrets Manager.', {
    cause: cause instanceof Error ? cause.name : undefined,
    retryAfterSeconds: 1,
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
