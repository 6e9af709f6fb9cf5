/** The event of a change to a connection, as its tenant receives it. */
import { createHash } from 'node:crypto';
import type { Connection, ConnectionEventType } from '../connections/connection.ts';
import { isoTime } from './connection-view.ts';

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
