/** `POST /integrations/failures/{id}/replay`: sends a failed message back to its queue. */

import { readSettings } from '../lib/config.ts';
import { webhookRoutes } from '../lib/contract/webhook-routes.ts';
import { createFailureStore } from '../lib/failures/failure-store.ts';
import { failureView } from '../lib/failures/failure-views.ts';
import { replayFailure, requireReplayed } from '../lib/failures/replay-failure.ts';
import {
  authenticateWith,
  now,
  openActivityTable,
  openConnectionsTable,
  queueOf,
} from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('replay-failure');
const deps = {
  failures: createFailureStore(openActivityTable(settings), now),
  queues: {
    incoming: queueOf('incoming', settings),
    events: queueOf('events', settings),
    deliveries: queueOf('deliveries', settings),
  },
};

export const handler = http(
  webhookRoutes.replayFailure,
  { authenticate: authenticateWith(openConnectionsTable(settings), settings), now },
  async ({ principal, params }) =>
    json(202, {
      failure: failureView(requireReplayed(await replayFailure(deps, principal.tenantId, params.id))),
    }),
);
