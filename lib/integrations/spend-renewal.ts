/**
 * One token call under a lease, and what follows from each way it can end. What the platform gave is stored or
 * rescued, never dropped; the end of a grant is declared only by the holder of the lease, on the platform's own word.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { Lease } from '../connections/lease-store.ts';
import { IntegrationError } from '../errors.ts';
import type { TokenOutcome, TokenSet } from '../oauth/outcome.ts';
import { callTimeoutMilliseconds } from '../platform-http/platform-http.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { Sealer } from '../vault/vault.ts';
import { applyRenewal, type Renewal } from './apply-renewal.ts';
import { tell, untold } from './connection-events.ts';
import { openRefreshToken, sealCredentials } from './credentials.ts';
import { type ConnectionParts, findProvider, type OpenPlatform, openPlatform } from './parts.ts';
import { grantIsGone, nothingToRenewWith, tryLater } from './refresh-errors.ts';
import { retryAt } from './refresh-schedule.ts';
import { rescueRenewal } from './rescue.ts';
import { discardTokens } from './revoke.ts';
import { isTokenExpired } from './token-lifetime.ts';

/** All that a call needs, in memory. */
export interface PreparedRenewal {
  readonly platform: OpenPlatform;
  /** What is spent: the refresh token, or the long-lived token itself. */
  readonly spent: Secret;
  /** Once the platform has rotated the token, sealing the new one must not fail for want of a key. */
  readonly sealer: Sealer;
}

/** @throws IntegrationError `TOKEN_EXPIRED`, `NO_REFRESH_TOKEN`, and whatever keeps the platform from being asked. */
export async function prepareRenewal(
  parts: ConnectionParts,
  connection: SealedConnection,
): Promise<PreparedRenewal | 'too_early'> {
  if (connection.status === 'reconnect_required') throw grantIsGone(connection.statusReason);
  const provider = findProvider(parts.registry, connection.provider);
  const spent = await openRefreshToken(parts.vault, connection);
  if (provider.auth !== 'oauth2' || !connection.refreshable || !spent) throw nothingToRenewWith();
  const { minimumAgeSeconds = 0 } = provider.tokens;
  if (connection.obtainedAt + minimumAgeSeconds * 1000 > parts.now()) return 'too_early';
  const platform = await openPlatform(parts, connection);
  return { platform, spent, sealer: await parts.vault.sealerFor(connection.tenantId) };
}

/** Answers the renewed connection, unchanged where the platform finds it too early, or `not_ours` when another call decides. */
export async function spendRenewal(
  parts: ConnectionParts,
  connection: SealedConnection,
  renewal: PreparedRenewal,
  lease: Lease,
): Promise<SealedConnection | 'not_ours'> {
  const { platform, spent } = renewal;
  const { provider } = platform;
  const ask = () =>
    platform.ask((adapter) => adapter.refreshAccessToken(spent, connection.accountId), lease.deadline);
  // The platform's rule, not its answer: an expired token cannot be exchanged any more.
  const lost = provider.tokens.refresh === 're-exchange' && isTokenExpired(connection, parts.now());
  let outcome: TokenOutcome = lost ? { kind: 'reconnect_required', reason: 'expired' } : await ask();
  if (outcome.kind === 'unknown' && mayAskAgain(provider, lease, parts.now())) outcome = await ask();
  return settle(parts, connection, renewal, lease, outcome);
}

/** A platform that lets the spent token work a while longer makes a lost answer harmless, if asked at once. */
function mayAskAgain(provider: OAuthProvider, lease: Lease, now: number): boolean {
  return provider.tokens.rotationGraceSeconds !== undefined && now + callTimeoutMilliseconds < lease.deadline;
}

async function settle(
  parts: ConnectionParts,
  connection: SealedConnection,
  renewal: PreparedRenewal,
  lease: Lease,
  outcome: TokenOutcome,
): Promise<SealedConnection | 'not_ours'> {
  const { provider } = renewal.platform;
  const dimensions = { provider: provider.id };
  switch (outcome.kind) {
    case 'granted': {
      const { subject } = outcome.tokens;
      if (provider.accounts === 'one' && subject !== undefined && subject !== connection.owner) {
        return misconfigured(parts, connection, lease, 'subject_mismatch');
      }
      parts.count('refresh_ok', dimensions);
      return keep(parts, connection, renewal, outcome.tokens);
    }
    case 'unchanged':
      await parts.leases.release(lease);
      return connection;
    case 'reconnect_required':
      // A refusal may only mean that another call has spent the token; then that call's end decides.
      if (!(await parts.leases.isHeld(lease))) return 'not_ours';
      return declareGone(parts, connection, lease, outcome.reason);
    case 'misconfigured':
      return misconfigured(parts, connection, lease, outcome.reason);
    case 'retryable':
      return postpone(parts, connection, lease, outcome);
    case 'unknown':
      // Where a lost answer cannot have cost the token, it is weather like any other.
      return provider.tokens.refresh === 'rotating'
        ? leaveInDoubt(parts, connection, lease)
        : postpone(parts, connection, lease, outcome);
  }
}

/** Stores what the platform gave. What cannot be stored goes to the rescue queue, and serves this caller all the same. */
async function keep(
  parts: ConnectionParts,
  connection: SealedConnection,
  { platform, sealer }: PreparedRenewal,
  tokens: TokenSet,
): Promise<SealedConnection> {
  const renewal = toRenewal(connection, platform.provider, sealer, tokens, parts.now());
  try {
    const applied = await applyRenewal(parts, connection, platform.provider, renewal);
    if (applied.kind === 'stored') return applied.connection;
    await discardTokens(parts, platform, { context: connection.context, owner: connection.owner, tokens });
    if (applied.kind === 'overtaken') return applied.connection;
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    await rescueRenewal(parts, connection, renewal);
    const { expiresAt, ...rest } = renewal;
    return {
      ...connection,
      ...definedOnly(rest),
      ...(expiresAt !== undefined && { expiresAt }),
    } as SealedConnection;
  }
  throw new IntegrationError('ACCOUNT_NOT_FOUND', 'The account was disconnected.');
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

async function declareGone(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
  platformReason: string,
): Promise<SealedConnection | 'not_ours'> {
  const reason = lease.doubtful ? 'answer_lost' : platformReason;
  parts.count('refresh_reconnect_required', { provider: connection.provider, reason });
  const now = parts.now();
  // A disconnect under way needs no word of the grant's end; it learns it from this error.
  if (connection.status !== 'disconnecting') {
    const change = {
      status: 'reconnect_required',
      statusReason: reason,
      statusSince: now,
      updatedAt: now,
    } as const;
    const declared = await parts.connections.change(connection, {
      ...change,
      ...untold('connection.reconnect_required', now),
    });
    if (!declared) return 'not_ours';
    await tell(parts, declared);
  }
  await parts.leases.release(lease);
  throw grantIsGone(reason);
}

/** Our own registration is at fault: an alarm, and never the user's loss. */
async function misconfigured(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
  reason: string,
): Promise<never> {
  parts.count('refresh_misconfigured', { provider: connection.provider, reason });
  const now = parts.now();
  const again = now + misconfiguredRestMilliseconds;
  const first = connection.status === 'active' || connection.status === 'expiring';
  const state = first && { status: 'misconfigured' as const, statusReason: reason, statusSince: now };
  const changed = await parts.connections.change(connection, {
    ...state,
    ...(first && { untold: 'connection.misconfigured' as const }),
    updatedAt: now,
    dueAt: again,
  });
  if (changed && first) await tell(parts, changed);
  await parts.leases.release(lease, now + 5_000);
  throw new IntegrationError(
    'TOKEN_REFRESH_ERROR',
    'The platform refused the provider app. Check its client id and secret.',
    {
      details: { reason },
      retryAfterSeconds: 60,
    },
  );
}

/** An operator needs minutes to mend a registration, not seconds. */
const misconfiguredRestMilliseconds = 600_000;

async function postpone(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
  failure: { readonly reason: string; readonly afterSeconds?: number },
): Promise<never> {
  parts.count('refresh_retry', { provider: connection.provider, reason: failure.reason });
  const failures = (connection.failures ?? 0) + 1;
  const dueAt = retryAt(failures, failure.afterSeconds, parts.now(), parts.random);
  const pause = parts.now() + (failure.afterSeconds ?? 1) * 1000;
  await parts.connections.change(connection, { failures, dueAt });
  await parts.leases.release(lease, pause);
  throw tryLater(failure.reason, pause - parts.now());
}

/** The platform may have rotated the token. Nobody spends it again before the lease ends by itself. */
async function leaveInDoubt(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
): Promise<never> {
  parts.count('refresh_retry', { provider: connection.provider, reason: 'answer_lost' });
  await parts.connections.change(connection, {
    failures: (connection.failures ?? 0) + 1,
    dueAt: lease.deadline + Math.ceil(1_000 * parts.random()),
  });
  throw tryLater('answer_lost', lease.deadline - parts.now());
}

function definedOnly<Value extends object>(value: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, entry]) => entry !== undefined),
  ) as Partial<Value>;
}
