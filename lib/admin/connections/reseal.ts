/**
 * Rotates a tenant's key and re-seals its connections under the new version. It is the only operator action that opens
 * credentials, and it needs permission to decrypt with the vault's key, which operators otherwise lack.
 */

import type { Connection, SealedConnection } from '../../connections/connection.ts';
import { changeTo, keepFor } from '../../connections/connection-change.ts';
import { type ConnectionStore, createConnectionStore } from '../../connections/connection-store.ts';
import { IntegrationError } from '../../errors.ts';
import type { TenantId } from '../../ids.ts';
import {
  type Credentials,
  openAccessToken,
  openRefreshToken,
  sealCredentials,
} from '../../integrations/platform/credentials.ts';
import { wrappedKeyKey } from '../../table/keys.ts';
import { newestVersion, rotateTenantKey } from '../../vault/tenant-key-versions.ts';
import { openVault, type Vault } from '../../vault/vault.ts';
import { type AdminStores, requireLivingTenant, vaultDepsOf } from '../deps.ts';
import { connectionsOf, keyVersionsOf } from './connections.ts';

export interface Resealed {
  readonly version: number;
  /** Whether this run created the version; otherwise it continues with the version of an earlier run. */
  readonly made: boolean;
  readonly counts: Readonly<Record<ResealOutcome, number>>;
}

type ResealOutcome =
  | 'resealed'
  /** Was already sealed under this version. */
  | 'current'
  /** Was disconnected during the run. */
  | 'gone'
  /** Kept changing, or does not open; the next run retries it. */
  | 'left';

/** A younger version belongs to a run that was interrupted, and this run completes it. */
const sameRunMilliseconds = 3_600_000;
const batchSize = 8;

export function sealActions(stores: AdminStores) {
  const deps = vaultDepsOf(stores);
  return {
    /**
     * Creates a new version of the tenant's key. Sealed credentials still open; each refresh seals under the new one.
     */
    async rotateTenantKey(id: string): Promise<number> {
      return rotateTenantKey(deps, (await requireLivingTenant(stores.tenants, id)).id);
    },

    /** Seals every connection under a new version of the key, or under one created within the last hour. */
    async resealTenant(id: string): Promise<Resealed> {
      const tenant = await requireLivingTenant(stores.tenants, id);
      const recent = await recentVersion(tenant.id);
      const version = recent ?? (await rotateTenantKey(deps, tenant.id));
      const vault = openVault(deps);
      // Fails before anything is read when the operator lacks permission to decrypt.
      await vault.sealerFor(tenant.id);
      const counts = { resealed: 0, current: 0, gone: 0, left: 0 };
      const store = createConnectionStore(stores.connections);
      let batch: Connection[] = [];
      const work = async () => {
        const outcomes = await Promise.all(batch.map((one) => reseal(store, vault, one, version)));
        for (const outcome of outcomes) counts[outcome] += 1;
        batch = [];
      };
      for await (const connection of connectionsOf(stores, tenant.id)) {
        if (batch.push(connection) === batchSize) await work();
      }
      await work();
      return { version, made: recent === undefined, counts };
    },
  };

  async function recentVersion(tenantId: TenantId): Promise<number | undefined> {
    const newest = await newestVersion(deps, tenantId);
    if (!newest) return undefined;
    const item = await stores.connections.get(wrappedKeyKey(tenantId, 'credentials', newest.version), [
      'createdAt',
    ]);
    const age = stores.now() - Number(item?.['createdAt'] ?? 0);
    return newest.version > 1 && age < sameRunMilliseconds ? newest.version : undefined;
  }
}

async function reseal(
  store: ConnectionStore,
  vault: Vault,
  { id, tenantId, provider, accountId }: Connection,
  version: number,
): Promise<ResealOutcome> {
  const found = await store.get(tenantId, provider, accountId);
  if (found?.id !== id) return 'gone';
  const resealed = await store.update<SealedConnection, 'current' | 'left'>(found, async (current) => {
    if (keyVersionsOf(current).every((one) => one >= version)) return keepFor('current');
    const opened = await openCredentials(vault, current);
    if (!opened) return keepFor('left');
    return changeTo({ sealed: sealCredentials(await vault.sealerFor(tenantId), current, opened) });
  });
  switch (resealed.kind) {
    case 'changed':
      return 'resealed';
    case 'unchanged':
      return resealed.reason;
    case 'gone':
      return 'gone';
    case 'contended':
      return 'left';
  }
}

/** Undefined when the sealed bytes do not open, which a retry would not change. */
async function openCredentials(vault: Vault, connection: SealedConnection): Promise<Credentials | undefined> {
  try {
    const accessToken = await openAccessToken(vault, connection);
    const refreshToken = await openRefreshToken(vault, connection);
    return { accessToken, ...(refreshToken && { refreshToken }) };
  } catch (error) {
    // A cause means that KMS failed, and then every connection would fail.
    const isBroken =
      error instanceof IntegrationError && error.code === 'VAULT_ERROR' && error.cause === undefined;
    if (isBroken) return undefined;
    throw error;
  }
}
