/** Begins the end of a connection without waiting for the platform: marks it, so that the refresh worker revokes. */
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';

const rounds = 5;

/**
 * From here on no token is handed out, and the worker finds the connection due at once. Answers whether there still is
 * such a connection.
 * @param seen the connection as it was last read; it is read again when it has changed since.
 */
export async function beginDisconnect(
  parts: { readonly connections: ConnectionStore; readonly now: () => number },
  seen: Connection,
): Promise<boolean> {
  let connection: Connection | undefined = seen;
  for (let round = 0; round < rounds; round += 1) {
    if (connection?.id !== seen.id) return false;
    if (connection.status === 'disconnecting') return true;
    const now = parts.now();
    const marked = await parts.connections.change(connection, {
      status: 'disconnecting',
      statusReason: undefined,
      statusSince: now,
      untold: undefined,
      failures: undefined,
      dueAt: now,
      updatedAt: now,
    });
    if (marked) return true;
    connection = await parts.connections.get(seen.tenantId, seen.provider, seen.accountId);
  }
  // Others change it all the time; whoever asked comes back to it.
  return true;
}
