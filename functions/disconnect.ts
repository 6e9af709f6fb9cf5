/**
 * `DELETE /integrations/disconnect/{provider}/{accountId}`: disconnects an account here and revokes its tokens at the
 * platform.
 */

import { readSettings } from '../lib/config.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { disconnectIntegration } from '../lib/integrations/disconnect/disconnect-integration.ts';
import { authenticateWith, connectionDeps, now, openConnectionsTable } from '../lib/runtime/compose.ts';
import { accountOf } from '../lib/runtime/http/account-request.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('disconnect');
const connectionsTable = openConnectionsTable(settings);
const deps = connectionDeps('disconnect', connectionsTable, settings);

export const handler = http(
  connectionRoutes.disconnect,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async (request) => json(200, await disconnectIntegration(deps, accountOf(request))),
);
