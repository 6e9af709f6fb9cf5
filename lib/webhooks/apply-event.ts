/** What an event means for one connection. Each effect is a conditional write that a repeat leaves as it is. */

import type { Queue } from '../aws/queue.ts';
import {
  type Connection,
  deauthorised,
  isDeauthorised,
  type SealedConnection,
} from '../connections/connection.ts';
import type { ConnectionChange, ConnectionStore } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import { buildPlatformEvent } from '../messages/build-tenant-event.ts';
import type { EventMessage } from '../messages/events.ts';
import type { WebhookEventMessage } from '../messages/incoming.ts';
import type { Log } from '../telemetry/log.ts';
import type { SubjectStore } from './subject-store.ts';

export interface ApplyParts {
  readonly connections: ConnectionStore;
  readonly subjects: SubjectStore;
  /** What tenants are told. */
  readonly events: Queue<EventMessage>;
  readonly now: () => number;
  readonly log: Log;
}

const rounds = 5;
/** Platforms' clocks and ours differ, and many tell seconds only. */
const clockSlackMilliseconds = 2_000;

/** @throws IntegrationError `DATABASE_ERROR`, `PROCESSING_FAILED`; the message then comes back. */
export async function applyEvent(
  parts: ApplyParts,
  message: WebhookEventMessage,
  connection: SealedConnection,
): Promise<void> {
  const { event } = message;
  // An event from before the grant speaks of an earlier one.
  const outdated = isGrantedAfter(connection, event.occurredAt ?? message.receivedAt);
  if (event.meaning === 'deauthorised' && !outdated) await takeAccessAway(parts, connection);
  const newest =
    event.subject === undefined
      ? true
      : await parts.subjects.advance(
          connection.id,
          event.subject,
          event.occurredAt ?? message.receivedAt,
          event.id,
        );
  await parts.events.send({
    body: {
      kind: 'platform_event',
      event: buildPlatformEvent(message, connection, {
        superseded: !newest || (event.meaning === 'deauthorised' && outdated),
      }),
    },
    group: connection.tenantId,
  });
}

/** Whether what a connection holds was granted only after something happened. */
export function isGrantedAfter(connection: Connection, occurredAt: number): boolean {
  return occurredAt + clockSlackMilliseconds < (connection.grantedAt ?? connection.connectedAt);
}

async function takeAccessAway(parts: ApplyParts, seen: SealedConnection): Promise<void> {
  let connection: SealedConnection | undefined = seen;
  for (let round = 0; round < rounds; round += 1) {
    // Gone, being ended, taken away before, or granted anew since: there is nothing to take away.
    if (connection?.id !== seen.id || connection.grantId !== seen.grantId) return;
    if (connection.status === 'disconnecting' || isDeauthorised(connection)) return;
    const changed = await parts.connections.change(connection, endOf(connection, parts.now()));
    if (changed) return;
    connection = await parts.connections.get(seen.tenantId, seen.provider, seen.accountId);
  }
  throw new IntegrationError('DATABASE_ERROR', 'The connection kept changing.');
}

/** An end that was declared for another reason is told already, but a late renewal could overturn it; this one stays. */
function endOf({ status }: Connection, now: number): ConnectionChange {
  if (status === 'reconnect_required') return { statusReason: deauthorised, updatedAt: now };
  return {
    status: 'reconnect_required',
    statusReason: deauthorised,
    statusSince: now,
    updatedAt: now,
    untold: 'connection.reconnect_required',
    // The sweep tells the tenant of it, and finds nothing else to do.
    dueAt: now,
  };
}
