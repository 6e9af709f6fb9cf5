/**
 * Tells tenants what became of their connections. A change of state is written together with the note that its tenant
 * has yet to be told; the note goes once the event is in the queue, and the sweep finds those that stayed.
 */

import type { Connection, SealedConnection } from '../connections/connection.ts';
import { buildConnectionEvent } from '../messages/build-tenant-event.ts';
import type { ConnectionEventType } from '../vocabulary.ts';
import type { ConnectionParts } from './parts.ts';
import { nextDueAt } from './refresh-schedule.ts';

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
    await parts.events.send(messageOf(connection, connection.untold));
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
    await parts.events.send(messageOf(connection, type));
  } catch {
    parts.log('warn', 'event lost', { connectionId: connection.id, provider: connection.provider });
  }
}

/** The message of an event, in its tenant's group. */
function messageOf(connection: Connection, type: ConnectionEventType) {
  const event = buildConnectionEvent(connection, type, connection.untold);
  return { body: { kind: 'connection_event', event }, group: connection.tenantId } as const;
}
