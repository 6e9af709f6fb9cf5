/** Hands out a valid access token. An expired one is never served; a valid one survives any failure of its refresh. */
import type { SealedConnection } from '../../connections/connection.ts';
import { unlessOvertaken } from '../../connections/connection-change.ts';
import { noteUse } from '../../connections/reschedule.ts';
import { isRefreshDue, isTokenExpired } from '../../connections/token-lifetime.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { ConnectionDeps } from '../deps.ts';
import { refreshError } from '../lifecycle/refresh-errors.ts';
import { isFailure, postponed, type RefreshFailure } from '../lifecycle/refresh-outcome.ts';
import { refreshPolicyOf } from '../lifecycle/refresh-policy-of.ts';
import { refreshConnection } from '../lifecycle/refresh-token.ts';
import { openAccessToken } from '../platform/credentials.ts';
import { findProvider } from '../platform/find-provider.ts';
import { isoTime } from './connection-view.ts';
import { findOwnConnection, type OwnAccount } from './own-connection.ts';

export interface AccessToken {
  readonly accessToken: Secret;
  readonly tokenType: string;
  /** ISO 8601; null when the platform does not say. */
  readonly expiresAt: string | null;
  readonly scopes: readonly string[];
}

/** The connection whose token may be handed out, or why none may be. */
type Held = { readonly kind: 'held'; readonly connection: SealedConnection } | RefreshFailure;

/**
 * A token with more than the provider's safety margin left, refreshed first where needed: one database read when warm.
 * @throws IntegrationError `ACCOUNT_NOT_FOUND`, `TOKEN_EXPIRED`, `NO_REFRESH_TOKEN`, `TOKEN_REFRESH_ERROR`.
 */
export async function getAccessToken(deps: ConnectionDeps, account: OwnAccount): Promise<AccessToken> {
  const held = await holdValidToken(deps, await findOwnConnection(deps, account));
  if (held.kind !== 'held') throw refreshError(held);
  const current = await recordUse(deps, held.connection);
  // An expired token is useless, even if the refresh failed for a passing reason.
  if (isTokenExpired(current, deps.now())) throw refreshError(postponed('not_refreshed', 1_000));
  return {
    accessToken: await openAccessToken(deps.vault, current),
    tokenType: current.tokenType,
    expiresAt: current.expiresAt === undefined ? null : isoTime(current.expiresAt),
    scopes: current.scopes,
  };
}

async function holdValidToken(deps: ConnectionDeps, connection: SealedConnection): Promise<Held> {
  if (connection.status === 'reconnect_required') {
    return { kind: 'reconnect_required', reason: connection.statusReason };
  }
  const { margin } = refreshPolicyOf(await findProvider(deps.providers, connection));
  if (!isRefreshDue(connection, margin, deps.now())) return { kind: 'held', connection };
  if (!connection.refreshable && !isTokenExpired(connection, deps.now())) return { kind: 'held', connection };
  const outcome = await refreshConnection(deps, connection);
  if (!isFailure(outcome)) return { kind: 'held', connection: outcome.connection };
  // Withdrawn access ends at once, even before the token expires; after any other failure a valid token stays valid.
  const isTakenBack = outcome.kind === 'reconnect_required' || outcome.kind === 'disconnected';
  if (isTakenBack || isTokenExpired(connection, deps.now())) return outcome;
  deps.log('warn', 'token.served_unrefreshed', {
    provider: connection.provider,
    connectionId: connection.id,
  });
  return readStillHeld(deps, connection);
}

/** The connection after a refresh that failed: a disconnect or the end of the grant may have come meanwhile. */
async function readStillHeld(deps: ConnectionDeps, connection: SealedConnection): Promise<Held> {
  const { tenantId, userId, provider, accountId } = connection;
  // A database outage does not take access away.
  const found = await deps.connections.get(tenantId, provider, accountId).catch(() => connection);
  if (found?.userId !== userId || found.status === 'disconnecting') return { kind: 'disconnected' };
  if (found.status === 'reconnect_required') {
    return { kind: 'reconnect_required', reason: found.statusReason };
  }
  return { kind: 'held', connection: found };
}

/** Records once a day that the connection is in use, which keeps it among those refreshed ahead of time. */
async function recordUse(deps: ConnectionDeps, connection: SealedConnection): Promise<SealedConnection> {
  const { providers, now, random } = deps;
  const policy = refreshPolicyOf(await findProvider(providers, connection));
  try {
    const noted = await deps.connections.update(
      connection,
      unlessOvertaken(connection, (current) => noteUse(current, { policy, now: now(), random })),
    );
    return noted.kind === 'changed' ? noted.connection : connection;
  } catch {
    // The token is good whether or not its use could be recorded.
    return connection;
  }
}
