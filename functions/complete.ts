/** `POST /integrations/complete`: the tenant confirms which user is signed in, and that user gets the connection. */

import { readSettings } from '../lib/config.ts';
import { completeRoute } from '../lib/contract/complete-route.ts';
import { completeConnection } from '../lib/integrations/connect/complete-connection.ts';
import { authenticateWith, flowDeps, now, openConnectionsTable } from '../lib/runtime/compose.ts';
import { userOf } from '../lib/runtime/http/authentication.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('complete');
const connectionsTable = openConnectionsTable(settings);
const deps = flowDeps('complete', connectionsTable, settings);

export const handler = http(
  completeRoute,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal, body }) =>
    json(
      201,
      await completeConnection(deps, {
        tenantId: principal.tenantId,
        userId: userOf(principal, body.userId),
        flowId: body.flow,
        completion: body.completion,
      }),
    ),
);
