/** Lists and inspects connections. An operator sees everything except the sealed credentials. */
import { type Connection, connectionRecord, type SealedConnection } from '../../connections/connection.ts';
import { createConnectionStore } from '../../connections/connection-store.ts';
import { createLeaseStore, type Taking } from '../../connections/lease-store.ts';
import { type AccountId, isOpaqueId, type ProviderId, type TenantId, type UserId } from '../../ids.ts';
import { readSealed } from '../../vault/sealed-format.ts';
import { type AdminStores, requireTenant } from '../deps.ts';

type Stores = Pick<AdminStores, 'connections' | 'tenants'>;

/** Identifies a connection by unchecked text, as an operator types it. */
export interface Wanted {
  readonly tenantId: string;
  readonly provider: string;
  readonly accountId: string;
}

/** A connection with its key versions and its lease. */
export interface InspectedConnection {
  readonly connection: Connection;
  /** The versions of the tenant's key under which its credentials are sealed. */
  readonly keyVersions: readonly number[];
  /** Whether a worker may be refreshing the credentials at the platform right now. */
  readonly lease: Exclude<Taking, { kind: 'taken' }>;
}

export function connectionActions(stores: AdminStores) {
  const leases = createLeaseStore(stores.activity, stores.now);
  return {
    /** All connections of a tenant, or of one of its users, sorted by user, provider and account. */
    async listConnections(tenantId: string, userId?: string): Promise<readonly Connection[]> {
      const { id } = await requireTenant(stores.tenants, tenantId);
      if (userId !== undefined && !isOpaqueId(userId)) return [];
      const found: Connection[] = [];
      for await (const connection of connectionsOf(stores, id, userId as UserId | undefined)) {
        found.push(connection);
      }
      return found;
    },

    async inspectConnection(wanted: Wanted): Promise<InspectedConnection> {
      const found = await requireConnection(stores, wanted);
      return {
        connection: connectionRecord.parse(found),
        keyVersions: keyVersionsOf(found),
        lease: await leases.look(found.id, found.generation),
      };
    },
  };
}

/** @throws Error when there is no such connection. */
export async function requireConnection(stores: Stores, wanted: Wanted): Promise<SealedConnection> {
  const tenant = await requireTenant(stores.tenants, wanted.tenantId);
  const { provider, accountId } = wanted;
  const found =
    isOpaqueId(provider) && isOpaqueId(accountId)
      ? await createConnectionStore(stores.connections).get(
          tenant.id,
          provider as ProviderId,
          accountId as AccountId,
        )
      : undefined;
  if (found) return found;
  throw new Error(
    `Tenant "${tenant.id}" has no such connection. Give provider and account as \`hawser connections list\` shows them.`,
  );
}

/** The first connection of a tenant that satisfies the condition. */
export async function findConnection(
  stores: Stores,
  tenantId: TenantId,
  fits: (connection: Connection) => boolean = () => true,
): Promise<Connection | undefined> {
  for await (const connection of connectionsOf(stores, tenantId)) {
    if (fits(connection)) return connection;
  }
  return undefined;
}

/** A tenant's connections, or one user's, page by page. */
export async function* connectionsOf(
  stores: Pick<Stores, 'connections'>,
  tenantId: TenantId,
  userId?: UserId,
): AsyncGenerator<Connection> {
  const store = createConnectionStore(stores.connections);
  let cursor: string | undefined;
  do {
    const page = await store.list({
      tenantId,
      limit: 100,
      ...(userId !== undefined && { userId }),
      ...(cursor !== undefined && { cursor }),
    });
    if (page === 'invalid_cursor') throw new Error('The list of connections was interrupted. Try again.');
    yield* page.connections;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

/** The distinct versions of the tenant's key under which a connection's credentials are sealed. */
export function keyVersionsOf({ sealed }: SealedConnection): readonly number[] {
  const fields = [sealed.accessToken, ...(sealed.refreshToken ? [sealed.refreshToken] : [])];
  return [...new Set(fields.map((field) => readSealed(field).keyVersion))];
}
