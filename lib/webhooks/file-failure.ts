/**
 * Files a dead letter: says whose it is and what failed, and keeps the message, so that it can be sent again. What
 * cannot be read is filed too, for the operator.
 */
import { IntegrationError } from '../errors.ts';
import type { ConnectionId, ContextId, TenantId } from '../ids.ts';
import type { Count } from '../telemetry/metrics.ts';
import type { FiledQueue } from '../vocabulary.ts';
import { parseDeletion } from './data-deletion.ts';
import { failureId } from './failure-id.ts';
import type { Failure, FailureStore } from './failure-store.ts';
import { type IncomingEvent, parseWork, workId } from './incoming-event.ts';
import type { ReceiptStore } from './receipt-store.ts';
import {
  type Delivery,
  type GivenUp,
  parseDelivery,
  parseTenantEvent,
  type TenantEvent,
} from './tell-tenant.ts';

/** A message among the dead letters of a queue. */
export interface DeadLetter {
  readonly queue: FiledQueue;
  readonly messageId: string;
  readonly body: string;
  /** When it was sent, epoch milliseconds. */
  readonly sentAt: number;
  /** How often it has been received, by whomever. */
  readonly receives: number;
}

export interface FileParts {
  readonly failures: FailureStore;
  readonly receipts: ReceiptStore;
  /** The tenant whose own app a context is; none for a shared one. */
  readonly tenantOf: (context: ContextId) => Promise<TenantId | undefined>;
  readonly count: Count;
}

/** What a message says of itself. */
type Described = Omit<Failure, 'id' | 'queue' | 'bytes' | 'failedAt' | 'status' | keyof GivenUp> &
  Partial<GivenUp>;

const mostFields = 50;

/** @throws IntegrationError `DATABASE_ERROR`; the letter then stays where it is. */
export async function fileFailure(parts: FileParts, letter: DeadLetter): Promise<void> {
  const { queue, messageId, body } = letter;
  const described = { ...countedBySqs(letter), ...(await describe(parts, letter)) };
  const failure = {
    ...described,
    id: failureId(described.sentAt, messageId),
    queue,
    bytes: Buffer.byteLength(body),
  };
  await parts.failures.file(failure, body);
  parts.count('message_failed', { reason: queue });
}

/** It was received once more to be filed. */
function countedBySqs({ receives, sentAt }: DeadLetter): GivenUp {
  return { tries: Math.max(1, receives - 1), sentAt };
}

async function describe(parts: FileParts, letter: DeadLetter): Promise<Described> {
  const body = parseJson(letter.body);
  try {
    return await describers[letter.queue](parts, body, letter);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { type: 'unreadable', error: 'unreadable', fields: [] };
  }
}

type Describe = (parts: FileParts, body: unknown, letter: DeadLetter) => Described | Promise<Described>;

/** Each queue's messages in their own words. */
const describers: Readonly<Record<FiledQueue, Describe>> = {
  incoming: describeIncoming,
  events: (_parts, body) => describeTenantEvent(parseTenantEvent(body), untold),
  deliveries: (_parts, body, letter) => describeDelivery(parseDelivery(body), letter),
};

async function describeIncoming(parts: FileParts, body: unknown): Promise<Described> {
  const deletion = parseDeletion(body)?.deletion;
  if (deletion) {
    const tenantId = await parts.tenantOf(deletion.context);
    const { context } = deletion;
    return { type: 'data_deletion', context, error: unknownError, fields: [], ...(tenantId && { tenantId }) };
  }
  const work = parseWork(body);
  if ('connected' in work) {
    return { type: 'connected', ...work.connected, error: unknownError, fields: [] };
  }
  return describeEvent(parts, work);
}

async function describeEvent(parts: FileParts, message: IncomingEvent): Promise<Described> {
  const { event, context, provider, connection } = message;
  const tenantId = connection?.tenantId ?? (await parts.tenantOf(context));
  const accountId = connection?.accountId ?? event.accountId;
  return {
    type: event.type,
    provider,
    context,
    eventId: event.id,
    error: (await parts.receipts.lastError(context, workId(message))) ?? unknownError,
    fields: namesIn(event.data),
    ...(tenantId !== undefined && { tenantId }),
    ...(accountId !== undefined && { accountId }),
    ...(event.owner !== undefined && { owner: event.owner }),
    ...(connection && { connectionId: connection.id }),
  };
}

function describeDelivery(delivery: Delivery, letter: DeadLetter): Described {
  const { destinationId, event, waiting, givenUp } = delivery;
  return {
    ...describeTenantEvent(event, 'undelivered'),
    destinationId,
    ...givenUp,
    // Given up by SQS, which knows of the last message only.
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
    ...(typeof connectionId === 'string' && { connectionId: connectionId as ConnectionId }),
  };
}

/** Where the worker could not say what was wrong. */
const unknownError = 'PROCESSING_FAILED';
/** No destination has been told. */
const untold = 'untold';

function namesIn(data: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(data)
    .slice(0, mostFields)
    .map((name) => name.slice(0, 64));
}

function isUnreadable(error: unknown): boolean {
  return error instanceof IntegrationError && error.code === 'PROCESSING_FAILED';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
