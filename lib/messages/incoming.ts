/**
 * The queue `incoming`: a verified event of a platform, the notice that a connection can take the events that wait for
 * it, or a request to delete a platform user's data. Of a platform's request only the event itself is kept.
 */
import * as z from 'zod/mini';
import {
  type AccountId,
  type AppId,
  type ConnectionId,
  type ProviderId,
  storedId,
  type TenantId,
} from '../ids.ts';

/** A platform's event. It also lies in the table while it waits for its connection. */
export const webhookEventMessage = z.object({
  kind: z.literal('webhook_event'),
  appId: storedId<AppId>(),
  provider: storedId<ProviderId>(),
  /** Epoch milliseconds. */
  receivedAt: z.number(),
  event: z.object({
    id: z.string(),
    type: z.string(),
    effect: z.enum(['deauthorized', 'none']),
    accountId: z.exactOptional(storedId<AccountId>()),
    platformUserId: z.exactOptional(z.string()),
    resourceKey: z.exactOptional(z.string()),
    occurredAt: z.exactOptional(z.number()),
    data: z.record(z.string(), z.unknown()),
  }),
  /** The one connection that this message is for; absent on the event as it came in. */
  connection: z.exactOptional(
    z.object({
      id: storedId<ConnectionId>(),
      tenantId: storedId<TenantId>(),
      accountId: storedId<AccountId>(),
    }),
  ),
});

/** A connection was created or granted again: events that waited for it may reach it now. */
const connectedMessage = z.object({
  kind: z.literal('connected'),
  tenantId: storedId<TenantId>(),
  provider: storedId<ProviderId>(),
  accountId: storedId<AccountId>(),
  /** The second notice of the same connection. */
  again: z.exactOptional(z.boolean()),
});

/** A request to delete data; whom it is about stands in its record only. */
const dataDeletionMessage = z.object({
  kind: z.literal('data_deletion'),
  appId: storedId<AppId>(),
  digest: z.string(),
  /** How often it has been worked on; spaces the next rounds. */
  round: z.number(),
});

export const incomingMessage = z.discriminatedUnion('kind', [
  webhookEventMessage,
  connectedMessage,
  dataDeletionMessage,
]);

export type IncomingMessage = z.output<typeof incomingMessage>;
export type WebhookEventMessage = z.output<typeof webhookEventMessage>;
export type ConnectedMessage = z.output<typeof connectedMessage>;
export type DataDeletionMessage = z.output<typeof dataDeletionMessage>;
