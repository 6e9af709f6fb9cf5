/** Routes that platforms call, and those about what failed. */
import * as z from 'zod/mini';
import { appIdPattern } from '../ids.ts';
import type { Route } from './route.ts';
import { always, failureId, limit, nothing } from './schemas.ts';
import { failureCountView, failureView } from './views.ts';

export const webhookRoutes = {
  webhookHandshake: {
    method: 'GET',
    path: '/integrations/webhook/{app}',
    function: 'webhook',
    caller: 'platform',
    summary: 'Answers a platform that asks whether this endpoint is ours.',
    // Not checked here: an impossible context is answered as an unknown one is.
    params: z.object({ app: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  webhook: {
    method: 'POST',
    path: '/integrations/webhook/{app}',
    function: 'webhook',
    caller: 'platform',
    summary: 'Takes the events of a platform, once its signature is good.',
    params: z.object({ app: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'PAYLOAD_TOO_LARGE', 'PROCESSING_FAILED', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  deauthorize: {
    method: 'POST',
    path: '/integrations/deauthorize/{app}',
    function: 'platform-callback',
    caller: 'platform',
    summary: 'Takes the word of a platform that a user removed the app: a form with its signed_request.',
    params: z.object({ app: z.string() }),
    query: z.record(z.string(), z.string()),
    success: { status: 200 },
    errors: ['INVALID_SIGNATURE', 'PAYLOAD_TOO_LARGE', 'PROCESSING_FAILED', 'VAULT_ERROR', 'INTERNAL_ERROR'],
  },
  dataDeletion: {
    method: 'POST',
    path: '/integrations/data-deletion/{app}',
    function: 'platform-callback',
    caller: 'platform',
    summary:
      'Takes the wish of a user, told by the platform in a signed_request, to have their data deleted. Answers where the user can follow it.',
    params: z.object({ app: z.string() }),
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
    path: '/integrations/data-deletion/{app}',
    function: 'data-deletion-status',
    caller: 'browser',
    summary: 'Shows a person how far the deletion of their data is, by its confirmation code.',
    params: z.strictObject({ app: z.string().check(z.regex(appIdPattern)) }),
    // The platform shows its users this link, and may hang something of its own onto it.
    query: z.object({ code: z.string().check(z.regex(/^[0-9a-f]{32}$/)) }),
    success: { status: 200 },
    page: 'How far the deletion is.',
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
      schema: z.object({ failures: z.array(failureView), nextCursor: z.nullable(z.string()) }),
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
    success: { status: 200, schema: z.object({ failure: failureView }) },
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
    success: { status: 202, schema: z.object({ failure: failureView }) },
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
        queues: z.array(failureCountView),
        /** Whether everything was counted; else there are more. */
        complete: z.boolean(),
      }),
    },
    errors: always,
  },
} as const satisfies Record<string, Route>;
