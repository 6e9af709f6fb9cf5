/**
 * What the OpenID sandbox remembers: its signing keys, clients, consents, codes and tokens, in one JSON file across
 * restarts. Every change is kept before the answer that tells of it leaves; what has expired is not found.
 */
import { generateKeyPair } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { type Adapter, errors } from 'oidc-provider';
import { z } from 'zod';
import { clientSchema } from '../../sandbox/state-file.ts';

const recordSchema = z.object({
  model: z.string(),
  id: z.string(),
  payload: z.record(z.string(), z.unknown()),
  /** Epoch milliseconds, by the sandbox's own clock. */
  expiresAt: z.number(),
});

const stateSchema = z.object({
  version: z.literal(1),
  /** Private keys as JWK. */
  keys: z.array(z.record(z.string(), z.unknown())).min(1),
  clients: z.array(clientSchema),
  records: z.array(recordSchema),
});

type Stored = z.output<typeof recordSchema>;
type State = z.output<typeof stateSchema>;
type StoredClient = z.output<typeof clientSchema>;

/** Whose secret it is. */
export interface Owner {
  readonly grantId: string;
  readonly subject: string;
}

/** Picks grants by subject and by client; all when empty. */
export interface OwnerFilter {
  readonly subject?: string | undefined;
  readonly clientId?: string | undefined;
}

export type OpenIdStorage = Awaited<ReturnType<typeof openStorage>>;

const secretModels = ['AuthorizationCode', 'AccessToken', 'RefreshToken'] as const;

/** Opens the file, or starts an empty state with fresh keys. Rejects when the file is not such a state. */
export async function openStorage(file: string | undefined, now: () => number) {
  const loaded = load(file);
  const state = loaded ?? { version: 1, keys: [await newSigningKey()], clients: [], records: [] };
  const records = new Map(state.records.map((record) => [keyOf(record.model, record.id), record]));
  if (loaded === undefined) save();

  function save(): void {
    for (const [key, record] of records) if (record.expiresAt <= now()) records.delete(key);
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, JSON.stringify({ ...state, records: [...records.values()] }), {
      mode: 0o600,
    });
    renameSync(`${file}.new`, file);
  }

  function live(model: string, id: string): Stored | undefined {
    const record = records.get(keyOf(model, id));
    return record && record.expiresAt > now() ? record : undefined;
  }

  /** Removes those that fit and answers how many were still good. */
  function remove(unwanted: (record: Stored) => boolean): number {
    let removed = 0;
    for (const [key, record] of records) {
      if (!unwanted(record)) continue;
      if (record.expiresAt > now() && record.payload['consumed'] === undefined) removed += 1;
      records.delete(key);
    }
    save();
    return removed;
  }

  const endGrant = (grantId: unknown) =>
    void remove(
      ({ model, id, payload }) => payload['grantId'] === grantId || (model === 'Grant' && id === grantId),
    );

  /** Where the server keeps one model of its own. */
  function adapter(model: string): Adapter {
    return {
      async upsert(id, payload, expiresInSeconds) {
        const expiresAt = now() + (expiresInSeconds ?? 0) * 1000;
        records.set(keyOf(model, id), { model, id, payload: structuredClone(payload), expiresAt });
        save();
      },
      async find(id) {
        return structuredClone(live(model, id)?.payload);
      },
      // Sessions and device codes alone are looked for in these ways, and this server has neither.
      findByUid: async () => undefined,
      findByUserCode: async () => undefined,
      async consume(id) {
        const record = live(model, id);
        // The server looks first and spends later. Of two calls at the same moment the second finds out here.
        if (record?.payload['consumed'] !== undefined) endGrant(record.payload['grantId']);
        if (record === undefined || record.payload['consumed'] !== undefined) {
          throw new errors.InvalidGrant('already used');
        }
        record.payload['consumed'] = Math.floor(now() / 1000);
        save();
      },
      async destroy(id) {
        records.delete(keyOf(model, id));
        save();
      },
      async revokeByGrantId(grantId) {
        remove((record) => record.model === model && record.payload['grantId'] === grantId);
      },
    };
  }

  /** The owner of a code or token that has not expired, spent or not. */
  function locate(secret: string): Owner | undefined {
    const found = secretModels.map((model) => live(model, secret)).find((record) => record !== undefined);
    if (found === undefined) return undefined;
    const { grantId, accountId } = found.payload;
    return typeof grantId === 'string' && typeof accountId === 'string'
      ? { grantId, subject: accountId }
      : undefined;
  }

  /** Lets tokens of one kind run out now. Answers how many were still good. */
  function expire(model: 'AccessToken' | 'RefreshToken', filter: OwnerFilter): number {
    return remove((record) => record.model === model && fits(record, filter));
  }

  /** Ends grants with all their codes and tokens. Answers how many grants ended. */
  function end(filter: OwnerFilter): number {
    const ended = [...records.values()].filter(
      (record) => record.model === 'Grant' && record.expiresAt > now() && fits(record, filter),
    );
    const ids = new Set<unknown>(ended.map(({ id }) => id));
    remove(({ model, id, payload }) => ids.has(payload['grantId']) || (model === 'Grant' && ids.has(id)));
    return ended.length;
  }

  function setClients(clients: readonly StoredClient[]): void {
    state.clients = [...clients];
    save();
  }

  return { keys: state.keys, clients: () => state.clients, setClients, adapter, locate, expire, end };
}

function fits({ payload }: Stored, { subject, clientId }: OwnerFilter): boolean {
  return (
    (subject === undefined || payload['accountId'] === subject) &&
    (clientId === undefined || payload['clientId'] === clientId)
  );
}

function keyOf(model: string, id: string): string {
  return `${model}:${id}`;
}

/** OpenID Connect Core section 15.1 asks every server for RS256. */
async function newSigningKey(): Promise<State['keys'][number]> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' };
}

function load(file: string | undefined): State | undefined {
  if (file === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    if (!(error instanceof SyntaxError)) throw error;
  }
  const parsed = stateSchema.safeParse(value);
  if (!parsed.success)
    throw new Error(`${file} is not the state of the OpenID sandbox. Delete it to start afresh.`);
  return parsed.data;
}
