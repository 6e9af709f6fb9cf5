/**
 * The event that a tenant receives, in one shape whether its origin is a connection, a platform or a destination. A
 * schema writes its fields in the order in which they stand here, so this order is what tenants' endpoints receive.
 */
import * as z from 'zod/mini';
import {
  type AccountId,
  type ConnectionId,
  type ProviderId,
  storedId,
  type TenantId,
  type UserId,
} from '../ids.ts';
import { connectionEventType, connectionStatus, revocation } from '../vocabulary.ts';
import { destinationEventTypes } from './event-types.ts';

/** Standard Webhooks signs the id together with the body; a full stop would hide where the id ends. */
const id = z.string().check(z.regex(/^[A-Za-z0-9_-]{1,256}$/));
const tenantId = storedId<TenantId>();
const provider = storedId<ProviderId>();
const accountId = storedId<AccountId>();
const connectionId = storedId<ConnectionId>();
const userId = storedId<UserId>();
/** Times are ISO 8601. */
const time = z.string();

/** Any event, as a delivery carries it to one destination. */
export const tenantEvent = z.object({
  id,
  type: z.string(),
  tenantId,
  occurredAt: time,
  receivedAt: z.optional(time),
  provider: z.optional(provider),
  accountId: z.optional(accountId),
  data: z.record(z.string(), z.unknown()),
  connectionId: z.optional(connectionId),
  userId: z.optional(userId),
  superseded: z.optional(z.boolean()),
});

/** A connection changed its state or its credentials. */
export const connectionEvent = z.object({
  id,
  type: connectionEventType,
  tenantId,
  occurredAt: time,
  provider,
  accountId,
  data: z.object({
    status: connectionStatus,
    statusReason: z.exactOptional(z.string()),
    statusSince: z.exactOptional(time),
    expiresAt: z.exactOptional(time),
    revocation: z.exactOptional(revocation),
    /** The credentials come from a new consent, not from a refresh of the old grant. */
    reconnected: z.exactOptional(z.literal(true)),
  }),
  connectionId,
  userId,
});

/** A platform sent an event about a connected account. */
export const platformEvent = z.object({
  id,
  /** The platform's own name of it. */
  type: z.string(),
  tenantId,
  occurredAt: time,
  receivedAt: time,
  provider,
  accountId,
  /** The platform's own words. */
  data: z.record(z.string(), z.unknown()),
  connectionId,
  userId,
  /** Whether a later event about the same thing is known already. */
  superseded: z.boolean(),
});

/** One of the tenant's destinations was disabled; its other destinations receive this. */
export const destinationDisabledEvent = z.object({
  id,
  type: z.literal(destinationEventTypes.def.entries['destination.disabled']),
  tenantId,
  occurredAt: time,
  data: z.object({
    destinationId: z.string(),
    kind: z.string(),
    reason: z.enum(['failing', 'gone']),
    failingSince: z.exactOptional(time),
    lastError: z.exactOptional(z.string()),
  }),
});

export type TenantEvent = z.output<typeof tenantEvent>;
export type ConnectionEvent = z.output<typeof connectionEvent>;
export type PlatformTenantEvent = z.output<typeof platformEvent>;
export type DestinationDisabledEvent = z.output<typeof destinationDisabledEvent>;
