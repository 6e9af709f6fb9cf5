/**
 * Disconnects an account and ends access at the platform. From the first write on no token is handed out; the record
 * stays until the platform has confirmed, so that a repeated call takes up where this one stopped.
 */
import type { SealedConnection } from '../connections/connection.ts';
import { IntegrationError } from '../errors.ts';
import { findOwnRecord, type OwnAccount } from './own-connection.ts';
import { openPlatform } from './parts.ts';
import { awaitRefresh, type RefreshParts, refreshConnection } from './refresh-token.ts';
import { isShared, openCredentials, revoke } from './revoke.ts';
import { isTokenExpired } from './token-lifetime.ts';

/** What the platform has been told; each is a fact, none a hope. */
export type Revocation =
  /** The platform confirmed the end of the tokens. */
  | 'revoked'
  /** The platform did not answer; call again. No token is handed out meanwhile. */
  | 'revoke_pending'
  /** The grant serves another live connection and was left to it. */
  | 'shared_grant'
  /** The platform has no revocation; its tokens die of their age. */
  | 'not_supported';

export interface Disconnected {
  readonly disconnected: true;
  readonly revocation: Revocation;
}

/**
 * Revokes and deletes. Safe to repeat until it answers anything but `revoke_pending`.
 * @throws IntegrationError `INVALID_PROVIDER`, `ACCOUNT_NOT_FOUND`, `DISCONNECT_ERROR` when it was changed by others all the time.
 */
export async function disconnectIntegration(parts: RefreshParts, account: OwnAccount): Promise<Disconnected> {
  const connection = await beginDisconnect(parts, account);
  const { revocation, last } = await endAccess(parts, connection);
  if (revocation !== 'revoke_pending') await parts.connections.remove(last);
  parts.count('disconnect', { provider: connection.provider, reason: revocation });
  return { disconnected: true, revocation };
}

const rounds = 5;

/** Marks the connection, after any refresh of it in this process has ended. */
async function beginDisconnect(parts: RefreshParts, account: OwnAccount): Promise<SealedConnection> {
  for (let round = 0; round < rounds; round += 1) {
    const connection = await findOwnRecord(parts, account);
    await awaitRefresh(parts, connection);
    const change = { status: 'disconnecting', statusReason: undefined, updatedAt: parts.now() } as const;
    const marked = await parts.connections.change(connection, change);
    if (marked) return marked;
  }
  throw new IntegrationError('DISCONNECT_ERROR', 'The connection kept changing. Try again.', {
    retryAfterSeconds: 2,
  });
}

interface Ended {
  readonly revocation: Revocation;
  /** The record as it is now; a token that had to be renewed first has raised its generation. */
  readonly last: SealedConnection;
}

async function endAccess(parts: RefreshParts, connection: SealedConnection): Promise<Ended> {
  const platform = await openPlatform(parts, connection);
  const { revocation } = platform.provider;
  if (revocation.reach === 'none') return { revocation: 'not_supported', last: connection };
  if (await isShared(parts, platform, connection)) return { revocation: 'shared_grant', last: connection };

  const needsLiveToken = revocation.token === 'access_token' && isTokenExpired(connection, parts.now());
  const last = needsLiveToken ? await renewForRevocation(parts, connection) : connection;
  if (last === 'grant_is_gone') return { revocation: 'revoked', last: connection };
  const outcome = await revoke(platform, await openCredentials(parts.vault, last));
  if (outcome.kind === 'revoked') return { revocation: 'revoked', last };
  if (outcome.kind !== 'misconfigured' || needsLiveToken) return { revocation: 'revoke_pending', last };

  // A platform that will not have this token may just not know it any more; a renewal tells, and gives one it knows.
  const renewed = await renewForRevocation(parts, last);
  if (renewed === 'grant_is_gone') return { revocation: 'revoked', last };
  if (renewed === last) return { revocation: 'revoke_pending', last };
  const second = await revoke(platform, await openCredentials(parts.vault, renewed));
  return { revocation: second.kind === 'revoked' ? 'revoked' : 'revoke_pending', last: renewed };
}

/** Some platforms end a grant only when shown an access token that is still alive. */
async function renewForRevocation(
  parts: RefreshParts,
  connection: SealedConnection,
): Promise<SealedConnection | 'grant_is_gone'> {
  try {
    return await refreshConnection(parts, connection);
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    // The platform itself says that nothing is left to revoke.
    if (error.code === 'TOKEN_EXPIRED') return 'grant_is_gone';
    return connection;
  }
}
