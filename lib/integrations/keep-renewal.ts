/**
 * Keeps what the platform gave: stored where it belongs, or rescued where the database does not answer. What belongs to
 * nobody any more, because a reconnect or a deletion was faster, is let go of at the platform.
 */
import { isDeauthorised, type SealedConnection } from '../connections/connection.ts';
import type { Lease } from '../connections/lease-store.ts';
import { IntegrationError } from '../errors.ts';
import type { TokenSet } from '../oauth/outcome.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Sealer } from '../vault/vault.ts';
import { type Applied, applyRenewal, type Renewal } from './apply-renewal.ts';
import { sealCredentials } from './credentials.ts';
import type { ConnectionParts, OpenPlatform } from './parts.ts';
import { disconnected, grantIsGone } from './refresh-errors.ts';
import { rescueRenewal } from './rescue.ts';
import { discardTokens } from './revoke.ts';

/** Stores what the platform gave. What cannot be stored goes to the rescue queue, and serves this caller all the same. */
export async function keepRenewal(
  parts: ConnectionParts,
  connection: SealedConnection,
  { platform, sealer }: { readonly platform: OpenPlatform; readonly sealer: Sealer },
  tokens: TokenSet,
  lease: Lease,
): Promise<SealedConnection> {
  const renewal = toRenewal(connection, platform.provider, sealer, tokens, parts.now());
  let applied: Applied;
  try {
    applied = await applyRenewal(parts, connection, platform.provider, renewal);
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    await rescueRenewal(parts, connection, renewal);
    // Without its successor the spent token is worse than useless: at some platforms it ends the grant.
    if (tokens.refreshToken) await parts.leases.extend(lease, rescueMilliseconds).catch(() => undefined);
    const { expiresAt, ...rest } = renewal;
    return {
      ...connection,
      ...definedOnly(rest),
      ...(expiresAt !== undefined && { expiresAt }),
    } as SealedConnection;
  }
  if (applied.kind === 'stored') return handedOut(connection, applied.connection);
  await discardTokens(parts, platform, { context: connection.context, owner: connection.owner, tokens });
  if (applied.kind === 'gone') throw disconnected();
  return applied.connection;
}

/** As long as the rescue queue tries before it gives a message up to an operator. */
const rescueMilliseconds = 900_000;

/** What was renewed while a disconnect came in between is for the revocation, and for nobody else; nor is what was taken back. */
function handedOut(before: SealedConnection, stored: SealedConnection): SealedConnection {
  if (stored.status === 'disconnecting' && before.status !== 'disconnecting') throw disconnected();
  if (isDeauthorised(stored)) throw grantIsGone(stored.statusReason);
  return stored;
}

/** An answer without a refresh token keeps the one that was spent. */
function toRenewal(
  connection: SealedConnection,
  provider: OAuthProvider,
  sealer: Sealer,
  tokens: TokenSet,
  now: number,
): Renewal {
  const lifetime = tokens.expiresInSeconds ?? provider.tokens.assumedLifetimeSeconds;
  return {
    sealed: { ...connection.sealed, ...sealCredentials(sealer, connection, tokens) },
    obtainedAt: now,
    expiresAt: lifetime === undefined ? undefined : now + lifetime * 1000,
    ...(tokens.refreshExpiresInSeconds !== undefined && {
      refreshExpiresAt: now + tokens.refreshExpiresInSeconds * 1000,
    }),
    ...(tokens.scopes && { scopes: tokens.scopes }),
  };
}

function definedOnly<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Partial<Value>;
}
