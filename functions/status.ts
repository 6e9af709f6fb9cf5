/** `GET /integrations/status`: lists connections, one page at a time. */

import { readSettings } from '../lib/config.ts';
import { createConnectionStore } from '../lib/connections/connection-store.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { getConnectedIntegrations } from '../lib/integrations/tokens/get-connected-integrations.ts';
import { authenticateWith, now, openConnectionsTable, openProviders } from '../lib/runtime/compose.ts';
import { visibleProviders } from '../lib/runtime/http/authentication.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';
import { listScope } from '../lib/runtime/http/list-scope.ts';

const settings = readSettings('status');
const connectionsTable = openConnectionsTable(settings);
const deps = { connections: createConnectionStore(connectionsTable), providers: openProviders() };
const usualLimit = 50;

export const handler = http(
  connectionRoutes.status,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal, query }) => {
    const { limit = usualLimit, cursor } = query;
    const visible = visibleProviders(principal);
    const page = await getConnectedIntegrations(deps, {
      tenantId: principal.tenantId,
      ...listScope(principal, query),
      ...(visible && { visible }),
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    return json(200, page);
  },
);
