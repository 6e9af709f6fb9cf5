/**
 * What follows from a token call that gave nothing: the record learns when to try again or that it is over, the lease
 * what others may do, the tenant what it has to know, and the caller all of it in one error.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { Lease } from '../connections/lease-store.ts';
import { IntegrationError } from '../errors.ts';
import { tell, untold } from './connection-events.ts';
import type { ConnectionParts } from './parts.ts';
import { grantIsGone, tryLater } from './refresh-errors.ts';
import { misconfiguredRestMilliseconds, retryAt } from './refresh-schedule.ts';

/** The platform's own word, as the holder of the lease heard it. Answers `not_ours` when somebody came between. */
export async function declareGone(
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
export async function misconfigured(
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

/** Nothing is wrong with the grant: later, and not before the platform will listen. */
export async function postpone(
  parts: ConnectionParts,
  connection: SealedConnection,
  lease: Lease,
  failure: { readonly reason: string; readonly afterSeconds?: number },
): Promise<never> {
  parts.count('refresh_retry', { provider: connection.provider, reason: failure.reason });
  const failures = (connection.failures ?? 0) + 1;
  const dueAt = retryAt(failures, failure.afterSeconds, parts.now(), parts.random);
  const pause = parts.now() + (failure.afterSeconds ?? 1) * 1000;
  await parts.leases.release(lease, pause);
  await parts.connections.change(connection, { failures, dueAt });
  throw tryLater(failure.reason, pause - parts.now());
}

/** The platform may have rotated the token. Nobody spends it again before the lease ends by itself. */
export async function leaveInDoubt(
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
