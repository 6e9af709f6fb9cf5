/**
 * A tenant's key under a new version, and everything sealed anew under it. It is the one work of the operator that
 * opens credentials: it needs the right to decrypt with the vault's key, which an operator otherwise lacks.
 */
import type { Connection, SealedConnection } from '../../lib/connections/connection.ts';
import { changeTo, keepFor } from '../../lib/connections/connection-change.ts';
import { type ConnectionStore, createConnectionStore } from '../../lib/connections/connection-store.ts';
import { IntegrationError } from '../../lib/errors.ts';
import type { TenantId } from '../../lib/ids.ts';
import {
  type Credentials,
  openAccessToken,
  openRefreshToken,
  sealCredentials,
} from '../../lib/integrations/credentials.ts';
import { wrappedKeyKey } from '../../lib/table/keys.ts';
import { newestVersion, rotateTenantKey } from '../../lib/vault/tenant-key-versions.ts';
import { openVault, type Vault } from '../../lib/vault/vault.ts';
import { connectionsOf, keyVersionsOf } from './operator-connections.ts';
import { type OperatorStores, requireLivingTenant, vaultPartsOf } from './operator-parts.ts';

export interface Resealed {
  readonly version: number;
  /** Whether this run has made the version; else it goes on with one that an earlier run made. */
  readonly made: boolean;
  readonly counts: Readonly<Record<Outcome, number>>;
}

type Outcome =
  | 'resealed'
  /** Was sealed under the version when this run came to it. */
  | 'current'
  /** Disconnected meanwhile. */
  | 'gone'
  /** Others wrote it all the time, or it does not open; the next run looks at it again. */
  | 'left';

/** A version as young as this was made by a run that was interrupted, or is being completed. */
const sameRunMilliseconds = 3_600_000;
const together = 8;

export function sealVerbs(stores: OperatorStores) {
  const parts = vaultPartsOf(stores);
  return {
    /** Raises the tenant's key version; what is sealed stays readable, and is sealed anew as it is renewed. */
    async rotateTenantKey(id: string): Promise<number> {
      return rotateTenantKey(parts, (await requireLivingTenant(stores.tenants, id)).id);
    },

    /** Makes a new version, unless there is one of the last hour, and seals every connection under it. */
    async resealTenant(id: string): Promise<Resealed> {
      const tenant = await requireLivingTenant(stores.tenants, id);
      const recent = await recentVersion(tenant.id);
      const version = recent ?? (await rotateTenantKey(parts, tenant.id));
      const vault = openVault(parts);
      // Fails before anything is read when the operator may not open.
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
        if (batch.push(connection) === together) await work();
      }
      await work();
      return { version, made: recent === undefined, counts };
    },
  };

  async function recentVersion(tenantId: TenantId): Promise<number | undefined> {
    const newest = await newestVersion(parts, tenantId);
    if (!newest) return undefined;
    const item = await stores.connections.get(wrappedKeyKey(tenantId, 'credentials', newest.version), [
      'createdAt',
    ]);
    const age = stores.now() - Number(item?.['createdAt'] ?? 0);
    return newest.version > 1 && age < sameRunMilliseconds ? newest.version : undefined;
  }
}

/** The credentials and their generation stay the same; a refresh in between wins, and has resealed them itself. */
async function reseal(
  store: ConnectionStore,
  vault: Vault,
  { id, tenantId, provider, accountId }: Connection,
  version: number,
): Promise<Outcome> {
  const found = await store.get(tenantId, provider, accountId);
  if (found?.id !== id) return 'gone';
  const resealed = await store.update<SealedConnection, 'current' | 'left'>(found, async (current) => {
    if (keyVersionsOf(current).every((one) => one >= version)) return keepFor('current');
    const opened = await open(vault, current);
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

/** Nothing when what is sealed there does not open, which no repeat would change. */
async function open(vault: Vault, connection: SealedConnection): Promise<Credentials | undefined> {
  try {
    const accessToken = await openAccessToken(vault, connection);
    const refreshToken = await openRefreshToken(vault, connection);
    return { accessToken, ...(refreshToken && { refreshToken }) };
  } catch (error) {
    // With a cause it is KMS that failed, and then everything would fail.
    const isBroken =
      error instanceof IntegrationError && error.code === 'VAULT_ERROR' && error.cause === undefined;
    if (isBroken) return undefined;
    throw error;
  }
}
