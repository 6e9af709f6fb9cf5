/** `GET /integrations/providers`: the platforms this tenant's users can connect, with their scopes. */
import { json } from '../lib/api/answer.ts';
import { visibleProviders } from '../lib/api/authentication.ts';
import { authenticateWith, now, openPrecious } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { listProviders } from '../lib/integrations/list-providers.ts';
import { createRegistry } from '../lib/providers/registry.ts';
import { createProviderAppStore } from '../lib/tenants/provider-app.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('providers');
const precious = openPrecious(settings);
const parts = {
  tenants: createTenantStore(precious),
  apps: createProviderAppStore(precious),
  registry: createRegistry(),
};

export const handler = http(
  connectionRoutes.listProviders,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal }) => {
    const visible = visibleProviders(principal);
    return json(200, {
      providers: await listProviders(parts, { tenantId: principal.tenantId, ...(visible && { visible }) }),
    });
  },
);
