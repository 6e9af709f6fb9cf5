/** The pieces that routes are described with: ids and times as they travel, records as they are shown, errors that come together. */
import * as z from 'zod/mini';
import {
  type AccountId,
  type FlowId,
  flowIdPattern,
  isOpaqueId,
  providerIdPattern,
  type UserId,
} from '../ids.ts';
import { failureIdPattern, filedQueues } from '../webhooks/failure-id.ts';

const opaque = <Id extends string>() =>
  z.pipe(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(128),
        z.refine(isOpaqueId, 'must be 1-128 characters without control characters'),
      ),
    z.transform((text) => text as Id),
  );
export const userId = opaque<UserId>();
export const accountId = opaque<AccountId>();
export const provider = z.string().check(z.regex(providerIdPattern));
export const flowId = z.pipe(
  z.string().check(z.regex(flowIdPattern)),
  z.transform((text) => text as FlowId),
);
export const returnUrl = z.string().check(z.minLength(1), z.maxLength(2_048));
export const scope = z.string().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/));
export const time = z.string().check(z.iso.datetime());
export const limit = z.pipe(z.string().check(z.regex(/^(?:[1-9]\d?|100)$/)), z.transform(Number));
export const nothing = z.strictObject({});
export const failureId = z.string().check(z.regex(failureIdPattern));
export const failure = z.object({
  id: z.string(),
  queue: z.enum(filedQueues),
  type: z.string(),
  provider: z.nullable(z.string()),
  accountId: z.nullable(z.string()),
  connectionId: z.nullable(z.string()),
  destinationId: z.nullable(z.string()),
  eventId: z.nullable(z.string()),
  error: z.string(),
  tries: z.number(),
  status: z.enum(['failed', 'replayed']),
  sentAt: time,
  failedAt: time,
  replayedAt: z.nullable(time),
  data: z.record(z.string(), z.literal('[masked]')),
});
export const account = z.strictObject({ provider, accountId });
export const ofUser = z.strictObject({ userId: z.optional(userId) });

export const connection = z.object({
  id: z.string(),
  provider: z.string(),
  accountId: z.string(),
  userId: z.string(),
  grantId: z.string(),
  status: z.enum(['active', 'expiring', 'reconnect_required', 'disconnecting', 'misconfigured']),
  statusReason: z.optional(z.string()),
  statusSince: time,
  linking: z.enum(['confirmed', 'direct']),
  displayName: z.string(),
  avatarUrl: z.nullable(z.string()),
  scopes: z.array(z.string()),
  missingScopes: z.array(z.string()),
  refreshable: z.boolean(),
  expiresAt: z.nullable(time),
  connectedAt: time,
  updatedAt: time,
  metadata: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export const connected = z.object({ connection, connections: z.array(connection) });

/** Errors that any call with a credential can meet. */
export const always = [
  'INVALID_REQUEST',
  'UNAUTHORIZED',
  'FORBIDDEN',
  'DATABASE_ERROR',
  'INTERNAL_ERROR',
] as const;
export const onAccount = [
  ...always,
  'INVALID_PROVIDER',
  'ACCOUNT_NOT_FOUND',
  'VAULT_ERROR',
  'TENANT_DELETED',
  'OAUTH_INIT_ERROR',
] as const;
export const ofFlow = [
  'OAUTH_CALLBACK_ERROR',
  'ACCESS_DENIED',
  'FLOW_EXPIRED',
  'ACCOUNT_ALREADY_CONNECTED',
  'ACCOUNT_MISMATCH',
] as const;
