/**
 * Does what is due for one connection: whatever an earlier attempt left undone, a renewal, a look at a session, the
 * warning before an end. A message that comes twice, late or for nothing does no harm: the record decides.
 */
import type { SealedConnection } from '../connections/connection.ts';
import type { ConnectionReference } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import { tell, untold } from './connection-events.ts';
import { continueDisconnect } from './disconnect-integration.ts';
import { type ConnectionParts, findProvider } from './parts.ts';
import { probeSession } from './probe-session.ts';
import {
  idleDueAt,
  isWantedFresh,
  misconfiguredRestMilliseconds,
  nextDueAt,
  retryAt,
} from './refresh-schedule.ts';
import { refreshConnection } from './refresh-token.ts';
import { isTokenExpired } from './token-lifetime.ts';

export interface WorkParts extends ConnectionParts {
  /** Whether the owner wants every connection fresh, used or not. */
  readonly refreshAll: boolean;
}

/** What was done, for the metrics. */
export type Worked =
  | 'nothing'
  | 'told'
  | 'renewed'
  | 'idle'
  | 'postponed'
  | 'ended'
  | 'probed'
  | 'disconnected';

/** @param seen the connection, where the caller has just read it. */
export async function workConnection(
  parts: WorkParts,
  reference: ConnectionReference,
  seen?: SealedConnection,
): Promise<Worked> {
  const connection =
    seen ?? (await parts.connections.get(reference.tenantId, reference.provider, reference.accountId));
  if (connection?.dueAt === undefined || connection.dueAt > parts.now()) return 'nothing';
  if (connection.status === 'disconnecting') {
    await continueDisconnect(parts, connection);
    return 'disconnected';
  }
  if (connection.untold !== undefined) {
    await tell(parts, connection);
    return 'told';
  }
  const provider = findProvider(parts.registry, connection.provider);
  if (provider.auth === 'credentials') return probeSession(parts, provider, connection);
  if (!connection.refreshable) return approachEnd(parts, provider, connection);
  return isWantedFresh(connection, provider, parts.refreshAll, parts.now())
    ? renew(parts, connection)
    : keepAlive(parts, provider, connection);
}

async function renew(parts: WorkParts, connection: SealedConnection): Promise<Worked> {
  try {
    const renewed = await refreshConnection(parts, connection);
    // Too early: the platform said so, or its rule does.
    if (renewed.generation === connection.generation) {
      await parts.connections.change(renewed, {
        dueAt: parts.now() + 86_400_000 * (0.5 + 0.5 * parts.random()),
      });
    }
    return 'renewed';
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error;
    // The record says when to try again, or that there is nothing to try; the queue need not repeat it.
    if (error.code === 'TOKEN_EXPIRED') return 'ended';
    if (settled.has(error.code)) return 'postponed';
    return postpone(parts, connection, error);
  }
}

const settled: ReadonlySet<string> = new Set(['TOKEN_REFRESH_ERROR', 'ACCOUNT_NOT_FOUND']);
/** Only an operator, or the user, can do something about these. */
const hopeless: ReadonlySet<string> = new Set(['OAUTH_INIT_ERROR', 'NO_REFRESH_TOKEN', 'TENANT_DELETED']);

/** What kept the platform from being asked is not this message's fault: the connection waits, not the queue. */
async function postpone(
  parts: WorkParts,
  connection: SealedConnection,
  error: IntegrationError,
): Promise<Worked> {
  const { code: reason } = error;
  parts.log('warn', 'renewal postponed', {
    connectionId: connection.id,
    provider: connection.provider,
    reason,
  });
  if (reason === 'OAUTH_INIT_ERROR') {
    parts.count('refresh_misconfigured', { provider: connection.provider, reason: 'registration' });
  }
  const failures = (connection.failures ?? 0) + 1;
  const dueAt = hopeless.has(reason)
    ? parts.now() + misconfiguredRestMilliseconds
    : retryAt(failures, error.retryAfterSeconds, parts.now(), parts.random);
  await parts.connections.change(connection, { failures, dueAt });
  return 'postponed';
}

/** Nobody has asked for this one lately: only what would die of idleness is renewed. */
async function keepAlive(
  parts: WorkParts,
  provider: OAuthProvider,
  connection: SealedConnection,
): Promise<Worked> {
  // The earliest time decides: one drawn anew would put off, again and again, what has waited for its own.
  const earliest = idleDueAt(connection, provider, () => 0);
  if (earliest !== undefined && earliest <= parts.now()) return renew(parts, connection);
  await parts.connections.change(connection, { dueAt: idleDueAt(connection, provider, parts.random) });
  return 'idle';
}

/** Nothing can renew it: the tenant is warned once, and told once when it is over. */
async function approachEnd(
  parts: WorkParts,
  provider: OAuthProvider,
  connection: SealedConnection,
): Promise<Worked> {
  const now = parts.now();
  if (connection.expiresAt === undefined) {
    await parts.connections.change(connection, { dueAt: undefined });
    return 'nothing';
  }
  const over = isTokenExpired(connection, now);
  if (!over && connection.status === 'expiring') {
    await parts.connections.change(connection, { dueAt: nextDueAt(connection, provider, now, parts.random) });
    return 'nothing';
  }
  const changed = await parts.connections.change(connection, {
    status: over ? 'reconnect_required' : 'expiring',
    statusReason: over ? 'expired' : 'not_renewable',
    statusSince: now,
    updatedAt: now,
    ...untold(over ? 'connection.reconnect_required' : 'connection.expiring', now),
  });
  if (changed) await tell(parts, changed);
  return 'ended';
}
