/** Finds the connections that a platform's event affects, whether the platform names the account or the user. */
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import type { AccountId, AppId } from '../ids.ts';

/** One app's connections to the account or of the platform user, without duplicates. */
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
