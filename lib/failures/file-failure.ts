/**
 * Files a dead-lettered message as a failure: records its tenant and its error, and stores the message for a replay. It
 * files an unreadable message under the operator.
 */
import type { AppId, TenantId } from '../ids.ts';
import { type DeliveryGivenUp, type DeliveryMessage, deliveryMessage } from '../messages/deliveries.ts';
import { eventMessage } from '../messages/events.ts';
import { type IncomingMessage, incomingMessage, type WebhookEventMessage } from '../messages/incoming.ts';
import { readMessage } from '../messages/parse-message.ts';
import type { TenantEvent } from '../messages/tenant-event.ts';
import type { Count } from '../telemetry/metrics.ts';
import type { FiledQueue } from '../vocabulary.ts';
import { eventIdempotencyKey } from '../webhooks/event-idempotency-key.ts';
import type { IdempotencyStore } from '../webhooks/idempotency-store.ts';
import { type Failure, type FailureStore, failureIdOf } from './failure-store.ts';

/** A message in the dead-letter queue of a queue. */
export interface DeadLetter {
  readonly queue: FiledQueue;
  readonly messageId: string;
  readonly body: string;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
  /** How often it has been received, from both queues together. */
  readonly receives: number;
}

export interface FileDeps {
  readonly failures: FailureStore;
  readonly idempotency: IdempotencyStore;
  /** The tenant that owns the app; undefined for a shared app. */
  readonly tenantOf: (appId: AppId) => Promise<TenantId | undefined>;
  readonly count: Count;
}

/** The fields of a failure that its message determines. */
type Described = Omit<Failure, 'id' | 'queue' | 'bytes' | 'failedAt' | 'status' | keyof DeliveryGivenUp> &
  Partial<DeliveryGivenUp>;

const mostFields = 50;

/** @throws IntegrationError `DATABASE_ERROR`; the message then stays in its dead-letter queue. */
export async function fileFailure(deps: FileDeps, letter: DeadLetter): Promise<void> {
  const { queue, messageId, body } = letter;
  const described = { ...countedBySqs(letter), ...(await describe(deps, letter)) };
  const failure = {
    ...described,
    id: failureIdOf(described.sentAt, messageId),
    queue,
    bytes: Buffer.byteLength(body),
  };
  await deps.failures.file(failure, body);
  deps.count('message_failed', { reason: queue });
}

/** SQS counts the receive from the dead-letter queue, which was no attempt. */
function countedBySqs({ receives, sentAt }: DeadLetter): DeliveryGivenUp {
  return { tries: Math.max(1, receives - 1), sentAt };
}

/**
 * Describes the message by its queue's schema; `unreadable` when it does not fit, so that its worker could not read it.
 */
async function describe(deps: FileDeps, letter: DeadLetter): Promise<Described> {
  switch (letter.queue) {
    case 'incoming': {
      const message = readMessage(incomingMessage, letter.body);
      return message ? describeIncoming(deps, message) : unreadable;
    }
    case 'events': {
      const message = readMessage(eventMessage, letter.body);
      return message ? describeTenantEvent(message.event, unpublished) : unreadable;
    }
    case 'deliveries': {
      const message = readMessage(deliveryMessage, letter.body);
      return message ? describeDelivery(message, letter) : unreadable;
    }
  }
}

async function describeIncoming(deps: FileDeps, message: IncomingMessage): Promise<Described> {
  switch (message.kind) {
    case 'webhook_event':
      return describeEvent(deps, message);
    case 'connected': {
      const { kind: type, tenantId, provider, accountId } = message;
      return { type, tenantId, provider, accountId, error: unknownError, fields: [] };
    }
    case 'data_deletion': {
      const { kind: type, appId } = message;
      const tenantId = await deps.tenantOf(appId);
      return { type, appId, error: unknownError, fields: [], ...(tenantId && { tenantId }) };
    }
  }
}

async function describeEvent(deps: FileDeps, message: WebhookEventMessage): Promise<Described> {
  const { event, appId, provider, connection } = message;
  const tenantId = connection?.tenantId ?? (await deps.tenantOf(appId));
  const accountId = connection?.accountId ?? event.accountId;
  return {
    type: event.type,
    provider,
    appId,
    eventId: event.id,
    error: (await deps.idempotency.lastError(appId, eventIdempotencyKey(message))) ?? unknownError,
    fields: namesIn(event.data),
    ...(tenantId !== undefined && { tenantId }),
    ...(accountId !== undefined && { accountId }),
    ...(event.platformUserId !== undefined && { platformUserId: event.platformUserId }),
    ...(connection && { connectionId: connection.id }),
  };
}

function describeDelivery(delivery: DeliveryMessage, letter: DeadLetter): Described {
  const { destinationId, event, waiting, givenUp } = delivery;
  return {
    ...describeTenantEvent(event, 'undelivered'),
    destinationId,
    ...givenUp,
    // SQS moved it here, and counts only the receives of the last message.
    ...(waiting && { tries: waiting.tries + letter.receives - 1, sentAt: waiting.sentAt }),
  };
}

function describeTenantEvent(event: TenantEvent, error: string): Described {
  const { id: eventId, type, tenantId, provider, accountId, data, connectionId } = event;
  return {
    type,
    tenantId,
    eventId,
    error,
    fields: namesIn(data),
    ...(provider !== undefined && { provider }),
    ...(accountId !== undefined && { accountId }),
    ...(connectionId !== undefined && { connectionId }),
  };
}

/** When the worker recorded no reason. */
const unknownError = 'PROCESSING_FAILED';
/** The fan-out failed, so the event reached no destination. The word is part of the API. */
const unpublished = 'unpublished';
const unreadable: Described = { type: 'unreadable', error: 'unreadable', fields: [] };

function namesIn(data: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(data)
    .slice(0, mostFields)
    .map((name) => name.slice(0, 64));
}
