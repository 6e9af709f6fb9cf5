/** Hands out a valid access token. An expired one is never served; a valid one survives any failure to renew it. */
import type { SealedConnection } from '../connections/connection.ts';
import { IntegrationError } from '../errors.ts';
import type { Secret } from '../telemetry/secret.ts';
import { isoTime } from './connection-view.ts';
import { openAccessToken } from './credentials.ts';
import { findOwnConnection, type OwnAccount } from './own-connection.ts';
import { type ConnectionParts, findProvider } from './parts.ts';
import { grantIsGone, tryLater } from './refresh-errors.ts';
import { nextDueAt, useNoteMilliseconds } from './refresh-schedule.ts';
import { refreshConnection } from './refresh-token.ts';
import { isRefreshDue, isTokenExpired } from './token-lifetime.ts';

export interface AccessToken {
  readonly accessToken: Secret;
  readonly tokenType: string;
  /** ISO 8601; null when the platform does not say. */
  readonly expiresAt: string | null;
  readonly scopes: readonly string[];
}

/**
 * A token with more than the provider's safety margin left, renewed first where needed: one database read when warm.
 * @throws IntegrationError `ACCOUNT_NOT_FOUND`, `TOKEN_EXPIRED`, `NO_REFRESH_TOKEN`, `TOKEN_REFRESH_ERROR`.
 */
export async function getAccessToken(parts: ConnectionParts, account: OwnAccount): Promise<AccessToken> {
  const connection = await findOwnConnection(parts, account);
  const current = await noteUse(parts, await currentCredentials(parts, account, connection));
  // Whatever the platform said of its renewal, a token that has ended helps nobody.
  if (isTokenExpired(current, parts.now())) throw tryLater('not_renewed', 1_000);
  return {
    accessToken: await openAccessToken(parts.vault, current),
    tokenType: current.tokenType,
    expiresAt: current.expiresAt === undefined ? null : isoTime(current.expiresAt),
    scopes: current.scopes,
  };
}

async function currentCredentials(
  parts: ConnectionParts,
  account: OwnAccount,
  connection: SealedConnection,
): Promise<SealedConnection> {
  if (connection.status === 'reconnect_required') throw grantIsGone(connection.statusReason);
  const provider = findProvider(parts.registry, connection.provider);
  if (provider.auth !== 'oauth2' || !isRefreshDue(connection, provider.tokens.margin, parts.now()))
    return connection;
  if (!connection.refreshable && !isTokenExpired(connection, parts.now())) return connection;
  try {
    return await refreshConnection(parts, connection);
  } catch (error) {
    // What the platform took back is gone whatever its clock says; anything else leaves a valid token valid.
    if (takesAccessAway(error) || isTokenExpired(connection, parts.now())) throw error;
    parts.log('warn', 'token served without renewal', {
      provider: connection.provider,
      connectionId: connection.id,
    });
    return stillHeld(parts, account, connection);
  }
}

/** The connection after a renewal that failed: a disconnect or the end of the grant may have come meanwhile. */
async function stillHeld(
  parts: ConnectionParts,
  account: OwnAccount,
  connection: SealedConnection,
): Promise<SealedConnection> {
  const found = await findOwnConnection(parts, account).catch((error: unknown) => {
    if (takesAccessAway(error)) throw error;
    // A database that does not answer takes nobody's access away.
    return connection;
  });
  if (found.status === 'reconnect_required') throw grantIsGone(found.statusReason);
  return found;
}

/** Notes once a day that the connection is in use, which keeps it among those renewed before anybody asks. */
async function noteUse(parts: ConnectionParts, connection: SealedConnection): Promise<SealedConnection> {
  const now = parts.now();
  if (connection.lastUsedAt !== undefined && connection.lastUsedAt > now - useNoteMilliseconds)
    return connection;
  const provider = findProvider(parts.registry, connection.provider);
  const used = { ...connection, lastUsedAt: now };
  const dueAt =
    connection.untold === undefined ? nextDueAt(used, provider, now, parts.random) : connection.dueAt;
  try {
    return (await parts.connections.change(connection, { lastUsedAt: now, dueAt })) ?? connection;
  } catch {
    // The token is good whether or not its use could be noted.
    return connection;
  }
}

function takesAccessAway(error: unknown): boolean {
  return (
    error instanceof IntegrationError &&
    (error.code === 'TOKEN_EXPIRED' || error.code === 'ACCOUNT_NOT_FOUND')
  );
}
