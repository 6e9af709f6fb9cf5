/** A verified event on its way to its connections, as it lies in the queue. Nothing of the request but the event itself is kept. */
import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import { IntegrationError } from '../errors.ts';
import {
  type AccountId,
  type ConnectionId,
  type ContextId,
  type ProviderId,
  storedId,
  type TenantId,
} from '../ids.ts';

const event = z.object({
  id: z.string(),
  type: z.string(),
  meaning: z.enum(['deauthorised', 'news']),
  accountId: z.exactOptional(storedId<AccountId>()),
  owner: z.exactOptional(z.string()),
  subject: z.exactOptional(z.string()),
  occurredAt: z.exactOptional(z.number()),
  data: z.record(z.string(), z.unknown()),
});

const incoming = z.object({
  context: storedId<ContextId>(),
  provider: storedId<ProviderId>(),
  /** Epoch milliseconds. */
  receivedAt: z.number(),
  event,
  /** The one connection that this message is for, and where it lies; absent on the event as it came in. */
  connection: z.exactOptional(
    z.object({
      id: storedId<ConnectionId>(),
      tenantId: storedId<TenantId>(),
      accountId: storedId<AccountId>(),
    }),
  ),
});

export type IncomingEvent = z.output<typeof incoming>;

/** Says that a connection was made or granted anew: what waited for it may reach it now. */
const connected = z.object({
  connected: z.object({
    tenantId: storedId<TenantId>(),
    provider: storedId<ProviderId>(),
    accountId: storedId<AccountId>(),
    /** Said for the second time. */
    again: z.exactOptional(z.boolean()),
  }),
});

export type Connected = z.output<typeof connected>['connected'];

/** @throws IntegrationError `PROCESSING_FAILED` as {@link parseIncoming}. */
export function parseWork(body: unknown): IncomingEvent | { readonly connected: Connected } {
  const parsed = connected.safeParse(body);
  return parsed.success ? parsed.data : parseIncoming(body);
}

/** @throws IntegrationError `PROCESSING_FAILED`; the message then ends among the dead letters. */
export function parseIncoming(body: unknown): IncomingEvent {
  const parsed = incoming.safeParse(body);
  if (!parsed.success) throw new IntegrationError('PROCESSING_FAILED', 'This message is no webhook event.');
  return parsed.data;
}

/** What is handled once: the event of an app, or its part for one connection. */
export function workId(message: IncomingEvent): string {
  const { context, event: happened, connection } = message;
  if (!connection) return happened.id;
  const parts = [context, happened.id, connection.id];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
