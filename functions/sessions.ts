/**
 * `POST /integrations/sessions`: issues a tenant's backend a session token that one user's browser may use for ten
 * minutes.
 */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { createSession } from '../lib/integrations/connect/create-session.ts';
import {
  authenticateWith,
  now,
  openConnectionsTable,
  openProviders,
  secretSource,
} from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('sessions');
const connectionsTable = openConnectionsTable(settings);
const deps = {
  tenants: createTenantStore(connectionsTable),
  providers: openProviders(),
  secrets: secretSource(),
  secretId: settings.sessionKeySecretId,
  audience: settings.publicUrl,
  insecureOrigins: settings.insecureOrigins,
  now,
};

export const handler = http(
  flowRoutes.createSession,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal, body }) =>
    json(201, await createSession(deps, { tenantId: principal.tenantId, ...body })),
);
