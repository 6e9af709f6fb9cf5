/** Routes that connect an account. */
import * as z from 'zod/mini';
import { appIdPattern } from '../ids.ts';
import { completion } from '../vocabulary.ts';
import { completeRoute } from './complete-route.ts';
import type { Route } from './route.ts';
import {
  accountId,
  always,
  connected,
  flowId,
  nothing,
  onAccount,
  provider,
  returnUrl,
  scope,
  userId,
} from './schemas.ts';
import { time } from './views.ts';

export const flowRoutes = {
  createSession: {
    method: 'POST',
    path: '/integrations/sessions',
    function: 'sessions',
    caller: 'apiKey',
    summary:
      "Creates a session token for one user's browser, valid for at most ten minutes; its limits apply to every route.",
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
      'Starts a flow: send the user’s browser to authUrl. With credentials, at providers that take them, connects at once.',
    params: z.strictObject({ provider }),
    query: nothing,
    body: z.strictObject({
      userId: z.optional(userId),
      returnUrl: z.optional(returnUrl),
      scopes: z.optional(z.array(scope).check(z.maxLength(100))),
      completion: z.optional(completion),
      reconnect: z.optional(accountId),
      /** What the provider lists in `variables`, such as the shop that the account is at. */
      variables: z.optional(
        z.record(z.string().check(z.regex(/^[a-z][A-Za-z0-9]{0,31}$/)), z.string().check(z.maxLength(300))),
      ),
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
      'Binds the flow to this browser and redirects it to the platform. A direct flow first shows who will gain access.',
    params: z.strictObject({ flowId }),
    // Ignores parameters that other sites append to a shared link (fbclid, utm_source).
    query: z.object({ agreed: z.optional(z.literal('yes')) }),
    success: { status: 303 },
    page: 'Who will gain access, and a link to continue; for direct flows only.',
    errors: [
      'INVALID_REQUEST',
      'INVALID_PROVIDER',
      'FLOW_NOT_FOUND',
      'FLOW_EXPIRED',
      'DATABASE_ERROR',
      'VAULT_ERROR',
      'INTERNAL_ERROR',
    ],
  },
  callback: {
    method: 'GET',
    path: '/integrations/callback/{app}',
    function: 'callback',
    caller: 'browser',
    summary:
      "Receives the platform's authorization response and redirects the browser to the flow's return URL.",
    params: z.strictObject({ app: z.string().check(z.regex(appIdPattern)) }),
    // The platform builds this query, so unknown parameters are ignored (RFC 6749, section 4.1.2).
    query: z.object({
      state: z.optional(z.string().check(z.maxLength(200))),
      code: z.optional(z.string()),
      error: z.optional(z.string()),
      error_reason: z.optional(z.string()),
      error_code: z.optional(z.string()),
      iss: z.optional(z.string()),
    }),
    success: { status: 303 },
    errors: [
      'INVALID_REQUEST',
      'INVALID_PROVIDER',
      'FLOW_NOT_FOUND',
      'TENANT_DELETED',
      'DATABASE_ERROR',
      'VAULT_ERROR',
      'OAUTH_INIT_ERROR',
      'INTERNAL_ERROR',
    ],
  },
  complete: completeRoute,
} as const satisfies Record<string, Route>;
