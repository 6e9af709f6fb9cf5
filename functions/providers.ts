/** `GET /integrations/providers`: lists the platforms that this tenant's users can connect, with their scopes. */

import { readSettings } from '../lib/config.ts';
import { connectionRoutes } from '../lib/contract/connection-routes.ts';
import { listProviders } from '../lib/integrations/connect/list-providers.ts';
import { createProviderAppStore } from '../lib/provider-apps/provider-app.ts';
import { authenticateWith, now, openConnectionsTable, openProviders } from '../lib/runtime/compose.ts';
import { visibleProviders } from '../lib/runtime/http/authentication.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('providers');
const connectionsTable = openConnectionsTable(settings);
const deps = {
  tenants: createTenantStore(connectionsTable),
  apps: createProviderAppStore(connectionsTable),
  providers: openProviders(),
};

export const handler = http(
  connectionRoutes.listProviders,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal }) => {
    const visible = visibleProviders(principal);
    return json(200, {
      providers: await listProviders(deps, { tenantId: principal.tenantId, ...(visible && { visible }) }),
    });
  },
);
