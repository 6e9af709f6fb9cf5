/** `GET /integrations/token/{provider}/{accountId}`: returns a valid access token to the tenant's backend. */

import { readSettings } from '../lib/config.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { getAccessToken } from '../lib/integrations/tokens/get-access-token.ts';
import {
  authenticateWith,
  connectionDeps,
  now,
  openConnectionsTable,
  warmUp,
} from '../lib/runtime/compose.ts';
import { accountOf } from '../lib/runtime/http/account-request.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('token');
const connectionsTable = openConnectionsTable(settings);
const deps = connectionDeps('token', connectionsTable, settings);

// Callers wait for this function on every use, so the cold start opens the connection that the first request would.
await warmUp(connectionsTable);

export const handler = http(
  connectionRoutes.getToken,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async (request) => {
    const { accessToken, ...rest } = await getAccessToken(deps, accountOf(request));
    // The only place where a token leaves the product.
    return json(200, { accessToken: accessToken.reveal(), ...rest });
  },
);
