/**
 * One token call under a lease, and what follows from each way it can end. What the platform gives is stored or
 * rescued, never dropped; only the holder of the lease declares the end of a grant, on the platform's own word.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import type { Lease } from '../../connections/lease-store.ts';
import { isTokenExpired, isTooYoungToRefresh } from '../../connections/token-lifetime.ts';
import type { TokenOutcome } from '../../oauth/outcome.ts';
import { callTimeoutMilliseconds } from '../../platform-http/platform-http.ts';
import type { ConsentProvider } from '../../providers/provider.ts';
import type { Secret } from '../../telemetry/secret.ts';
import type { Sealer } from '../../vault/vault.ts';
import type { ConnectionDeps } from '../deps.ts';
import { openRefreshToken } from '../platform/credentials.ts';
import { findProvider } from '../platform/find-provider.ts';
import { type OpenPlatform, openPlatform } from '../platform/open-platform.ts';
import {
  declareReconnectRequired,
  leaveRefreshInDoubt,
  type Overtaken,
  postponeAttempt,
  recordMisconfiguration,
} from './failed-refresh.ts';
import { keepRefreshed } from './keep-refreshed.ts';
import { postponed, type RefreshFailure, type RefreshOutcome, survive } from './refresh-outcome.ts';

/** All that a token call needs, in memory. */
export interface PreparedRefresh {
  readonly kind: 'prepared';
  readonly platform: OpenPlatform;
  /** What is spent: the refresh token, or the long-lived token itself. */
  readonly spent: Secret;
  /** Once the platform has rotated the token, sealing the new one must not fail for want of a key. */
  readonly sealer: Sealer;
}

/** @throws IntegrationError when the vault or the database does not answer. */
export async function prepareRefresh(
  deps: ConnectionDeps,
  connection: SealedConnection,
): Promise<PreparedRefresh | { readonly kind: 'too_early' } | RefreshFailure> {
  if (connection.status === 'reconnect_required') {
    return { kind: 'reconnect_required', reason: connection.statusReason };
  }
  const provider = await findProvider(deps.providers, connection);
  const spent = await openRefreshToken(deps.vault, connection);
  if (!provider.consent || !connection.refreshable || !spent) return { kind: 'not_refreshable' };
  if (isTooYoungToRefresh(connection, provider.refresh?.minimumAgeSeconds, deps.now())) {
    return { kind: 'too_early' };
  }
  const platform = await survive(() => openPlatform(deps, connection));
  if ('kind' in platform) {
    // What no retry can repair here is the registration of the provider app.
    return platform.retryable ? platform : { kind: 'not_registered', error: platform.error };
  }
  return { kind: 'prepared', platform, spent, sealer: await deps.vault.sealerFor(connection.tenantId) };
}

/** Spends the refresh token once. `overtaken` means that another call decides about this generation. */
export async function callTokenEndpoint(
  deps: ConnectionDeps,
  connection: SealedConnection,
  prepared: PreparedRefresh,
  lease: Lease,
): Promise<RefreshOutcome | Overtaken> {
  const { platform, spent } = prepared;
  const { provider } = platform;
  // Slow reads may have used the lease up; a call that could outlive it might meet the next holder's.
  if (!fitsLease(lease, deps.now())) {
    await deps.leases.release(lease);
    return postponed('lease_too_short', 1_000);
  }
  const ask = () =>
    platform.ask((adapter) => adapter.refreshAccessToken(spent, connection.accountId), lease.deadline);
  // The platform's rule, not its answer: an expired token cannot be exchanged any more.
  const lost = provider.refresh?.kind === 're-exchange' && isTokenExpired(connection, deps.now());
  let outcome: TokenOutcome = lost ? { kind: 'reconnect_required', reason: 'expired' } : await ask();
  if (outcome.kind === 'unknown' && mayAskAgain(provider, lease, deps.now())) outcome = await ask();
  return recordOutcome(deps, { connection, prepared, lease, outcome });
}

/** A platform that accepts the spent token for a while longer makes a lost answer harmless, if asked again at once. */
function mayAskAgain(provider: ConsentProvider, lease: Lease, now: number): boolean {
  return provider.refresh?.rotationGraceSeconds !== undefined && fitsLease(lease, now);
}

/** Whether a call that begins now is certainly over before anybody else may begin one. */
function fitsLease(lease: Lease, now: number): boolean {
  return now + callTimeoutMilliseconds < lease.deadline;
}

async function recordOutcome(
  deps: ConnectionDeps,
  call: {
    readonly connection: SealedConnection;
    readonly prepared: PreparedRefresh;
    readonly lease: Lease;
    readonly outcome: TokenOutcome;
  },
): Promise<RefreshOutcome | Overtaken> {
  const { connection, prepared, lease, outcome } = call;
  const { platform, sealer } = prepared;
  const { provider } = platform;
  const attempt = { connection, lease };
  switch (outcome.kind) {
    case 'granted': {
      const { subject } = outcome.tokens;
      if (
        provider.consent.accounts === 'one' &&
        subject !== undefined &&
        subject !== connection.platformUserId
      ) {
        return recordMisconfiguration(deps, attempt, 'subject_mismatch');
      }
      deps.count('refresh_succeeded', { provider: provider.id });
      return keepRefreshed(deps, { spent: connection, platform, sealer, lease }, outcome.tokens);
    }
    case 'unchanged':
      await deps.leases.release(lease);
      return { kind: 'unchanged', connection };
    case 'reconnect_required':
      // A refusal may only mean that another call has spent the token; then the end of that call decides.
      if (!(await deps.leases.isHeld(lease))) return { kind: 'overtaken' };
      return declareReconnectRequired(deps, attempt, outcome.reason);
    case 'misconfigured':
      return recordMisconfiguration(deps, attempt, outcome.reason);
    case 'retryable':
      return postponeAttempt(deps, attempt, outcome);
    case 'unknown':
      // Where a lost answer cannot have cost the token, it is a failure like any other.
      return provider.refresh?.kind === 'rotating'
        ? leaveRefreshInDoubt(deps, attempt)
        : postponeAttempt(deps, attempt, outcome);
  }
}
