/** `GET /integrations/status`: lists connections, a page at a time. */
import { json } from '../lib/api/answer.ts';
import { visibleProviders } from '../lib/api/authentication.ts';
import { authenticateWith, now, openPrecious } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { listScope } from '../lib/api/list-scope.ts';
import { readSettings } from '../lib/config.ts';
import { createConnectionStore } from '../lib/connections/connection-store.ts';
import { getConnectedIntegrations } from '../lib/integrations/get-connected-integrations.ts';
import { createRegistry } from '../lib/providers/registry.ts';

const settings = readSettings('status');
const precious = openPrecious(settings);
const parts = { connections: createConnectionStore(precious), registry: createRegistry() };
const usualLimit = 50;

export const handler = http(
  connectionRoutes.status,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, query }) => {
    const { limit = usualLimit, cursor } = query;
    const visible = visibleProviders(principal);
    const page = await getConnectedIntegrations(parts, {
      tenantId: principal.tenantId,
      ...listScope(principal, query),
      ...(visible && { visible }),
      limit,
      ...(cursor !== undefined && { cursor }),
    });
    return json(200, page);
  },
);
