/**
 * Fans an event out to its tenant: one message for each destination, so that each is delivered and retried by itself. A
 * repeated fan-out sends the event under the same id.
 */
import type { Queue } from '../aws/queue.ts';
import type { DeliveryMessage } from '../messages/deliveries.ts';
import type { EventMessage } from '../messages/events.ts';
import type { ConnectedMessage } from '../messages/incoming.ts';
import type { ActiveDestinations } from './active-destinations.ts';

export interface FanOutDeps {
  /** Ids of a tenant's active destinations. */
  readonly activeDestinations: ActiveDestinations;
  /** The delivery worker's queue. */
  readonly deliveries: Queue<DeliveryMessage>;
  /** The queue of webhook events, some of which wait for a connection. */
  readonly incoming: Queue<ConnectedMessage>;
}

/**
 * @throws IntegrationError `PROCESSING_FAILED` when a queue does not accept every message; SQS then redelivers this
 * one.
 */
export async function fanOutEvent(deps: FanOutDeps, message: EventMessage): Promise<void> {
  const { event } = message;
  const { tenantId } = event;
  const connected = connectedBy(message);
  if (connected) await deps.incoming.send({ body: connected, group: tenantId });
  const ids = await deps.activeDestinations(tenantId);
  const receivers = ids.filter((id) => !isAbout(message, id));
  await deps.deliveries.sendAll(
    receivers.map((destinationId) => ({
      body: { kind: 'delivery', destinationId, tenantId, event },
      group: tenantId,
    })),
  );
}

/** The message that releases waiting events, when the event announces a new grant. */
function connectedBy({ kind, event }: EventMessage): ConnectedMessage | undefined {
  if (kind !== 'connection_event') return undefined;
  const { type, tenantId, provider, accountId, data } = event;
  const granted =
    type === 'connection.created' ||
    type === 'connection.recovered' ||
    (type === 'connection.refreshed' && data.reconnected === true);
  return granted ? { kind: 'connected', tenantId, provider, accountId } : undefined;
}

/**
 * The cached list may still hold the destination that this event declares disabled; only the others receive the event.
 */
function isAbout({ kind, event }: EventMessage, destinationId: string): boolean {
  return kind === 'destination_event' && event.data.destinationId === destinationId;
}
