/**
 * The life of a tenant's key: its first version, rotation, deletion. Many instances may do any of this at once:
 * each version has one key, and after a deletion there is never a newer one.
 */
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import type { Table } from '../table/table.ts';
import { generateKey, type KmsDeps, type Purpose, type TenantKeyRef, unwrapKey } from './kms-keys.ts';
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

export interface TenantKeyDeps extends KmsDeps {
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
export async function rotateTenantKey(deps: TenantKeyDeps, tenantId: TenantId): Promise<number> {
  for (;;) {
    const newest = await newestVersion(deps, tenantId);
    const made = await makeVersion(deps, placeOf(deps, tenantId, (newest?.version ?? 0) + 1));
    if (made) return made.version;
  }
}

/**
 * Deletes a tenant's keys of every purpose, for good: what they sealed never opens again, once instances that hold a
 * key in memory have passed their cache time. Works again after a crash, and on a tenant that never had a key.
 */
export async function deleteTenantKeys(
  deps: Pick<TenantKeyDeps, 'table' | 'now'>,
  tenantId: TenantId,
): Promise<void> {
  const { table, now } = deps;
  for (const purpose of purposes) {
    await bury(table, tenantId, purpose, now);
    await removeKeys(table, tenantId, purpose, now());
  }
}

/** The newest version in the table, if there is any. @throws IntegrationError TENANT_DELETED. */
export async function newestVersion(deps: TenantKeyDeps, tenantId: TenantId) {
  return living(await readNewest(deps.table, tenantId, deps.purpose ?? 'credentials'));
}

/** One version in the table, if it exists. @throws IntegrationError TENANT_DELETED. */
export async function storedVersion(deps: TenantKeyDeps, tenantId: TenantId, version: number) {
  return living(await readVersion(deps.table, placeOf(deps, tenantId, version)));
}

/** The first version: this instance's, or that of a rival that was faster. */
export async function firstVersion(deps: TenantKeyDeps, tenantId: TenantId): Promise<TenantKey> {
  const made = await makeVersion(deps, placeOf(deps, tenantId, 1));
  if (made) return made;
  const newest = await newestVersion(deps, tenantId);
  if (newest === undefined) {
    throw new IntegrationError('VAULT_ERROR', 'A tenant key was expected where another instance wrote one.');
  }
  return unwrapVersion(deps, tenantId, newest);
}

export async function unwrapVersion(
  deps: TenantKeyDeps,
  tenantId: TenantId,
  stored: StoredKey & { readonly kind: 'key' },
): Promise<TenantKey> {
  const { version, wrapped } = stored;
  return { version, key: await unwrapKey(deps, placeOf(deps, tenantId, version), wrapped) };
}

/** Answers nothing when the version was taken meanwhile; the key just made is then dropped, never used. */
async function makeVersion(deps: TenantKeyDeps, keyRef: TenantKeyRef): Promise<TenantKey | undefined> {
  if (keyRef.version > highestKeyVersion) {
    throw new IntegrationError('VAULT_ERROR', `A tenant key has at most ${highestKeyVersion} versions.`);
  }
  const { key, wrapped } = await generateKey(deps, keyRef);
  const written = await writeKey(deps.table, keyRef, wrapped, deps.now());
  return written ? { version: keyRef.version, key } : undefined;
}

/** A tombstone competes for the next version like any key; the losing writer reads the newest version again. */
async function bury(table: Table, tenantId: TenantId, purpose: Purpose, now: () => number): Promise<void> {
  for (;;) {
    const newest = await readNewest(table, tenantId, purpose);
    if (newest?.kind === 'deleted') return;
    const keyRef = { tenantId, purpose, version: (newest?.version ?? 0) + 1 };
    if (await writeTombstone(table, keyRef, now())) return;
  }
}

function placeOf(deps: TenantKeyDeps, tenantId: TenantId, version: number): TenantKeyRef {
  return { tenantId, purpose: deps.purpose ?? 'credentials', version };
}

function living(stored: StoredKey | undefined) {
  if (stored?.kind === 'deleted') {
    throw new IntegrationError('TENANT_DELETED', 'The keys of this tenant have been deleted.');
  }
  return stored;
}
