/**
 * The life of a tenant's key: its first version, rotation, deletion. Many instances may do any of this at once:
 * each version has one key, and after a deletion there is never a newer one.
 */
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import type { Table } from '../table/table.ts';
import { generateKey, type KeyPlace, type KmsParts, type Purpose, unwrapKey } from './kms-keys.ts';
import { highestKeyVersion } from './sealed-format.ts';
import type { TenantKey } from './sealing.ts';
import {
  readNewest,
  readVersion,
  removeKeys,
  type StoredKey,
  writeKey,
  writeTombstone,
} from './stored-keys.ts';

export interface TenantKeyParts extends KmsParts {
  /** The Connections table. */
  readonly table: Table;
  /** What the keys seal: `credentials` unless given. */
  readonly purpose?: Purpose;
  readonly now: () => number;
}

const purposes: readonly Purpose[] = ['credentials', 'destinations'];

/**
 * Makes a new version of a tenant's key, and the first one where there is none. Old versions still open; instances that
 * hold the previous version seal under it until their cache time has passed.
 * @returns the new version.
 * @throws IntegrationError TENANT_DELETED, VAULT_ERROR or DATABASE_ERROR.
 */
export async function rotateTenantKey(parts: TenantKeyParts, tenantId: TenantId): Promise<number> {
  for (;;) {
    const newest = await newestVersion(parts, tenantId);
    const made = await makeVersion(parts, placeOf(parts, tenantId, (newest?.version ?? 0) + 1));
    if (made) return made.version;
  }
}

/**
 * Deletes a tenant's keys of every purpose, for good: what they sealed never opens again, once instances that hold a
 * key in memory have passed their cache time. Works again after a crash, and on a tenant that never had a key.
 */
export async function deleteTenantKeys(
  parts: Pick<TenantKeyParts, 'table' | 'now'>,
  tenantId: TenantId,
): Promise<void> {
  const { table, now } = parts;
  for (const purpose of purposes) {
    await bury(table, tenantId, purpose, now);
    await removeKeys(table, tenantId, purpose, now());
  }
}

/** The newest version in the table, if there is any. @throws IntegrationError TENANT_DELETED. */
export async function newestVersion(parts: TenantKeyParts, tenantId: TenantId) {
  return living(await readNewest(parts.table, tenantId, parts.purpose ?? 'credentials'));
}

/** One version in the table, if it exists. @throws IntegrationError TENANT_DELETED. */
export async function storedVersion(parts: TenantKeyParts, tenantId: TenantId, version: number) {
  return living(await readVersion(parts.table, placeOf(parts, tenantId, version)));
}

/** The first version: this instance's, or that of a rival that was faster. */
export async function firstVersion(parts: TenantKeyParts, tenantId: TenantId): Promise<TenantKey> {
  const made = await makeVersion(parts, placeOf(parts, tenantId, 1));
  if (made) return made;
  const newest = await newestVersion(parts, tenantId);
  if (newest === undefined) {
    throw new IntegrationError('VAULT_ERROR', 'A tenant key was expected where another instance wrote one.');
  }
  return unwrapVersion(parts, tenantId, newest);
}

export async function unwrapVersion(
  parts: TenantKeyParts,
  tenantId: TenantId,
  stored: StoredKey & { readonly kind: 'key' },
): Promise<TenantKey> {
  const { version, wrapped } = stored;
  return { version, key: await unwrapKey(parts, placeOf(parts, tenantId, version), wrapped) };
}

/** Answers nothing when the version was taken meanwhile; the key just made is then dropped, never used. */
async function makeVersion(parts: TenantKeyParts, keyRef: KeyPlace): Promise<TenantKey | undefined> {
  if (keyRef.version > highestKeyVersion) {
    throw new IntegrationError('VAULT_ERROR', `A tenant key has at most ${highestKeyVersion} versions.`);
  }
  const { key, wrapped } = await generateKey(parts, keyRef);
  const written = await writeKey(parts.table, keyRef, wrapped, parts.now());
  return written ? { version: keyRef.version, key } : undefined;
}

/** A tombstone competes for the next version like any key: whoever loses looks again at what is newest. */
async function bury(table: Table, tenantId: TenantId, purpose: Purpose, now: () => number): Promise<void> {
  for (;;) {
    const newest = await readNewest(table, tenantId, purpose);
    if (newest?.kind === 'deleted') return;
    const keyRef = { tenantId, purpose, version: (newest?.version ?? 0) + 1 };
    if (await writeTombstone(table, keyRef, now())) return;
  }
}

function placeOf(parts: TenantKeyParts, tenantId: TenantId, version: number): KeyPlace {
  return { tenantId, purpose: parts.purpose ?? 'credentials', version };
}

function living(stored: StoredKey | undefined) {
  if (stored?.kind === 'deleted') {
    throw new IntegrationError('TENANT_DELETED', 'The keys of this tenant have been deleted.');
  }
  return stored;
}
