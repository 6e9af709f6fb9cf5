/**
 * Secrets Manager secrets, kept in memory for ten minutes. When AWS does not answer, the value in memory serves on:
 * an old secret is most likely still right, and no secret is certainly wrong.
 */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
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

interface Kept {
  readonly value: unknown;
  readonly until: number;
}

export function createSecretSource(client: SecretsManagerClient, now: () => number): SecretSource {
  const kept = new Map<string, Kept>();
  const absent = new Map<string, Kept>();

  return { read, find };

  async function read(secretId: string, { fresh = false } = {}): Promise<unknown> {
    const known = kept.get(secretId);
    if (known && !fresh && now() < known.until) return known.value;
    try {
      return await load(secretId);
    } catch (cause) {
      // A secret that was never filled in is no outage; whoever reads it says what to do.
      if (isAbsent(cause)) return undefined;
      if (known) return known.value;
      throw unreadable(cause);
    }
  }

  async function find(secretId: string): Promise<unknown> {
    if (now() < (absent.get(secretId)?.until ?? 0)) return undefined;
    const known = kept.get(secretId);
    if (known && now() < known.until) return known.value;
    try {
      return await load(secretId);
    } catch (cause) {
      if (isAbsent(cause)) {
        keep(absent, secretId, undefined, absenceKeptMilliseconds);
        return undefined;
      }
      if (known) return known.value;
      throw unreadable(cause);
    }
  }

  async function load(secretId: string): Promise<unknown> {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    const value = parse(SecretString);
    keep(kept, secretId, value, keptMilliseconds);
    return value;
  }

  /** Bounded: the oldest entry makes room. */
  function keep(memory: Map<string, Kept>, secretId: string, value: unknown, milliseconds: number): void {
    memory.delete(secretId);
    if (memory.size >= keptSecrets) memory.delete(memory.keys().next().value ?? '');
    memory.set(secretId, { value, until: now() + milliseconds });
  }
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
