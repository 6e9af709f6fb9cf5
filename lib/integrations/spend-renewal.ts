/**
 * One token call under a lease, and what follows from each way it can end. What the platform gave is stored or
 * rescued, never dropped; the end of a grant is declared only by the holder of the lease, on the platform's own word.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { Lease } from '../connections/lease-store.ts';
import type { TokenOutcome } from '../oauth/outcome.ts';
import { callTimeoutMilliseconds } from '../platform-http/platform-http.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Secret } from '../telemetry/secret.ts';
import type { Sealer } from '../vault/vault.ts';
import { openRefreshToken } from './credentials.ts';
import { declareGone, leaveInDoubt, misconfigured, postpone } from './failed-renewal.ts';
import { keepRenewal } from './keep-renewal.ts';
import { type ConnectionParts, findProvider, type OpenPlatform, openPlatform } from './parts.ts';
import { grantIsGone, nothingToRenewWith, tryLater } from './refresh-errors.ts';
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
  const age = parts.now() - connection.obtainedAt;
  // An age below zero comes of a clock that was wrong; then only the platform knows.
  if (age >= 0 && age < (provider.tokens.minimumAgeSeconds ?? 0) * 1000) return 'too_early';
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
  // Slow reads may have eaten the lease up; a call that could outlive it might meet the next holder's.
  if (!fits(lease, parts.now())) {
    await parts.leases.release(lease);
    throw tryLater('lease_too_short', 1_000);
  }
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
  return provider.tokens.rotationGraceSeconds !== undefined && fits(lease, now);
}

/** Whether a call begun now is certainly over before anybody else may begin one. */
function fits(lease: Lease, now: number): boolean {
  return now + callTimeoutMilliseconds < lease.deadline;
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
      return keepRenewal(parts, connection, renewal, outcome.tokens, lease);
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
