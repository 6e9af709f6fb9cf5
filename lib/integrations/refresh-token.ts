/**
 * Renews a connection's credentials, once however many ask. Within a process all share one flight; between processes
 * the lease decides who may call the platform, and everybody else waits for what the holder stores.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { Lease, Taking } from '../connections/lease-store.ts';
import { callTimeoutMilliseconds } from '../platform-http/platform-http.ts';
import type { ConnectionView } from '../views.ts';
import { viewConnection } from './connection-view.ts';
import { findOwnConnection, type OwnAccount } from './own-connection.ts';
import type { ConnectionParts } from './parts.ts';
import { disconnected, grantIsGone, tryLater } from './refresh-errors.ts';
import { prepareRenewal, spendRenewal } from './spend-renewal.ts';

/** Beyond one call, its writes, and the rescue of what could not be written. */
export const leaseMilliseconds = callTimeoutMilliseconds + 10_000;
/** How long a caller waits for somebody else's call; inside the gateway's 30 s. */
const patienceMilliseconds = 22_000;
/**
 * A caller who has waited this long leaves the next call to somebody else: a function that its time-out ends in the
 * middle of a call takes the rotated token with it. With a whole lease behind it this is inside the shortest, 29 s.
 */
const lastStartMilliseconds = 8_000;
const firstLookMilliseconds = 60;
const lastLookMilliseconds = 800;

/**
 * Refreshes at the tenant's request, whether due or not, or joins a refresh under way.
 * @throws IntegrationError `ACCOUNT_NOT_FOUND`, `NO_REFRESH_TOKEN`, `TOKEN_EXPIRED` (the grant is gone), `TOKEN_REFRESH_ERROR`.
 */
export async function refreshToken(parts: ConnectionParts, account: OwnAccount): Promise<ConnectionView> {
  return viewConnection(await refreshConnection(parts, await findOwnConnection(parts, account)));
}

/** The connection with new credentials, this process's or another's; unchanged where it is too early to renew. */
export async function refreshConnection(
  parts: ConnectionParts,
  connection: SealedConnection,
): Promise<SealedConnection> {
  const key = `${connection.id}.${connection.generation}`;
  const underWay = parts.flights.get(key);
  if (underWay) return underWay;
  const flight = contend(parts, connection).finally(() => parts.flights.delete(key));
  parts.flights.set(key, flight);
  return flight;
}

async function contend(parts: ConnectionParts, connection: SealedConnection): Promise<SealedConnection> {
  const began = parts.now();
  // Everything that can fail without the platform is done before the lease, so that a lease means a call.
  const renewal = await prepareRenewal(parts, connection);
  if (renewal === 'too_early') return connection;
  for (let known = connection; ; ) {
    if (parts.now() > began + lastStartMilliseconds) throw tryLater('renewal_under_way', 1_000);
    const taking = await parts.leases.take(known.id, known.generation, leaseMilliseconds);
    if (taking.kind === 'taken') {
      const outcome = await spendUnderLease(parts, known, renewal, taking.lease);
      if (outcome !== 'not_ours') return outcome;
    }
    if (taking.kind === 'resting') throw tryLater('platform_pause', taking.until - parts.now());
    const found = await awaitOther(parts, known, began + patienceMilliseconds);
    if (found.generation !== known.generation) return found;
    known = found;
  }
}

async function spendUnderLease(
  parts: ConnectionParts,
  connection: SealedConnection,
  renewal: Exclude<Awaited<ReturnType<typeof prepareRenewal>>, 'too_early'>,
  lease: Lease,
): Promise<SealedConnection | 'not_ours'> {
  if (!lease.doubtful) return spendRenewal(parts, connection, renewal, lease);
  // The last holder never said how its call ended. It may have stored its result and died; look before spending again.
  const found = await current(parts, connection);
  if (found.generation === connection.generation) return spendRenewal(parts, found, renewal, lease);
  await parts.leases.release(lease);
  return found;
}

/** Waits until the generation moves or the lease is free again, and answers the connection as it is then. */
async function awaitOther(
  parts: ConnectionParts,
  connection: SealedConnection,
  until: number,
): Promise<SealedConnection> {
  for (let wait = firstLookMilliseconds; ; wait = Math.min(wait * 1.5, lastLookMilliseconds)) {
    await parts.sleep(wait * (0.75 + 0.5 * parts.random()));
    const found = await current(parts, connection);
    if (found.generation !== connection.generation) return found;
    const lease = await parts.leases.look(connection.id, connection.generation);
    if (isFree(lease, parts.now())) return found;
    if (lease.kind === 'resting') throw tryLater('platform_pause', lease.until - parts.now());
    if (parts.now() >= until) throw tryLater('renewal_under_way', 1_000);
  }
}

function isFree(lease: Exclude<Taking, { kind: 'taken' }>, now: number): boolean {
  return lease.kind === 'held' && lease.until <= now;
}

/** The connection as it is now, if it still is this user's and may be used. */
async function current(parts: ConnectionParts, connection: SealedConnection): Promise<SealedConnection> {
  const found = await parts.connections.get(connection.tenantId, connection.provider, connection.accountId);
  if (found?.id !== connection.id || found.userId !== connection.userId) throw disconnected();
  if (found.status === 'disconnecting' && connection.status !== 'disconnecting') throw disconnected();
  if (found.status === 'reconnect_required') throw grantIsGone(found.statusReason);
  return found;
}
