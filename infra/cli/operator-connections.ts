/** Connections as the operator may see them: everything but what is sealed. */
import type { Connection } from '../../lib/connections/connection.ts';
import { createConnectionStore } from '../../lib/connections/connection-store.ts';
import { isOpaqueId, type TenantId, type UserId } from '../../lib/ids.ts';
import { type OperatorStores, requireTenant } from './operator-parts.ts';

type Stores = Pick<OperatorStores, 'connections' | 'tenants'>;

export function connectionVerbs(stores: Stores) {
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
  };
}

/** The first connection of a tenant that fits, if there is one. */
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

async function* connectionsOf(
  stores: Stores,
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
    if (page === 'invalid_cursor') throw new Error('The list of connections broke off. Try again.');
    yield* page.connections;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
