/** `POST /integrations/sessions`: a tenant's backend asks for a token that one user's browser may use for ten minutes. */
import { json } from '../lib/api/answer.ts';
import { authenticateWith, now, openPrecious, secretSource } from '../lib/api/compose.ts';
import { flowRoutes } from '../lib/api/flow-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { createSession } from '../lib/integrations/create-session.ts';
import { createRegistry } from '../lib/providers/registry.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('sessions');
const precious = openPrecious(settings);
const parts = {
  tenants: createTenantStore(precious),
  registry: createRegistry(),
  secrets: secretSource(),
  secretId: settings.sessionKeySecretId,
  audience: settings.publicUrl,
  insecureOrigins: settings.insecureOrigins,
  now,
};

export const handler = http(
  flowRoutes.createSession,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, body }) =>
    json(201, await createSession(parts, { tenantId: principal.tenantId, ...body })),
);
