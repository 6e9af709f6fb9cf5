/**
 * What the API shows of records, each shape once: the contract checks answers by it, and what makes an answer has its
 * type. Safe in a browser. No secret can stand in a view, because none has a name in it.
 */
import * as z from 'zod/mini';
import {
  accountMetadata,
  connectionStatus,
  failureStatus,
  filedQueue,
  linking,
  providerAuth,
  type ReadonlyOutput,
  revocation,
  tokenReceipt,
} from '../vocabulary.ts';

/** A time, ISO 8601. */
export const time = z.string().check(z.iso.datetime());

export const connectionView = z.object({
  id: z.string(),
  provider: z.string(),
  accountId: z.string(),
  userId: z.string(),
  grantId: z.string(),
  status: connectionStatus,
  statusReason: z.optional(z.string()),
  /** Since when the status is what it is. */
  statusSince: time,
  linking,
  displayName: z.string(),
  avatarUrl: z.nullable(z.string()),
  scopes: z.array(z.string()),
  /** Asked for and not granted. */
  missingScopes: z.array(z.string()),
  refreshable: z.boolean(),
  /** When the access token ends; null when the platform does not say. */
  expiresAt: z.nullable(time),
  connectedAt: time,
  updatedAt: time,
  metadata: accountMetadata,
});
export type ConnectionView = ReadonlyOutput<typeof connectionView>;

export const providerView = z.object({
  id: z.string(),
  name: z.string(),
  auth: providerAuth,
  /** What may be asked for on the platform's consent page. */
  scopes: z.array(
    z.object({ id: z.string(), description: z.string(), default: z.boolean(), required: z.boolean() }),
  ),
  /** What the user must enter instead, where there is no consent page. */
  fields: z.array(
    z.object({ id: z.string(), label: z.string(), secret: z.boolean(), required: z.boolean() }),
  ),
  /** What says where the user's account is, such as a shop; `connect` takes it in `variables`. */
  variables: z.optional(
    z.array(
      z.object({
        id: z.string(),
        label: z.string(),
        pattern: z.string(),
        example: z.optional(z.string()),
        required: z.boolean(),
      }),
    ),
  ),
});
export type ProviderView = ReadonlyOutput<typeof providerView>;

export const tokenView = z.object({
  accessToken: z.string(),
  tokenType: z.string(),
  expiresAt: z.nullable(time),
  scopes: z.array(z.string()),
});

export const disconnectedView = z.object({
  disconnected: z.literal(true),
  revocation,
  /** What became of each token; once the revocation is no longer pending. */
  receipts: z.optional(z.array(tokenReceipt)),
});
export type DisconnectedView = ReadonlyOutput<typeof disconnectedView>;

/** A message that failed: names, ids and times. */
export const failureView = z.object({
  id: z.string(),
  queue: filedQueue,
  type: z.string(),
  provider: z.nullable(z.string()),
  accountId: z.nullable(z.string()),
  connectionId: z.nullable(z.string()),
  destinationId: z.nullable(z.string()),
  eventId: z.nullable(z.string()),
  error: z.string(),
  tries: z.number(),
  status: failureStatus,
  sentAt: time,
  failedAt: time,
  replayedAt: z.nullable(time),
  /** What the event brought, each value masked. */
  data: z.record(z.string(), z.literal('[masked]')),
});
export type FailureView = ReadonlyOutput<typeof failureView>;

/** How many of a tenant's messages have failed in one queue and were not sent again yet. */
export const failureCountView = z.object({
  name: filedQueue,
  failed: z.number(),
  oldestSentAt: z.nullable(time),
});
export type FailureCount = ReadonlyOutput<typeof failureCountView>;
