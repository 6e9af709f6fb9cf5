/**
 * Applies a webhook event to one connection and publishes it to the tenant. Every write is conditional, so a repeated
 * event changes nothing.
 */

import type { Queue } from '../aws/queue.ts';
import type { Connection, SealedConnection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import { deauthorize } from '../connections/transitions.ts';
import { IntegrationError } from '../errors.ts';
import { buildPlatformEvent } from '../messages/build-tenant-event.ts';
import type { EventMessage } from '../messages/events.ts';
import type { WebhookEventMessage } from '../messages/incoming.ts';
import type { Log } from '../telemetry/log.ts';
import type { ResourceWatermarks } from './resource-watermarks.ts';

export interface ApplyEventDeps {
  readonly connections: ConnectionStore;
  readonly resourceWatermarks: ResourceWatermarks;
  /** Outbound events. */
  readonly events: Queue<EventMessage>;
  readonly now: () => number;
  readonly log: Log;
}

/** Platforms' clocks differ from ours, and many platforms give whole seconds only. */
const clockSlackMilliseconds = 2_000;

/** @throws IntegrationError `DATABASE_ERROR`, `PROCESSING_FAILED`; SQS then redelivers the message. */
export async function applyEvent(
  deps: ApplyEventDeps,
  message: WebhookEventMessage,
  connection: SealedConnection,
): Promise<void> {
  const { event } = message;
  // An event from before the present grant is about an earlier grant.
  const outdated = wasGrantedAfter(connection, event.occurredAt ?? message.receivedAt);
  if (event.effect === 'deauthorized' && !outdated) await endGrant(deps, connection);
  const newest =
    event.resourceKey === undefined
      ? true
      : await deps.resourceWatermarks.advance(
          connection.id,
          event.resourceKey,
          event.occurredAt ?? message.receivedAt,
          event.id,
        );
  await deps.events.send({
    body: {
      kind: 'platform_event',
      event: buildPlatformEvent(message, connection, {
        superseded: !newest || (event.effect === 'deauthorized' && outdated),
      }),
    },
    group: connection.tenantId,
  });
}

/** Whether the user gave a connection's present grant only after this time. */
export function wasGrantedAfter(connection: Connection, occurredAt: number): boolean {
  return occurredAt + clockSlackMilliseconds < (connection.grantedAt ?? connection.connectedAt);
}

/** Deauthorizes the grant that was read. A newer grant and a disconnect in progress stay as they are. */
async function endGrant(deps: ApplyEventDeps, seen: SealedConnection): Promise<void> {
  const ended = await deps.connections.update(seen, (current) =>
    deauthorize(current, { grantId: seen.grantId, now: deps.now() }),
  );
  if (ended.kind === 'contended') {
    throw new IntegrationError('DATABASE_ERROR', 'The connection kept changing.');
  }
}
