/** The pieces that routes are described with: ids and times as they travel, records as they are shown, errors that come together. */
import * as z from 'zod/mini';
import {
  type AccountId,
  type FlowId,
  failureIdPattern,
  flowIdPattern,
  isOpaqueId,
  providerIdPattern,
  type UserId,
} from '../ids.ts';
import { connectionView } from './views.ts';

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
export const limit = z.pipe(z.string().check(z.regex(/^(?:[1-9]\d?|100)$/)), z.transform(Number));
export const nothing = z.strictObject({});
export const failureId = z.string().check(z.regex(failureIdPattern));
export const account = z.strictObject({ provider, accountId });
export const ofUser = z.strictObject({ userId: z.optional(userId) });

export const connected = z.object({ connection: connectionView, connections: z.array(connectionView) });

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
