/** Begins to disconnect a connection without waiting for the platform: marks it, so that the refresh worker revokes. */
import type { Connection } from '../../connections/connection.ts';
import type { ConnectionStore } from '../../connections/connection-store.ts';
import * as transitions from '../../connections/transitions.ts';

/**
 * From here on no token is handed out, and the sweep finds the connection due at once. Answers whether the connection
 * still exists. One that others keep changing counts as begun: callers of this return to it until it is gone.
 * @param seen the connection as it was last read; it is read again when it has changed since.
 */
export async function beginDisconnect(
  deps: { readonly connections: ConnectionStore; readonly now: () => number },
  seen: Connection,
): Promise<boolean> {
  const begun = await deps.connections.update(seen, (current) => {
    const now = deps.now();
    return transitions.beginDisconnect(current, { now, dueAt: now });
  });
  return begun.kind !== 'gone';
}
