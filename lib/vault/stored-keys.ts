/**
 * The wrapped tenant keys in the table. Versions count up without gaps and never recur: a version is written once,
 * a deletion takes the next version for its tombstone, and a removed key leaves its place taken.
 */
import { IntegrationError } from '../errors.ts';
import type { TenantId } from '../ids.ts';
import { exists } from '../table/condition.ts';
import { wrappedKeyKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import type { Purpose, TenantKeyRef, WrappedKey } from './kms-keys.ts';

/** The record of one version: a wrapped key, or a tombstone because the tenant was deleted. */
export type StoredKey =
  | { readonly kind: 'key'; readonly version: number; readonly wrapped: WrappedKey }
  | { readonly kind: 'deleted'; readonly version: number };

/** The newest version, or nothing when the tenant never had one. After a deletion the newest is always the tombstone. */
export async function readNewest(
  table: Table,
  tenantId: TenantId,
  purpose: Purpose,
): Promise<StoredKey | undefined> {
  const { pk } = wrappedKeyKey(tenantId, purpose, 1);
  const { items } = await table.query({ partition: pk, limit: 1, newestFirst: true });
  return items[0] && parse(items[0]);
}

export async function readVersion(table: Table, keyRef: TenantKeyRef): Promise<StoredKey | undefined> {
  const item = await table.get(keyOf(keyRef));
  return item && parse(item);
}

/** Takes a version for a key. Answers whether it did: another writer may have been first. */
export function writeKey(
  table: Table,
  keyRef: TenantKeyRef,
  wrapped: WrappedKey,
  now: number,
): Promise<boolean> {
  return table.put(keyOf(keyRef), { wrappedKey: wrapped.bytes, wrappedUnder: wrapped.under, createdAt: now });
}

/** Takes a version for a tombstone. Nobody takes a later one: a writer takes only the version behind a key it has seen. */
export function writeTombstone(table: Table, keyRef: TenantKeyRef, now: number): Promise<boolean> {
  return table.put(keyOf(keyRef), { deletedAt: now });
}

/** Removes all wrapped keys of a tenant. The emptied records stay, so that a late writer cannot take a version again. */
export async function removeKeys(
  table: Table,
  tenantId: TenantId,
  purpose: Purpose,
  now: number,
): Promise<void> {
  const { pk } = wrappedKeyKey(tenantId, purpose, 1);
  let after: Item | undefined;
  do {
    const page = await table.query({ partition: pk, limit: pageSize, ...(after && { after }) });
    for (const stored of page.items.map(parse)) {
      if (stored.kind === 'deleted') continue;
      const change = { set: { deletedAt: now }, remove: ['wrappedKey', 'wrappedUnder'] };
      await table.update(wrappedKeyKey(tenantId, purpose, stored.version), change, exists('pk'));
    }
    after = page.last;
  } while (after !== undefined);
}

const pageSize = 100;

function keyOf({ tenantId, purpose, version }: TenantKeyRef) {
  return wrappedKeyKey(tenantId, purpose, version);
}

function parse(item: Item): StoredKey {
  const version = Number(item['sk']);
  const bytes: unknown = item['wrappedKey'];
  const under: unknown = item['wrappedUnder'];
  if (!Number.isSafeInteger(version) || version < 1) throw malformed();
  if (item['deletedAt'] !== undefined) return { kind: 'deleted', version };
  if (!(bytes instanceof Uint8Array) || (under !== 'vault' && under !== 'tenant')) throw malformed();
  return { kind: 'key', version, wrapped: { bytes, under } };
}

function malformed(): IntegrationError {
  return new IntegrationError(
    'VAULT_ERROR',
    'A stored tenant key was expected to hold a wrapped key or a deletion time.',
  );
}
