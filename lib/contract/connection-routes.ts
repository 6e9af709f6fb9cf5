/** Routes about connections: what there is, its tokens, its end. */
import * as z from 'zod/mini';
import type { Route } from './route.ts';
import { account, always, limit, nothing, ofUser, onAccount, provider, userId } from './schemas.ts';
import { connectionView, disconnectedView, providerView, tokenView } from './views.ts';

export const connectionRoutes = {
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
      schema: z.object({ connections: z.array(connectionView), nextCursor: z.nullable(z.string()) }),
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
      schema: z.object({ providers: z.array(providerView) }),
    },
    errors: always,
  },
  getToken: {
    method: 'GET',
    path: '/integrations/token/{provider}/{accountId}',
    function: 'token',
    caller: 'apiKey',
    summary: 'Hands out a valid access token, refreshed first where needed.',
    params: account,
    query: ofUser,
    success: {
      status: 200,
      schema: tokenView,
    },
    errors: [...onAccount, 'TOKEN_EXPIRED', 'NO_REFRESH_TOKEN', 'TOKEN_REFRESH_ERROR'],
  },
  refreshToken: {
    method: 'POST',
    path: '/integrations/refresh/{provider}/{accountId}',
    function: 'refresh',
    caller: 'apiKeyOrSession',
    summary: 'Refreshes the credentials now, or joins a refresh under way.',
    params: account,
    query: ofUser,
    success: { status: 200, schema: z.object({ connection: connectionView }) },
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
      schema: disconnectedView,
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
} as const satisfies Record<string, Route>;
