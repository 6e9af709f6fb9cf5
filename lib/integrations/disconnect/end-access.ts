import type { SealedConnection } from '../../connections/connection.ts';
import type { Lease } from '../../connections/lease-store.ts';
import { isTokenExpired } from '../../connections/token-lifetime.ts';
import type { Revocation } from '../../vocabulary.ts';
import type { ConnectionDeps } from '../deps.ts';
import { callTokenEndpoint, prepareRefresh } from '../lifecycle/call-token-endpoint.ts';
import type { Overtaken } from '../lifecycle/failed-refresh.ts';
import { type RefreshOutcome, survive } from '../lifecycle/refresh-outcome.ts';
import { type OpenPlatform, openPlatform } from '../platform/open-platform.ts';
import { isShared, openCredentials, revoke } from '../platform/revoke.ts';

export interface Ended {
  readonly kind: 'ended';
  readonly revocation: Revocation;
  /** The record as it is now; a token that had to be refreshed first has raised its generation. */
  readonly last: SealedConnection;
}

/** @throws IntegrationError when the vault, the database or the app's registration keeps the platform from being asked. */
export async function endAccess(
  deps: ConnectionDeps,
  connection: SealedConnection,
  lease: Lease,
): Promise<Ended> {
  const platform = await openPlatform(deps, connection);
  if (await isShared(deps, platform, connection)) return ended('shared_grant', connection);

  const needsLiveToken =
    platform.provider.revocation?.token === 'access_token' && isTokenExpired(connection, deps.now());
  if (needsLiveToken) return endAfterRefresh(deps, platform, connection, lease);
  const outcome = await revoke(platform, await openCredentials(deps.vault, connection));
  if (outcome.kind === 'revoked') return ended('revoked', connection);
  // The platform may not know this token any more; a refresh finds out, and gives one that it knows.
  if (outcome.kind === 'misconfigured') return endAfterRefresh(deps, platform, connection, lease);
  return ended('revoke_pending', connection);
}

/** Some platforms end a grant only when shown an access token that is still alive. */
async function endAfterRefresh(
  deps: ConnectionDeps,
  platform: OpenPlatform,
  connection: SealedConnection,
  lease: Lease,
): Promise<Ended> {
  const refresh = await survive(() => refreshForRevocation(deps, connection, lease));
  switch (refresh.kind) {
    case 'refreshed':
    case 'unchanged': {
      const outcome = await revoke(platform, await openCredentials(deps.vault, refresh.connection));
      return ended(outcome.kind === 'revoked' ? 'revoked' : 'revoke_pending', refresh.connection);
    }
    case 'reconnect_required':
      // The platform itself says that nothing is left to revoke; unless a call whose answer was lost obtained tokens
      // that nobody holds, and nobody can show to it.
      return ended(lease.doubtful ? 'not_supported' : 'revoked', connection);
    default:
      return ended('revoke_pending', connection);
  }
}

async function refreshForRevocation(
  deps: ConnectionDeps,
  connection: SealedConnection,
  lease: Lease,
): Promise<RefreshOutcome | Overtaken | { readonly kind: 'too_early' }> {
  const prepared = await prepareRefresh(deps, connection);
  return prepared.kind === 'prepared' ? callTokenEndpoint(deps, connection, prepared, lease) : prepared;
}

function ended(revocation: Revocation, last: SealedConnection): Ended {
  return { kind: 'ended', revocation, last };
}
