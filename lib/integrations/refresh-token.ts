/**
 * Renews a connection's credentials. Within one process, everybody who asks while a refresh is under way gets its
 * result; a result is stored only onto the generation that was spent, so a reconnect in between always wins.
 */
import type { SealedConnection } from '../connections/connection.ts';
import { IntegrationError } from '../errors.ts';
import type { TokenOutcome, TokenSet } from '../oauth/outcome.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Sealer } from '../vault/vault.ts';
import { type ConnectionView, viewConnection } from './connection-view.ts';
import { openRefreshToken, sealCredentials } from './credentials.ts';
import { findOwnConnection, type OwnAccount } from './own-connection.ts';
import { type ConnectionParts, openPlatform } from './parts.ts';

/** Refreshes under way in this process, by connection and generation. */
export type Flights = Map<string, Promise<SealedConnection>>;

export interface RefreshParts extends ConnectionParts {
  readonly flights: Flights;
}

/**
 * Refreshes at the tenant's request, whether due or not, or joins a refresh under way.
 * @throws IntegrationError `ACCOUNT_NOT_FOUND`, `NO_REFRESH_TOKEN`, `TOKEN_EXPIRED` (the grant is gone), `TOKEN_REFRESH_ERROR`.
 */
export async function refreshToken(parts: RefreshParts, account: OwnAccount): Promise<ConnectionView> {
  return viewConnection(await refreshConnection(parts, await findOwnConnection(parts, account)));
}

/** The connection with new credentials, this process's or a rival's. */
export async function refreshConnection(
  parts: RefreshParts,
  connection: SealedConnection,
): Promise<SealedConnection> {
  const key = `${connection.id}.${connection.generation}`;
  const underWay = parts.flights.get(key);
  if (underWay) return underWay;
  const flight = spend(parts, connection).finally(() => parts.flights.delete(key));
  parts.flights.set(key, flight);
  return flight;
}

/** Waits for a refresh of these credentials that may be under way in this process, however it ends. */
export async function awaitRefresh(parts: RefreshParts, connection: SealedConnection): Promise<void> {
  await parts.flights.get(`${connection.id}.${connection.generation}`)?.catch(() => undefined);
}

async function spend(parts: RefreshParts, connection: SealedConnection): Promise<SealedConnection> {
  if (connection.status === 'reconnect_required') throw grantIsGone(connection.statusReason);
  const refreshToken = await openRefreshToken(parts.vault, connection);
  if (!connection.refreshable || !refreshToken) {
    throw new IntegrationError(
      'NO_REFRESH_TOKEN',
      'The platform gave nothing to renew this access with. Connect the account again.',
    );
  }
  const platform = await openPlatform(parts, connection);
  // Once the platform has rotated the token, sealing the new one must not fail for want of a key.
  const sealer = await parts.vault.sealerFor(connection.tenantId);
  const outcome = await platform.ask((adapter) =>
    adapter.refreshAccessToken(refreshToken, connection.accountId),
  );
  return settle(parts, connection, platform.provider, sealer, outcome);
}

async function settle(
  parts: RefreshParts,
  connection: SealedConnection,
  provider: OAuthProvider,
  sealer: Sealer,
  outcome: TokenOutcome,
): Promise<SealedConnection> {
  const dimensions = { provider: provider.id };
  switch (outcome.kind) {
    case 'granted': {
      const { subject } = outcome.tokens;
      if (provider.accounts === 'one' && subject !== undefined && subject !== connection.owner) {
        parts.count('refresh_misconfigured', { ...dimensions, reason: 'subject_mismatch' });
        throw new IntegrationError(
          'TOKEN_REFRESH_ERROR',
          'The platform answered with the tokens of another account.',
        );
      }
      const change = renewed(connection, provider, sealer, outcome.tokens, parts.now());
      const stored = await parts.connections.change(connection, change);
      parts.count('refresh_ok', dimensions);
      return stored ?? winnerOf(parts, connection);
    }
    case 'reconnect_required': {
      const change = {
        status: 'reconnect_required',
        statusReason: outcome.reason,
        updatedAt: parts.now(),
      } as const;
      // A rival process may have spent the token first; then its result stands, and the refusal says nothing.
      const declared = await parts.connections.change(connection, change);
      if (!declared) return winnerOf(parts, connection);
      parts.count('refresh_reconnect_required', { ...dimensions, reason: outcome.reason });
      throw grantIsGone(outcome.reason);
    }
    case 'misconfigured':
      parts.count('refresh_misconfigured', { ...dimensions, reason: outcome.reason });
      throw new IntegrationError(
        'TOKEN_REFRESH_ERROR',
        'The platform refused the provider app. Check its client id and secret.',
        {
          details: { reason: outcome.reason },
        },
      );
    default:
      parts.count('refresh_retry', { ...dimensions, reason: outcome.reason });
      throw new IntegrationError(
        'TOKEN_REFRESH_ERROR',
        'The platform did not renew the access. Try again later.',
        {
          details: { reason: outcome.reason },
          retryAfterSeconds:
            ('afterSeconds' in outcome ? outcome.afterSeconds : undefined) ?? defaultRetrySeconds,
        },
      );
  }
}

const defaultRetrySeconds = 10;

/** What a refresh changes. An answer without a refresh token keeps the one that was spent. */
function renewed(
  connection: SealedConnection,
  provider: OAuthProvider,
  sealer: Sealer,
  tokens: TokenSet,
  now: number,
) {
  const lifetime = tokens.expiresInSeconds ?? provider.tokens.assumedLifetimeSeconds;
  const sealed = sealCredentials(sealer, connection, tokens);
  return {
    generation: connection.generation + 1,
    // A disconnect under way stays one; its revocation is shown the new token.
    status: connection.status === 'disconnecting' ? connection.status : ('active' as const),
    statusReason: undefined,
    obtainedAt: now,
    expiresAt: lifetime === undefined ? undefined : now + lifetime * 1000,
    ...(tokens.refreshExpiresInSeconds !== undefined && {
      refreshExpiresAt: now + tokens.refreshExpiresInSeconds * 1000,
    }),
    ...(tokens.scopes && { scopes: tokens.scopes }),
    updatedAt: now,
    sealed: { ...connection.sealed, ...sealed },
  };
}

/** The connection as a rival left it. */
async function winnerOf(parts: RefreshParts, connection: SealedConnection): Promise<SealedConnection> {
  const winner = await parts.connections.get(connection.tenantId, connection.provider, connection.accountId);
  if (winner?.userId !== connection.userId || winner.status === 'disconnecting') {
    throw new IntegrationError('ACCOUNT_NOT_FOUND', 'The account was disconnected.');
  }
  if (winner.status === 'reconnect_required') throw grantIsGone(winner.statusReason);
  return winner;
}

function grantIsGone(reason: string | undefined): IntegrationError {
  return new IntegrationError('TOKEN_EXPIRED', 'The user has to connect this account again.', {
    details: { status: 'reconnect_required', ...(reason !== undefined && { reason }) },
  });
}
