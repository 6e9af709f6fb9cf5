/** `DELETE /integrations/users/{userId}`: begins the end of every connection of a user. */
import { json } from '../lib/api/answer.ts';
import { authenticateWith, now, openPrecious, queueOf } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { disconnectUser } from '../lib/integrations/disconnect-user.ts';
import { createJobStore } from '../lib/tenants/job.ts';

const settings = readSettings('users');
const precious = openPrecious(settings);
const parts = { jobs: createJobStore(precious, now), queue: queueOf('jobs', settings) };

export const handler = http(
  connectionRoutes.disconnectUser,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, params }) => json(202, await disconnectUser(parts, principal.tenantId, params.userId)),
);
