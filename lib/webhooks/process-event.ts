/**
 * Handles an event once: claims it, finds the connections of the app whose secret signed it, and does for each what it
 * means. Every effect is one conditional write that can be repeated; only `done` acknowledges.
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
  /** The queue that this works on: an event that concerns several connections goes back as a message for each. */
  readonly queue: Queue<IncomingMessage>;
  readonly count: Count;
}

/** @throws IntegrationError `PROCESSING_FAILED` when somebody else is at it; the message then comes back. */
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
    // About no account at all: there is nobody to tell, and nothing to wait for.
    deps.count('webhook_unroutable', { provider: message.provider });
    return;
  }
  const affected = await findAffected(deps, message);
  if (affected.length === 0) {
    await deps.waiting.add(message);
    // A connection may have been stored between the look and the keeping, and found nothing waiting.
    // It is told of what waits, too: only as a message of its own is the event known to have been there.
    const late = await findAffected(deps, message);
    await deps.queue.sendAll(late.map((connection) => messageFor(connection, message)));
    return;
  }
  await dispatch(deps, message, affected);
}

/** To several connections by a message for each, so that none of them waits for another. */
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
 * The only connection needs no message of its own, which would cost as much again; where it does not work out it gets
 * one all the same, for whatever reason, which shows there: so what fails is filed as its tenant's.
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
  // Not one that was made of the same account since, by whomever: what came before it is none of its business.
  if (connection?.id !== id) return;
  // Only a connection of the app that signed: another one's of the same account is none of its business, either.
  if (connection.appId === message.appId) await applyEvent(deps, message, connection);
}

/** The connections an event may reach: those of the app whose secret verified the bytes, and no others. */
function findAffected(
  { connections }: ProcessDeps,
  { appId, event }: WebhookEventMessage,
): Promise<readonly Connection[]> {
  return findAffectedConnections(connections, appId, event);
}

/** Longer than an index lags behind its table, which is a second as a rule. */
const secondLookSeconds = 60;

/**
 * Gives a new or renewed connection what waited for it: events that came after its flow had begun, and no earlier ones.
 * Some time later it looks again, because an event may have come when the index did not show the connection yet, and
 * have begun to wait only after the first look.
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

/** An event's part for one connection, to be worked on by itself. */
function messageFor(
  { id, tenantId, accountId }: Connection,
  message: WebhookEventMessage,
): Message<WebhookEventMessage> {
  return { body: { ...message, connection: { id, tenantId, accountId } }, group: tenantId };
}
