/**
 * The API, once: every route with its method, path, caller, schemas and errors. Handlers, the topology, `openapi.json`
 * and the fuzz tests all come from this list.
 */
import * as z from 'zod/mini';
import type { FunctionName } from '../config.ts';
import type { ErrorCode } from '../errors.ts';
import {
  type AccountId,
  contextIdPattern,
  type FlowId,
  flowIdPattern,
  isOpaqueId,
  providerIdPattern,
  type UserId,
} from '../ids.ts';
import { failureIdPattern, filedQueues } from '../webhooks/failure-id.ts';

/** Who may call a route. */
export type Caller =
  /** The tenant's backend. */
  | 'apiKey'
  /** The tenant's backend, or one user's browser with a session token. */
  | 'apiKeyOrSession'
  /** A browser on its way through a consent; proves itself by cookie and state. */
  | 'browser'
  /** A platform; proves itself by its signature. */
  | 'platform'
  | 'anyone';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly function: FunctionName;
  readonly caller: Caller;
  /** What it does, for the API's description. */
  readonly summary: string;
  /** Schemas of path parameters, query and body. What they do not name is refused, but for a platform's own query. */
  readonly params: z.ZodMiniType;
  readonly query: z.ZodMiniType;
  readonly body?: z.ZodMiniType;
  readonly success: { readonly status: 200 | 201 | 202 | 303; readonly schema?: z.ZodMiniType };
  readonly errors: readonly ErrorCode[];
}

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
const userId = opaque<UserId>();
const accountId = opaque<AccountId>();
const provider = z.string().check(z.regex(providerIdPattern));
const flowId = z.pipe(
  z.string().check(z.regex(flowIdPattern)),
  z.transform((text) => text as FlowId),
);
const returnUrl = z.string().check(z.minLength(1), z.maxLength(2_048));
const scope = z.string().check(z.regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/));
const time = z.string().check(z.iso.datetime());
const limit = z.pipe(z.string().check(z.regex(/^(?:[1-9]\d?|100)$/)), z.transform(Number));
const nothing = z.strictObject({});
const failureId = z.string().check(z.regex(failureIdPattern));
const failure = z.object({
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
const account = z.strictObject({ provider, accountId });
const ofUser = z.strictObject({ userId: z.optional(userId) });

const connection = z.object({
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
const connected = z.object({ connection, connections: z.array(connection) });

/** Errors that any call with a credential can meet. */
const always = ['INVALID_REQUEST', 'UNAUTHORIZED', 'FORBIDDEN', 'DATABASE_ERROR', 'INTERNAL_ERROR'] as const;
const onAccount = [
  ...always,
  'INVALID_PROVIDER',
  'ACCOUNT_NOT_FOUND',
  'VAULT_ERROR',
  'TENANT_DELETED',
  'OAUTH_INIT_ERROR',
] as const;
const ofFlow = [
  'OAUTH_CALLBACK_ERROR',
  'ACCESS_DENIED',
  'FLOW_EXPIRED',
  'PROVIDER_ERROR',
  'ACCOUNT_ALREADY_CONNECTED',
  'ACCOUNT_MISMATCH',
] as const;

export const contract = {
  createSession: {
    method: 'POST',
    path: '/integrations/sessions',
    function: 'sessions',
    caller: 'apiKey',
    summary: "Gives one user's browser a token of at most ten minutes, with limits that hold on every route.",
    params: nothing,
    query: nothing,
    body: z.strictObject({
      userId,
      providers: z.optional(z.array(provider).check(z.minLength(1), z.maxLength(50))),
      origin: z.optional(z.string().check(z.maxLength(255))),
      returnUrl: z.optional(returnUrl),
    }),
    success: { status: 201, schema: z.object({ token: z.string(), expiresAt: time }) },
    errors: [...always, 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'INVALID_PROVIDER', 'VAULT_ERROR'],
  },
  connect: {
    method: 'POST',
    path: '/integrations/connect/{provider}',
    function: 'connect',
    caller: 'apiKeyOrSession',
    summary:
      'Begins a flow; send the browser of the user to authUrl. With credentials, where the provider takes them, connects at once.',
    params: z.strictObject({ provider }),
    query: nothing,
    body: z.strictObject({
      userId: z.optional(userId),
      returnUrl: z.optional(returnUrl),
      scopes: z.optional(z.array(scope).check(z.maxLength(100))),
      completion: z.optional(z.enum(['confirm', 'direct'])),
      reconnect: z.optional(accountId),
      credentials: z.optional(
        z.record(z.string().check(z.regex(/^[A-Za-z_]{1,32}$/)), z.string().check(z.maxLength(8_192))),
      ),
    }),
    success: {
      status: 201,
      schema: z.union([z.object({ flowId: z.string(), authUrl: z.string(), expiresAt: time }), connected]),
    },
    errors: [
      ...onAccount,
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'INVALID_SCOPE',
      'CREDENTIALS_REFUSED',
      'ACCOUNT_MISMATCH',
      'ACCOUNT_ALREADY_CONNECTED',
      'PROVIDER_ERROR',
    ],
  },
  start: {
    method: 'GET',
    path: '/integrations/start/{flowId}',
    function: 'start',
    caller: 'browser',
    summary:
      'Binds the flow to this browser and sends it to the platform. A direct flow first shows who will gain access.',
    params: z.strictObject({ flowId }),
    query: z.strictObject({ agreed: z.optional(z.literal('yes')) }),
    success: { status: 303 },
    errors: ['INVALID_REQUEST', 'FLOW_NOT_FOUND', 'FLOW_EXPIRED', 'DATABASE_ERROR', 'INTERNAL_ERROR'],
  },
  callback: {
    method: 'GET',
    path: '/integrations/callback/{context}',
    function: 'callback',
    caller: 'browser',
    summary: "Takes the platform's answer and sends the browser to the flow's return URL.",
    params: z.strictObject({ context: z.string().check(z.regex(contextIdPattern)) }),
    // The platform's query, not ours: what it adds beside these is ignored.
    query: z.object({
      state: z.optional(z.string().check(z.maxLength(200))),
      code: z.optional(z.string()),
      error: z.optional(z.string()),
      iss: z.optional(z.string()),
    }),
    success: { status: 303 },
    errors: [
      'INVALID_REQUEST',
      'FLOW_NOT_FOUND',
      'DATABASE_ERROR',
      'VAULT_ERROR',
      'OAUTH_INIT_ERROR',
      'INTERNAL_ERROR',
    ],
  },
  complete: {
    method: 'POST',
    path: '/integrations/complete',
    function: 'complete',
    caller: 'apiKeyOrSession',
    summary: 'Finishes a flow for the user who is signed in where the browser came back. May be repeated.',
    params: nothing,
    query: nothing,
    body: z.strictObject({
      flow: flowId,
      completion: z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/)),
      userId: z.optional(userId),
    }),
    success: { status: 201, schema: connected },
    errors: [
      ...onAccount,
      ...ofFlow,
      'PAYLOAD_TOO_LARGE',
      'UNSUPPORTED_MEDIA_TYPE',
      'FLOW_NOT_FOUND',
      'FLOW_USER_MISMATCH',
      'FLOW_IN_PROGRESS',
    ],
  },
  status: {
    method: 'GET',
    path: '/integrations/status',
    function: 'status',
    caller: 'apiKeyOrSession',
    summary: "Lists connections: the tenant's, one user's, or one user's at one provider.",
    params: nothing,
    query: z.strictObject({
      userId: z.optional(userId),
      provider: z.optional(provider),
      limit: z.optional(limit),
      cursor: z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{1,2048}$/))),
    }),
    success: {
      status: 200,
      schema: z.object({ connections: z.array(connection), nextCursor: z.nullable(z.string()) }),
    },
    errors: [...always, 'INVALID_PROVIDER'],
  },
  listProviders: {
    method: 'GET',
    path: '/integrations/providers',
    function: 'providers',
    caller: 'apiKeyOrSession',
    summary: 'Lists the providers that can be connected, with their scopes.',
    params: nothing,
    query: nothing,
    success: {
      status: 200,
      schema: z.object({
        providers: z.array(
          z.object({
            id: z.string(),
            name: z.string(),
            auth: z.enum(['oauth2', 'credentials']),
            scopes: z.array(
              z.object({
                id: z.string(),
                description: z.string(),
                default: z.boolean(),
                required: z.boolean(),
              }),
            ),
            fields: z.array(
              z.object({ id: z.string(), label: z.string(), secret: z.boolean(), required: z.boolean() }),
            ),
          }),
        ),
      }),
    },
    errors: always,
  },
  getToken: {
    method: 'GET',
    path: '/integrations/token/{provider}/{accountId}',
    function: 'token',
    caller: 'apiKey',
    summary: 'Hands out a valid access token, renewed first where needed.',
    params: account,
    query: ofUser,
    success: {
      status: 200,
      schema: z.object({
        accessToken: z.string(),
        tokenType: z.string(),
        expiresAt: z.nullable(time),
        scopes: z.array(z.string()),
      }),
    },
    errors: [...onAccount, 'TOKEN_EXPIRED', 'NO_REFRESH_TOKEN', 'TOKEN_REFRESH_ERROR'],
  },
  refreshToken: {
    method: 'POST',
    path: '/integrations/refresh/{provider}/{accountId}',
    function: 'refresh',
    caller: 'apiKeyOrSession',
    summary: 'Renews the credentials now, or joins a renewal under way.',
    params: account,
    query: ofUser,
    success: { status: 200, schema: z.object({ connection }) },
    errors: [...onAccount, 'TOKEN_EXPIRED', 'NO_REFRESH_TOKEN', 'TOKEN_REFRESH_ERROR'],
  },
  disconnect: {
    method: 'DELETE',
    path: '/integrations/disconnect/{provider}/{accountId}',
    function: 'disconnect',
    caller: 'apiKeyOrSession',
    summary: 'Ends the connection here and at the platform. Repeat it while revocation is revoke_pending.',
    params: account,
    query: ofUser,
    success: {
      status: 200,
      schema: z.object({
        disconnected: z.literal(true),
        revocation: z.enum(['revoked', 'revoke_pending', 'shared_grant', 'not_supported']),
        receipts: z.optional(
          z.array(
            z.object({
              token: z.enum(['access_token', 'refresh_token']),
              outcome: z.enum(['revoked', 'ended_with_it', 'left_to_shared_grant', 'dies_of_age']),
            }),
          ),
        ),
      }),
    },
    errors: [...onAccount, 'DISCONNECT_ERROR'],
  },
  disconnectUser: {
    method: 'DELETE',
    path: '/integrations/users/{userId}',
    function: 'users',
    caller: 'apiKey',
    summary: 'Begins the end of every connection of a user, here and at the platforms. May be repeated.',
    params: z.strictObject({ userId }),
    query: nothing,
    success: { status: 202, schema: z.object({ jobId: z.string() }) },
    errors: [...always, 'PROCESSING_FAILED'],
  },
  webhookHandshake: {
    method: 'GET',
    path: '/integrations/webhook/{context}',
    function: 'webhook',
    caller: 'platform',
    summary: 'Answers a platform that asks whether this endpoint is ours.',
    // Not checked here: an impossible context is answered as an unknown one is.
    params: z.object({ context: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  webhook: {
    method: 'POST',
    path: '/integrations/webhook/{context}',
    function: 'webhook',
    caller: 'platform',
    summary: 'Takes the events of a platform, once its signature is good.',
    params: z.object({ context: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'PAYLOAD_TOO_LARGE', 'PROCESSING_FAILED', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  deauthorize: {
    method: 'POST',
    path: '/integrations/deauthorize/{context}',
    function: 'platform-callback',
    caller: 'platform',
    summary: 'Takes the word of a platform that a user removed the app: a form with its signed_request.',
    params: z.object({ context: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'PAYLOAD_TOO_LARGE', 'PROCESSING_FAILED', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  dataDeletion: {
    method: 'POST',
    path: '/integrations/data-deletion/{context}',
    function: 'platform-callback',
    caller: 'platform',
    summary:
      'Takes the wish of a user, told by the platform in a signed_request, to have their data deleted. Answers where the user can follow it.',
    params: z.object({ context: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200, schema: z.object({ url: z.string(), confirmation_code: z.string() }) },
    errors: [
      'INVALID_SIGNATURE',
      'PAYLOAD_TOO_LARGE',
      'DATABASE_ERROR',
      'PROCESSING_FAILED',
      'VAULT_ERROR',
      'INTERNAL_ERROR',
    ],
  },
  dataDeletionStatus: {
    method: 'GET',
    path: '/integrations/data-deletion/{context}',
    function: 'data-deletion-status',
    caller: 'browser',
    summary: 'Shows a person how far the deletion of their data is, by its confirmation code.',
    params: z.strictObject({ context: z.string().check(z.regex(contextIdPattern)) }),
    query: z.strictObject({ code: z.string().check(z.regex(/^[0-9a-f]{32}$/)) }),
    success: { status: 200 },
    errors: ['INVALID_REQUEST', 'NOT_FOUND', 'DATABASE_ERROR', 'INTERNAL_ERROR'],
  },
  listFailures: {
    method: 'GET',
    path: '/integrations/failures',
    function: 'failures',
    caller: 'apiKey',
    summary:
      'Lists events that could not be handled or delivered, the newest first. They are kept for two weeks.',
    params: nothing,
    query: z.strictObject({ limit: z.optional(limit), cursor: z.optional(failureId) }),
    success: {
      status: 200,
      schema: z.object({ failures: z.array(failure), nextCursor: z.nullable(z.string()) }),
    },
    errors: always,
  },
  getFailure: {
    method: 'GET',
    path: '/integrations/failures/{id}',
    function: 'failures',
    caller: 'apiKey',
    summary: 'Shows what is known of a failure. What the event brought with it is masked.',
    params: z.strictObject({ id: failureId }),
    query: nothing,
    success: { status: 200, schema: z.object({ failure }) },
    errors: [...always, 'NOT_FOUND'],
  },
  replayFailure: {
    method: 'POST',
    path: '/integrations/failures/{id}/replay',
    function: 'replay-failure',
    caller: 'apiKey',
    summary: 'Sends what failed through its queue again. What was done of it before is not done twice.',
    params: z.strictObject({ id: failureId }),
    query: nothing,
    success: { status: 202, schema: z.object({ failure }) },
    errors: [...always, 'NOT_FOUND', 'PROCESSING_FAILED'],
  },
  countFailures: {
    method: 'GET',
    path: '/integrations/queues',
    function: 'failures',
    caller: 'apiKey',
    summary:
      'Counts what failed and was not sent again: events that came in, and deliveries to destinations.',
    params: nothing,
    query: nothing,
    success: {
      status: 200,
      schema: z.object({
        queues: z.array(
          z.object({ name: z.enum(filedQueues), failed: z.number(), oldestSentAt: z.nullable(time) }),
        ),
        /** Whether everything was counted; else there are more. */
        complete: z.boolean(),
      }),
    },
    errors: always,
  },
  health: {
    method: 'GET',
    path: '/health',
    function: 'health',
    caller: 'anyone',
    summary: 'Says that the API is reachable.',
    params: nothing,
    query: nothing,
    success: { status: 200, schema: z.object({ status: z.literal('ok') }) },
    errors: ['INVALID_REQUEST', 'INTERNAL_ERROR'],
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    function: 'health',
    caller: 'anyone',
    summary: 'This API in OpenAPI 3.1.',
    params: nothing,
    query: nothing,
    success: { status: 200, schema: z.record(z.string(), z.unknown()) },
    errors: ['INVALID_REQUEST', 'INTERNAL_ERROR'],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof contract;
