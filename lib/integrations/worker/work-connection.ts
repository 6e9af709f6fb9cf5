/**
 * Does for one connection what its due date asks for: finishes a disconnect, publishes a pending event, refreshes, probes
 * a session, or warns before an end. A message that comes twice, late or without need does no harm: the record decides.
 */
import type { SealedConnection } from '../../connections/connection.ts';
import { unlessOvertaken } from '../../connections/connection-change.ts';
import type { ConnectionReference } from '../../connections/connection-store.ts';
import type { RefreshPolicy } from '../../connections/refresh-policy.ts';
import { leaveIdle, postponeRefresh, waitForAge, waitForOperator } from '../../connections/reschedule.ts';
import { isIdleRefreshDue, isRefreshedAhead } from '../../connections/schedule.ts';
import { approachEnd } from '../../connections/transitions.ts';
import type { ConnectionDeps } from '../deps.ts';
import { continueDisconnect } from '../disconnect/disconnect-integration.ts';
import { publishPending } from '../lifecycle/event-outbox.ts';
import { probeSession } from '../lifecycle/probe-session.ts';
import { refreshError } from '../lifecycle/refresh-errors.ts';
import type { RefreshFailure } from '../lifecycle/refresh-outcome.ts';
import { refreshPolicyOf } from '../lifecycle/refresh-policy-of.ts';
import { refreshConnection } from '../lifecycle/refresh-token.ts';
import { findProvider } from '../platform/find-provider.ts';

export interface WorkDeps extends ConnectionDeps {
  /** Whether the owner wants every connection refreshed ahead of time, used or not. */
  readonly refreshAll: boolean;
}

/** What was done, for the metrics. */
export type Worked =
  | 'nothing'
  | 'published'
  | 'refreshed'
  | 'idle'
  | 'postponed'
  | 'ended'
  | 'probed'
  | 'disconnected';

/** @param seen the connection, where the caller has just read it. */
export async function workConnection(
  deps: WorkDeps,
  reference: ConnectionReference,
  seen?: SealedConnection,
): Promise<Worked> {
  const connection =
    seen ?? (await deps.connections.get(reference.tenantId, reference.provider, reference.accountId));
  if (connection?.dueAt === undefined || connection.dueAt > deps.now()) return 'nothing';
  if (connection.status === 'disconnecting') {
    await continueDisconnect(deps, connection);
    return 'disconnected';
  }
  if (connection.pendingEvent !== undefined) {
    await publishPending(deps, connection);
    return 'published';
  }
  const provider = await findProvider(deps.providers, connection);
  if (provider.probe) return probeSession(deps, provider, connection);
  const policy = refreshPolicyOf(provider);
  if (!connection.refreshable) return announceEnd(deps, policy, connection);
  return isRefreshedAhead(connection, policy, deps.refreshAll, deps.now())
    ? refreshDue(deps, connection)
    : refreshIdle(deps, policy, connection);
}

async function refreshDue(deps: WorkDeps, connection: SealedConnection): Promise<Worked> {
  const outcome = await refreshConnection(deps, connection);
  switch (outcome.kind) {
    case 'refreshed':
      return 'refreshed';
    case 'unchanged':
      await deps.connections.update(
        connection,
        unlessOvertaken(connection, () => waitForAge({ now: deps.now(), random: deps.random })),
      );
      return 'refreshed';
    // The record says when to try again, or that there is nothing to try; the queue need not repeat it.
    case 'reconnect_required':
      return 'ended';
    case 'postponed':
    case 'misconfigured':
    case 'disconnected':
      return 'postponed';
    case 'not_refreshable':
    case 'not_registered':
    case 'unavailable':
      return postponeUnasked(deps, connection, outcome);
  }
}

/** The platform was not asked, which is not this message's fault: the connection waits, not the queue. */
async function postponeUnasked(
  deps: WorkDeps,
  connection: SealedConnection,
  failure: Extract<RefreshFailure, { kind: 'not_refreshable' | 'not_registered' | 'unavailable' }>,
): Promise<Worked> {
  const { id: connectionId, provider } = connection;
  const { code: reason } = refreshError(failure);
  deps.log('warn', 'refresh.postponed', { connectionId, provider, reason });
  if (failure.kind === 'not_registered') {
    deps.count('refresh_misconfigured', { provider, reason: 'registration' });
  }
  await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) => {
      const { now, random } = deps;
      if (failure.kind !== 'unavailable' || !failure.retryable) return waitForOperator(current, now());
      const { retryAfterSeconds: afterSeconds } = failure.error;
      return postponeRefresh(current, { afterSeconds, now: now(), random });
    }),
  );
  return 'postponed';
}

/** Nobody has asked for this one lately: it is refreshed only where its refresh token would otherwise expire. */
async function refreshIdle(
  deps: WorkDeps,
  policy: RefreshPolicy,
  connection: SealedConnection,
): Promise<Worked> {
  if (isIdleRefreshDue(connection, policy, deps.now())) return refreshDue(deps, connection);
  await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) => leaveIdle(current, { policy, random: deps.random })),
  );
  return 'idle';
}

/** Nothing can refresh it: the tenant gets one warning, and one event when the access has ended. */
async function announceEnd(
  deps: WorkDeps,
  policy: RefreshPolicy,
  connection: SealedConnection,
): Promise<Worked> {
  const announced = await deps.connections.update(
    connection,
    unlessOvertaken(connection, (current) =>
      approachEnd(current, { policy, now: deps.now(), random: deps.random }),
    ),
  );
  if (announced.kind !== 'changed' || announced.connection.pendingEvent === undefined) return 'nothing';
  await publishPending(deps, announced.connection);
  return 'ended';
}
