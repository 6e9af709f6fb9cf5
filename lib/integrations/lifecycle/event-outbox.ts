/**
 * The outbox of connection events. A transition writes its pending event together with the change; the event is
 * published from there, and the marker cleared. The sweep publishes what a process left behind.
 */
import type { Connection, SealedConnection } from '../../connections/connection.ts';
import { unlessOvertaken } from '../../connections/connection-change.ts';
import { markPublished } from '../../connections/reschedule.ts';
import { buildConnectionEvent } from '../../messages/build-tenant-event.ts';
import type { ConnectionEventType } from '../../vocabulary.ts';
import type { ConnectionDeps } from '../deps.ts';
import { refreshPolicyOf } from './refresh-policy-of.ts';

export type OutboxDeps = Pick<
  ConnectionDeps,
  'connections' | 'events' | 'providers' | 'now' | 'random' | 'log'
>;

/** Publishes the pending event, if there is one, and clears its marker. After a failure the sweep publishes it; the change is kept. */
export async function publishPending(
  deps: OutboxDeps,
  connection: SealedConnection,
): Promise<SealedConnection> {
  if (connection.pendingEvent === undefined) return connection;
  try {
    await deps.events.send(messageOf(connection, connection.pendingEvent));
    const provider = await deps.providers.find(connection.tenantId, connection.provider);
    const policy = provider && refreshPolicyOf(provider);
    const decide = unlessOvertaken(connection, (current) =>
      markPublished(current, { policy, now: deps.now(), random: deps.random }),
    );
    const marked = await deps.connections.update(connection, decide);
    return marked.kind === 'changed' ? marked.connection : connection;
  } catch {
    deps.log('warn', 'event.deferred', { connectionId: connection.id, provider: connection.provider });
    return connection;
  }
}

/** Publishes an event best effort, without a pending marker; a crash may lose it. */
export async function publishBestEffort(
  deps: Pick<OutboxDeps, 'events' | 'log'>,
  connection: Connection,
  type: ConnectionEventType,
): Promise<void> {
  try {
    await deps.events.send(messageOf(connection, type));
  } catch {
    deps.log('warn', 'event.lost', { connectionId: connection.id, provider: connection.provider });
  }
}

/** An event's message, in the group of its tenant. */
function messageOf(connection: Connection, type: ConnectionEventType) {
  const event = buildConnectionEvent(connection, type, connection.pendingEvent);
  return { body: { kind: 'connection_event', event }, group: connection.tenantId } as const;
}
