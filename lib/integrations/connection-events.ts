/**
 * Tells tenants what became of their connections. A change of state is written together with the note that its tenant
 * has yet to be told; the note goes once the event is in the queue, and the sweep finds those that stayed.
 */
import { createHash } from 'node:crypto';
import type { Connection, SealedConnection } from '../connections/connection.ts';
import type { ConnectionEventType } from '../vocabulary.ts';
import { isoTime } from './connection-view.ts';
import type { ConnectionParts } from './parts.ts';
import { nextDueAt } from './refresh-schedule.ts';

/** An event as it lies in the queue. No secret is in it, sealed or not. */
export interface ConnectionEvent {
  /** The same for every sending of the same change. */
  readonly id: string;
  readonly type: ConnectionEventType;
  readonly occurredAt: string;
  readonly tenantId: string;
  readonly connectionId: string;
  readonly provider: string;
  readonly accountId: string;
  readonly userId: string;
  readonly data: {
    readonly status: Connection['status'];
    readonly statusReason?: string;
    readonly statusSince?: string;
    readonly expiresAt?: string;
    readonly revocation?: string;
    /** That fresh credentials come from a consent, and are not the old grant's renewed. */
    readonly reconnected?: true;
  };
}

/** What to write with a change of state, so that its tenant will be told even if this process dies next. */
export function untold(
  type: ConnectionEventType,
  now: number,
): { readonly untold: ConnectionEventType; readonly dueAt: number } {
  return { untold: type, dueAt: now + resendMilliseconds };
}

/** Long enough for the process that made the change to tell of it itself. */
const resendMilliseconds = 60_000;

/** Sends what is untold and takes the note away. Whatever fails is left to the sweep; the change itself stands. */
export async function tell(
  parts: Pick<ConnectionParts, 'connections' | 'events' | 'registry' | 'now' | 'random' | 'log'>,
  connection: SealedConnection,
): Promise<SealedConnection> {
  if (connection.untold === undefined) return connection;
  try {
    await parts.events.send({ body: eventOf(connection, connection.untold), group: connection.tenantId });
    const provider = parts.registry.find(connection.provider);
    const ended = connection.untold === 'connection.disconnected';
    const dueAt =
      provider && !ended ? nextDueAt(connection, provider, parts.now(), parts.random) : connection.dueAt;
    return (await parts.connections.change(connection, { untold: undefined, dueAt })) ?? connection;
  } catch {
    parts.log('warn', 'event not sent yet', { connectionId: connection.id, provider: connection.provider });
    return connection;
  }
}

/** Sends an event that is worth no write of its own; it may be lost in a crash. */
export async function mention(
  parts: Pick<ConnectionParts, 'events' | 'log'>,
  connection: Connection,
  type: ConnectionEventType,
): Promise<void> {
  try {
    await parts.events.send({ body: eventOf(connection, type), group: connection.tenantId });
  } catch {
    parts.log('warn', 'event lost', { connectionId: connection.id, provider: connection.provider });
  }
}

export function eventOf(connection: Connection, type: ConnectionEventType): ConnectionEvent {
  const { id, generation, statusSince, statusReason, expiresAt, revocation } = connection;
  // A change of state is known by its time, however often credentials change before it is told at last.
  const which = type === 'connection.refreshed' ? generation : (statusSince ?? 0);
  const identity = [id, type, which].join(' ');
  return {
    id: `evt_${createHash('sha256').update(identity).digest('base64url').slice(0, 22)}`,
    type,
    occurredAt: isoTime(connection.updatedAt),
    tenantId: connection.tenantId,
    connectionId: id,
    provider: connection.provider,
    accountId: connection.accountId,
    userId: connection.userId,
    data: {
      status: connection.status,
      ...(statusReason !== undefined && { statusReason }),
      ...(statusSince !== undefined && { statusSince: isoTime(statusSince) }),
      ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
      ...(revocation !== undefined && { revocation }),
      // A renewal by itself is only mentioned; nobody has yet to be told of it.
      ...(type === 'connection.refreshed' && connection.untold === type && { reconnected: true }),
    },
  };
}
