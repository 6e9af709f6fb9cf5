/**
 * Refreshes a connection's credentials, once however many ask. Within a process all callers share one refresh; between
 * processes the lease decides who may call the platform, and everybody else waits for what its holder stores.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import type { Lease, Taking } from '../../connections/lease-store.ts';
import type { ConnectionView } from '../../contract/views.ts';
import { callTimeoutMilliseconds } from '../../platform-http/platform-http.ts';
import type { ConnectionDeps } from '../deps.ts';
import { viewConnection } from '../tokens/connection-view.ts';
import { findOwnConnection, type OwnAccount } from '../tokens/own-connection.ts';
import { callTokenEndpoint, type PreparedRefresh, prepareRefresh } from './call-token-endpoint.ts';
import type { Overtaken } from './failed-refresh.ts';
import { refreshError } from './refresh-errors.ts';
import {
  isFailure,
  postponed,
  type RefreshFailure,
  type RefreshOutcome,
  survive,
} from './refresh-outcome.ts';

/** Beyond one call, its writes, and the rescue of what could not be written. */
export const leaseMilliseconds = callTimeoutMilliseconds + 10_000;
/** How long a caller waits for another one's call; inside the gateway's 30 s. */
const patienceMilliseconds = 22_000;
/**
 * A caller who has waited this long starts no call: if its function timed out in the middle of the call, the
 * rotated token would be lost. With a whole lease on top this stays inside the shortest time-out, 29 s.
 */
const lastStartMilliseconds = 8_000;
const firstLookMilliseconds = 60;
const lastLookMilliseconds = 800;

/** The connection as it is now, or why nobody may use it any more. */
type Reading = { readonly kind: 'usable'; readonly connection: SealedConnection } | RefreshFailure;

/**
 * Refreshes at the tenant's request, regardless of the due date, or joins a refresh in flight.
 * @throws IntegrationError `ACCOUNT_NOT_FOUND`, `NO_REFRESH_TOKEN`, `TOKEN_EXPIRED` (the grant is gone), `TOKEN_REFRESH_ERROR`.
 */
export async function refreshToken(deps: ConnectionDeps, account: OwnAccount): Promise<ConnectionView> {
  const outcome = await refreshConnection(deps, await findOwnConnection(deps, account));
  if (isFailure(outcome)) throw refreshError(outcome);
  return viewConnection(outcome.connection);
}

/** Refreshes a connection, or joins a refresh of the same generation in flight; every failure is an outcome. */
export async function refreshConnection(
  deps: ConnectionDeps,
  connection: SealedConnection,
): Promise<RefreshOutcome> {
  const key = `${connection.id}.${connection.generation}`;
  const inFlight = deps.inFlightRefreshes.get(key);
  if (inFlight) return inFlight;
  const refresh = survive(() => refreshUnderLease(deps, connection)).finally(() =>
    deps.inFlightRefreshes.delete(key),
  );
  deps.inFlightRefreshes.set(key, refresh);
  return refresh;
}

async function refreshUnderLease(
  deps: ConnectionDeps,
  connection: SealedConnection,
): Promise<RefreshOutcome> {
  const began = deps.now();
  // Everything that can fail without the platform is done before the lease, so that a lease means a call.
  const prepared = await prepareRefresh(deps, connection);
  if (prepared.kind === 'too_early') return { kind: 'unchanged', connection };
  if (prepared.kind !== 'prepared') return prepared;
  for (let known = connection; ; ) {
    if (deps.now() > began + lastStartMilliseconds) return postponed('refresh_in_progress', 1_000);
    const taking = await deps.leases.take(known.id, known.generation, leaseMilliseconds);
    if (taking.kind === 'taken') {
      const outcome = await spendUnderLease(deps, known, prepared, taking.lease);
      if (outcome.kind !== 'overtaken') return outcome;
    }
    if (taking.kind === 'resting') return postponed('platform_pause', taking.until - deps.now());
    const found = await awaitOtherCall(deps, known, began + patienceMilliseconds);
    if (found.kind !== 'usable') return found;
    if (found.connection.generation !== known.generation) {
      return { kind: 'refreshed', connection: found.connection };
    }
    known = found.connection;
  }
}

async function spendUnderLease(
  deps: ConnectionDeps,
  connection: SealedConnection,
  prepared: PreparedRefresh,
  lease: Lease,
): Promise<RefreshOutcome | Overtaken> {
  if (!lease.doubtful) return callTokenEndpoint(deps, connection, prepared, lease);
  // The outcome of the last holder's call is unknown. It may have stored its result and died: read before spending again.
  const found = await readAgain(deps, connection);
  if (found.kind !== 'usable') return found;
  if (found.connection.generation === connection.generation) {
    return callTokenEndpoint(deps, found.connection, prepared, lease);
  }
  await deps.leases.release(lease);
  return { kind: 'refreshed', connection: found.connection };
}

/** Waits until the generation moves or the lease is free again, and answers the connection as it is then. */
async function awaitOtherCall(
  deps: ConnectionDeps,
  connection: SealedConnection,
  until: number,
): Promise<Reading> {
  for (let wait = firstLookMilliseconds; ; wait = Math.min(wait * 1.5, lastLookMilliseconds)) {
    await deps.sleep(wait * (0.75 + 0.5 * deps.random()));
    const found = await readAgain(deps, connection);
    if (found.kind !== 'usable' || found.connection.generation !== connection.generation) return found;
    const lease = await deps.leases.look(connection.id, connection.generation);
    if (isFree(lease, deps.now())) return found;
    if (lease.kind === 'resting') return postponed('platform_pause', lease.until - deps.now());
    if (deps.now() >= until) return postponed('refresh_in_progress', 1_000);
  }
}

function isFree(lease: Exclude<Taking, { kind: 'taken' }>, now: number): boolean {
  return lease.kind === 'held' && lease.until <= now;
}

async function readAgain(deps: ConnectionDeps, connection: SealedConnection): Promise<Reading> {
  const found = await deps.connections.get(connection.tenantId, connection.provider, connection.accountId);
  if (found?.id !== connection.id || found.userId !== connection.userId) return { kind: 'disconnected' };
  // A disconnect itself may have to refresh; nobody else may once it has begun.
  if (found.status === 'disconnecting' && connection.status !== 'disconnecting') {
    return { kind: 'disconnected' };
  }
  if (found.status === 'reconnect_required') {
    return { kind: 'reconnect_required', reason: found.statusReason };
  }
  return { kind: 'usable', connection: found };
}
