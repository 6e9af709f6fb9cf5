/**
 * The keys and aliases of the local KMS, kept with the data they protect. A key whose waiting time has run out
 * is gone with its material, together with everything sealed under it, as on AWS.
 */
import { createSecretKey, generateKeySync, type KeyObject, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { aliasArn, keyArn, keyReferenceOf } from '../account.ts';
import { openStateFile } from '../state-file.ts';

const keySchema = z.object({
  id: z.uuid(),
  description: z.string(),
  manager: z.enum(['CUSTOMER', 'AWS']),
  state: z.enum(['Enabled', 'Disabled', 'PendingDeletion']),
  createdAt: z.number(),
  deletionAt: z.number().optional(),
  material: z.base64().length(44),
});
const aliasSchema = z.object({ name: z.string(), keyId: z.uuid(), createdAt: z.number() });
const stateSchema = z.object({ keys: z.array(keySchema), aliases: z.array(aliasSchema) });

export type KeyRecord = Readonly<z.infer<typeof keySchema>>;
export type AliasRecord = Readonly<z.infer<typeof aliasSchema>>;

export interface KmsKeys {
  create(description: string, manager: KeyRecord['manager']): KeyRecord;
  addAlias(name: string, keyId: string): void;
  aliases(): readonly AliasRecord[];
  /** By id, alias, or the ARN of either. */
  find(reference: string): KeyRecord | undefined;
  /** Every name that a grant may use for the key. */
  namesOf(key: KeyRecord): readonly string[];
  change(keyId: string, change: Pick<KeyRecord, 'state' | 'deletionAt'>): void;
  materialOf(key: KeyRecord): KeyObject;
}

/** @param path where the keys are kept; in memory when absent. */
export function openKeys(path: string | undefined, now: () => number): KmsKeys {
  const file = openStateFile({
    path,
    empty: { keys: [], aliases: [] },
    parse: (json) => stateSchema.parse(json),
  });
  const material = new Map<string, KeyObject>();

  function current() {
    const state = file.read();
    const gone = state.keys.filter((key) => key.deletionAt !== undefined && key.deletionAt <= now());
    if (gone.length === 0) return state;
    const goneIds = new Set(gone.map((key) => key.id));
    for (const id of goneIds) material.delete(id);
    file.write({
      keys: state.keys.filter((key) => !goneIds.has(key.id)),
      aliases: state.aliases.filter((alias) => !goneIds.has(alias.keyId)),
    });
    return file.read();
  }

  return {
    create(description, manager) {
      const bytes = generateKeySync('aes', { length: 256 }).export();
      const key: KeyRecord = {
        id: randomUUID(),
        description,
        manager,
        state: 'Enabled',
        createdAt: now(),
        material: bytes.toString('base64'),
      };
      const state = current();
      file.write({ ...state, keys: [...state.keys, key] });
      return key;
    },
    addAlias(name, keyId) {
      const state = current();
      file.write({ ...state, aliases: [...state.aliases, { name, keyId, createdAt: now() }] });
    },
    aliases: () => current().aliases,
    find(reference) {
      const { keys, aliases } = current();
      const name = keyReferenceOf(reference);
      const id = aliases.find((alias) => alias.name === name)?.keyId ?? name;
      return keys.find((key) => key.id === id);
    },
    namesOf(key) {
      const aliases = current().aliases.filter((alias) => alias.keyId === key.id);
      return [key.id, keyArn(key.id), ...aliases.flatMap(({ name }) => [name, aliasArn(name)])];
    },
    change(keyId, change) {
      const state = current();
      const keys = state.keys.map((key) => (key.id === keyId ? { ...key, ...change } : key));
      file.write({ ...state, keys });
    },
    materialOf(key) {
      const known = material.get(key.id) ?? createSecretKey(Buffer.from(key.material, 'base64'));
      material.set(key.id, known);
      return known;
    },
  };
}
