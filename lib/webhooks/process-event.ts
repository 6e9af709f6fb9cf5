/**
 * Handles a webhook event exactly once in effect: claims its idempotency key, finds the affected connections of the app
 * whose secret signed it, and applies the event to each. Every effect is a repeatable conditional write, and only a
 * claim marked `done` acknowledges the event.
 */
import type { Message, Queue } from '../aws/queue.ts';
import type { Connection } from '../connections/connection.ts';
import type { ConnectionStore } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import type { ConnectedMessage, IncomingMessage, WebhookEventMessage } from '../messages/incoming.ts';
import type { Count } from '../telemetry/metrics.ts';
import { findAffectedConnections } from './affected-connections.ts';
import { type ApplyEventDeps, applyEvent } from './apply-event.ts';
import { eventIdempotencyKey } from './event-idempotency-key.ts';
import type { IdempotencyStore } from './idempotency-store.ts';
import type { WaitingEvents } from './waiting-events.ts';

export interface ProcessDeps extends ApplyEventDeps {
  readonly connections: ConnectionStore;
  readonly idempotency: IdempotencyStore;
  readonly waiting: WaitingEvents;
  /** The worker's own queue: an event that affects several connections goes back as one message for each. */
  readonly queue: Queue<IncomingMessage>;
  readonly count: Count;
}

/** @throws IntegrationError `PROCESSING_FAILED` when another worker holds the claim; SQS then redelivers the message. */
export async function processEvent(deps: ProcessDeps, message: WebhookEventMessage): Promise<void> {
  const claiming = await deps.idempotency.claim(message.appId, eventIdempotencyKey(message));
  if (claiming.kind === 'done') {
    deps.count('webhook_duplicate', { provider: message.provider });
    return;
  }
  if (claiming.kind === 'busy') {
    throw new IntegrationError('PROCESSING_FAILED', 'Another worker is handling this event.');
  }
  try {
    await routeEvent(deps, message);
  } catch (error) {
    const code = error instanceof IntegrationError ? error.code : 'INTERNAL_ERROR';
    await deps.idempotency.release(claiming.claim, code).catch(() => undefined);
    throw error;
  }
  await deps.idempotency.complete(claiming.claim);
}

async function routeEvent(deps: ProcessDeps, message: WebhookEventMessage): Promise<void> {
  if (message.connection) return applyToConnection(deps, message, message.connection);
  const { accountId, platformUserId } = message.event;
  if (accountId === undefined && platformUserId === undefined) {
    // The event names no account, so no connection can ever match it.
    deps.count('webhook_unroutable', { provider: message.provider });
    return;
  }
  const affected = await findAffected(deps, message);
  if (affected.length === 0) {
    await deps.waiting.add(message);
    // A connection may have been stored after the query and before the write, and so have found no waiting event.
    // The event reaches it as a message of its own.
    const late = await findAffected(deps, message);
    await deps.queue.sendAll(late.map((connection) => messageFor(connection, message)));
    return;
  }
  await dispatch(deps, message, affected);
}

/** Queues one message for each of several connections, so that none waits for another. */
async function dispatch(
  deps: ProcessDeps,
  message: WebhookEventMessage,
  affected: readonly Connection[],
): Promise<void> {
  const [first, ...others] = affected;
  if (first && others.length === 0 && (await isAppliedInline(deps, message, first))) return;
  await deps.queue.sendAll(affected.map((connection) => messageFor(connection, message)));
}

/**
 * Applies the event to its only connection at once: a second message would double the cost of an event. When that fails
 * for any reason, the caller queues the message after all, so that the failure is filed under the connection's tenant.
 */
function isAppliedInline(
  deps: ProcessDeps,
  message: WebhookEventMessage,
  connection: Connection,
): Promise<boolean> {
  return applyToConnection(deps, message, connection).then(
    () => true,
    () => false,
  );
}

async function applyToConnection(
  deps: ProcessDeps,
  message: WebhookEventMessage,
  { id, tenantId, accountId }: Pick<Connection, 'id' | 'tenantId' | 'accountId'>,
): Promise<void> {
  const connection = await deps.connections.get(tenantId, message.provider, accountId);
  // A connection made later to the same account must not receive earlier events.
  if (connection?.id !== id) return;
  // Only the app whose secret signed the event may act on the connection.
  if (connection.appId === message.appId) await applyEvent(deps, message, connection);
}

/** Only connections of the app whose secret verified the event. */
function findAffected(
  { connections }: ProcessDeps,
  { appId, event }: WebhookEventMessage,
): Promise<readonly Connection[]> {
  return findAffectedConnections(connections, appId, event);
}

/** Longer than the index lags behind its table, which is usually one second. */
const secondLookSeconds = 60;

/**
 * Releases the events that waited for a new or reconnected connection and arrived after its flow began. It repeats the
 * query once after {@link secondLookSeconds}: an event may have arrived while the index did not show the connection yet,
 * and have been stored only after the first query.
 */
export async function releaseWaitingEvents(deps: ProcessDeps, made: ConnectedMessage): Promise<void> {
  const connection = await deps.connections.get(made.tenantId, made.provider, made.accountId);
  if (!connection) return;
  const began = connection.flowBeganAt ?? connection.connectedAt;
  for (const externalId of new Set<string>([connection.accountId, connection.platformUserId])) {
    for await (const messages of deps.waiting.listSince(connection.appId, externalId, began)) {
      await deps.queue.sendAll(messages.map((message) => messageFor(connection, message)));
    }
  }
  if (made.again) return;
  await deps.queue.send({
    body: { ...made, again: true },
    group: made.tenantId,
    delaySeconds: secondLookSeconds,
  });
}

/** The message that applies an event to one connection. */
function messageFor(
  { id, tenantId, accountId }: Connection,
  message: WebhookEventMessage,
): Message<WebhookEventMessage> {
  return { body: { ...message, connection: { id, tenantId, accountId } }, group: tenantId };
}
