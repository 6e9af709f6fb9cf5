/** Routes that platforms call, and the routes about failures. */
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
    summary: 'Answers the handshake by which a platform verifies this endpoint.',
    // Not validated here: an impossible app gets the same response as an unknown one.
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
    summary: 'Receives events of a platform and verifies their signature.',
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
    summary: 'Receives the notice of a platform that a user removed the app: a form with a signed_request.',
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
      'Receives a data deletion request of a user, which the platform sends as a signed_request. Returns a URL that shows its progress.',
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
    summary: 'Shows a user the progress of their data deletion, by its confirmation code.',
    params: z.strictObject({ app: z.string().check(z.regex(appIdPattern)) }),
    // The platform shows its users this link, and may append parameters of its own.
    query: z.object({ code: z.string().check(z.regex(/^[0-9a-f]{32}$/)) }),
    success: { status: 200 },
    page: 'The progress of the deletion.',
    errors: ['INVALID_REQUEST', 'NOT_FOUND', 'DATABASE_ERROR', 'INTERNAL_ERROR'],
  },
  listFailures: {
    method: 'GET',
    path: '/integrations/failures',
    function: 'failures',
    caller: 'apiKey',
    summary:
      'Lists events that could not be processed or delivered, newest first. Failures are kept for two weeks.',
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
    summary: 'Returns one failure. The data of its event is masked.',
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
    summary: 'Replays a failure through its queue. Effects that already happened are not repeated.',
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
    summary: 'Counts failures that were not replayed: incoming events, and deliveries to destinations.',
    params: nothing,
    query: nothing,
    success: {
      status: 200,
      schema: z.object({
        queues: z.array(failureCountView),
        /** Whether the counts are complete; otherwise there are more failures. */
        complete: z.boolean(),
      }),
    },
    errors: always,
  },
} as const satisfies Record<string, Route>;
