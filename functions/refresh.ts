/** `POST /integrations/refresh/{provider}/{accountId}`: refreshes the credentials now. */

import { readSettings } from '../lib/config.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { refreshToken } from '../lib/integrations/lifecycle/refresh-token.ts';
import { authenticateWith, connectionDeps, now, openConnectionsTable } from '../lib/runtime/compose.ts';
import { accountOf } from '../lib/runtime/http/account-request.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('refresh');
const connectionsTable = openConnectionsTable(settings);
const deps = connectionDeps('refresh', connectionsTable, settings);

export const handler = http(
  connectionRoutes.refreshToken,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async (request) => json(200, { connection: await refreshToken(deps, accountOf(request)) }),
);
