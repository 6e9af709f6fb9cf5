/** `DELETE /integrations/users/{userId}`: starts the job that disconnects all accounts of a user. */

import { readSettings } from '../lib/config.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { disconnectUser } from '../lib/integrations/disconnect/disconnect-user.ts';
import { createJobStore } from '../lib/jobs/job.ts';
import { authenticateWith, now, openConnectionsTable, queueOf } from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('users');
const connectionsTable = openConnectionsTable(settings);
const deps = { jobs: createJobStore(connectionsTable, now), queue: queueOf('jobs', settings) };

export const handler = http(
  connectionRoutes.disconnectUser,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal, params }) => json(202, await disconnectUser(deps, principal.tenantId, params.userId)),
);
