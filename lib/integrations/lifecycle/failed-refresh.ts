/**
 * What follows from a token call that gave nothing: the connection's record, the lease and the tenant's event each
 * learn what they need, and the caller gets all of it in one outcome.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import { unlessOvertaken } from '../../connections/connection-change.ts';
import type { Lease } from '../../connections/lease-store.ts';
import { leaveInDoubt, postponeRefresh } from '../../connections/reschedule.ts';
import { misconfigure, requireReconnect } from '../../connections/transitions.ts';
import type { ConnectionDeps } from '../deps.ts';
import { publishPending } from './event-outbox.ts';
import { postponed, type RefreshOutcome } from './refresh-outcome.ts';

/** Another call changed the connection meanwhile, and its end decides. */
export interface Overtaken {
  readonly kind: 'overtaken';
}

/** A token call that has ended, and the lease it was made under. */
export interface Attempt {
  readonly connection: SealedConnection;
  readonly lease: Lease;
}

/** The platform's own word that the grant is gone, heard by the holder of the lease. */
export async function declareReconnectRequired(
  deps: ConnectionDeps,
  { connection, lease }: Attempt,
  platformReason: string,
): Promise<RefreshOutcome | Overtaken> {
  const reason = lease.doubtful ? 'answer_lost' : platformReason;
  deps.count('refresh_reconnect_required', { provider: connection.provider, reason });
  const declared = await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) => requireReconnect(current, { reason, now: deps.now() })),
  );
  // A disconnect stays one; it learns of the grant's end from this outcome.
  const isDisconnect = declared.kind === 'unchanged' && declared.reason === 'disconnecting';
  if (declared.kind !== 'changed' && !isDisconnect) return { kind: 'overtaken' };
  if (declared.kind === 'changed') await publishPending(deps, declared.connection);
  await deps.leases.release(lease);
  return { kind: 'reconnect_required', reason };
}

/** Our own registration is at fault: an alarm, and never the user's loss. */
export async function recordMisconfiguration(
  deps: ConnectionDeps,
  { connection, lease }: Attempt,
  reason: string,
): Promise<RefreshOutcome> {
  deps.count('refresh_misconfigured', { provider: connection.provider, reason });
  const now = deps.now();
  const recorded = await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) => misconfigure(current, { reason, now })),
  );
  const isNew = recorded.kind === 'changed' && recorded.connection.status !== connection.status;
  if (isNew) await publishPending(deps, recorded.connection);
  await deps.leases.release(lease, now + 5_000);
  return { kind: 'misconfigured', reason };
}

/** Nothing is wrong with the grant: retry later, and not before the platform allows. */
export async function postponeAttempt(
  deps: ConnectionDeps,
  { connection, lease }: Attempt,
  { reason, afterSeconds }: { readonly reason: string; readonly afterSeconds?: number },
): Promise<RefreshOutcome> {
  deps.count('refresh_postponed', { provider: connection.provider, reason });
  const pauseEnd = deps.now() + (afterSeconds ?? 1) * 1000;
  await deps.leases.release(lease, pauseEnd);
  await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) =>
      postponeRefresh(current, { afterSeconds, now: deps.now(), random: deps.random }),
    ),
  );
  return postponed(reason, pauseEnd - deps.now());
}

/** The platform may have rotated the token. Nobody spends it again before the lease has ended by itself. */
export async function leaveRefreshInDoubt(
  deps: ConnectionDeps,
  { connection, lease }: Attempt,
): Promise<RefreshOutcome> {
  deps.count('refresh_postponed', { provider: connection.provider, reason: 'answer_lost' });
  await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) =>
      leaveInDoubt(current, { leaseDeadline: lease.deadline, random: deps.random }),
    ),
  );
  return postponed('answer_lost', lease.deadline - deps.now());
}
