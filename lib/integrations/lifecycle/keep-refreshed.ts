/**
 * Keeps what the platform gave: stored where it belongs, or rescued where the database does not answer. Tokens that
 * belong to nobody any more, because a reconnect or a deletion was faster, are revoked.
 */
import { isDeauthorized, type SealedConnection } from '../../connections/connection.ts';
import type { Lease } from '../../connections/lease-store.ts';
import type { RefreshedCredentials } from '../../connections/transitions.ts';
import type { TokenSet } from '../../oauth/outcome.ts';
import type { ConsentProvider } from '../../providers/provider.ts';
import type { Sealer } from '../../vault/vault.ts';
import type { ConnectionDeps } from '../deps.ts';
import { sealCredentials } from '../platform/credentials.ts';
import type { OpenPlatform } from '../platform/open-platform.ts';
import { discardTokens } from '../platform/revoke.ts';
import { applyRefresh } from './apply-refresh.ts';
import { type RefreshOutcome, survive } from './refresh-outcome.ts';
import { rescueCredentials } from './rescue.ts';

/** The call that obtained the tokens: what it spent, where, and under which lease. */
export interface TokenCall {
  readonly spent: SealedConnection;
  readonly platform: OpenPlatform;
  readonly sealer: Sealer;
  readonly lease: Lease;
}

/** Stores the tokens of a refresh. What cannot be stored goes to the rescue queue, and serves this caller all the same. */
export async function keepRefreshed(
  deps: ConnectionDeps,
  call: TokenCall,
  tokens: TokenSet,
): Promise<RefreshOutcome> {
  const { spent, platform, lease } = call;
  const credentials = toCredentials(call, tokens, deps.now());
  const applied = await survive(() => applyRefresh(deps, spent, platform.provider, credentials));
  switch (applied.kind) {
    case 'changed':
      return outcomeOfStored(spent, applied.connection);
    case 'unavailable':
    case 'contended':
      await rescueCredentials(deps, spent, credentials);
      // Without its successor the spent token is worse than useless: presented again, it can end the grant.
      if (tokens.refreshToken) await deps.leases.extend(lease, rescueMilliseconds).catch(() => undefined);
      return { kind: 'refreshed', connection: asIfStored(spent, credentials) };
    case 'unchanged':
    case 'gone': {
      const { appId, platformUserId } = spent;
      await discardTokens(deps, platform, { appId, platformUserId, tokens });
      return applied.kind === 'gone'
        ? { kind: 'disconnected' }
        : { kind: 'refreshed', connection: applied.connection };
    }
  }
}

/** As long as the rescue queue retries before a message becomes a dead letter. */
const rescueMilliseconds = 900_000;

/** Tokens of a connection that is being disconnected are for its revocation only, and nobody gets those of a withdrawn grant. */
function outcomeOfStored(spent: SealedConnection, stored: SealedConnection): RefreshOutcome {
  if (stored.status === 'disconnecting' && spent.status !== 'disconnecting') {
    return { kind: 'disconnected' };
  }
  if (isDeauthorized(stored)) return { kind: 'reconnect_required', reason: stored.statusReason };
  return { kind: 'refreshed', connection: stored };
}

/** An answer without a refresh token keeps the one that was spent. */
function toCredentials({ spent, platform, sealer }: TokenCall, tokens: TokenSet, now: number) {
  const lifetime = lifetimeSeconds(tokens, platform.provider);
  return {
    sealed: { ...spent.sealed, ...sealCredentials(sealer, spent, tokens) },
    obtainedAt: now,
    expiresAt: lifetime === undefined ? undefined : now + lifetime * 1000,
    ...(tokens.refreshExpiresInSeconds !== undefined && {
      refreshExpiresAt: now + tokens.refreshExpiresInSeconds * 1000,
    }),
    ...(tokens.scopes && { scopes: tokens.scopes }),
  } satisfies RefreshedCredentials;
}

function lifetimeSeconds(tokens: TokenSet, provider: ConsentProvider): number | undefined {
  return tokens.expiresInSeconds ?? provider.consent.assumedLifetimeSeconds;
}

/** The connection as it will be once the rescue has stored it. */
function asIfStored(
  spent: SealedConnection,
  { expiresAt, ...credentials }: ReturnType<typeof toCredentials>,
): SealedConnection {
  const { expiresAt: _, ...rest } = spent;
  return { ...rest, ...credentials, ...(expiresAt !== undefined && { expiresAt }) };
}
