/** The route that finishes a flow. It has a file of its own so that its function bundles no other route. */
import * as z from 'zod/mini';
import type { Route } from './route.ts';
import { connected, flowId, nothing, ofFlow, onAccount, userId } from './schemas.ts';

export const completeRoute = {
  method: 'POST',
  path: '/integrations/complete',
  function: 'complete',
  caller: 'apiKeyOrSession',
  summary: 'Finishes a flow for the user who is signed in to the application. Safe to repeat.',
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
} as const satisfies Route;
