/** `POST /integrations/failures/{id}/replay`: sends what failed through its queue again. */
import { json } from '../lib/api/answer.ts';
import { authenticateWith, now, openActivity, openPrecious, queueOf } from '../lib/api/compose.ts';
import { http } from '../lib/api/http.ts';
import { webhookRoutes } from '../lib/api/webhook-routes.ts';
import { readSettings } from '../lib/config.ts';
import { createFailureStore } from '../lib/webhooks/failure-store.ts';
import { viewOf } from '../lib/webhooks/list-failures.ts';
import { replayedFailure, replayFailure } from '../lib/webhooks/replay-failure.ts';

const settings = readSettings('replay-failure');
const parts = {
  failures: createFailureStore(openActivity(settings), now),
  queues: {
    incoming: queueOf('incoming', settings),
    events: queueOf('events', settings),
    deliveries: queueOf('deliveries', settings),
  },
};

export const handler = http(
  webhookRoutes.replayFailure,
  { authenticate: authenticateWith(openPrecious(settings), settings), now },
  async ({ principal, params }) =>
    json(202, {
      failure: viewOf(replayedFailure(await replayFailure(parts, principal.tenantId, params.id))),
    }),
);
