/** Whom something at a platform concerns, whichever of a user's ids the platform names. */
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { AccountId, AppId } from '../ids.ts';

/** The connections of one app to an account, or of a platform user, each once. */
export async function findAffectedConnections(
  connections: Pick<ConnectionStore, 'byAccount' | 'byPlatformUser'>,
  appId: AppId,
  { accountId, platformUserId }: { readonly accountId?: AccountId; readonly platformUserId?: string },
): Promise<readonly Connection[]> {
  const byAccount = accountId === undefined ? [] : await connections.byAccount(appId, accountId);
  const byPlatformUser =
    platformUserId === undefined ? [] : await connections.byPlatformUser(appId, platformUserId);
  const found = new Map([...byAccount, ...byPlatformUser].map((connection) => [connection.id, connection]));
  return [...found.values()];
}
