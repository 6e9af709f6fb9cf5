/** Routes by which an account is connected. */
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
      'Binds the flow to this browser and sends it to the platform. A direct flow first shows who will gain access.',
    params: z.strictObject({ flowId }),
    // What others hang onto a link that is sent on (fbclid, utm_source) is ignored.
    query: z.object({ agreed: z.optional(z.literal('yes')) }),
    success: { status: 303 },
    page: 'Who will gain access, and a link to go on; only of a direct flow.',
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
    summary: "Takes the platform's answer and sends the browser to the flow's return URL.",
    params: z.strictObject({ app: z.string().check(z.regex(appIdPattern)) }),
    // The platform's query, not ours: what it adds beside these is ignored.
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
