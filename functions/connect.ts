/** `POST /integrations/connect/{provider}`: begins a flow and returns its start URL, or connects by credentials. */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { connect } from '../lib/integrations/connect/connect.ts';
import { limitToSession } from '../lib/integrations/connect/session-limits.ts';
import { authenticateWith, flowDeps, now, openConnectionsTable } from '../lib/runtime/compose.ts';
import { requireProvider, userOf } from '../lib/runtime/http/authentication.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('connect');
const connectionsTable = openConnectionsTable(settings);
const deps = {
  ...flowDeps('connect', connectionsTable, settings),
  tenants: createTenantStore(connectionsTable),
};

export const handler = http(
  flowRoutes.connect,
  { authenticate: authenticateWith(connectionsTable, settings), now },
  async ({ principal, params, body }) => {
    requireProvider(principal, params.provider);
    const { completion = 'confirm', reconnect, scopes, returnUrl, userId, credentials, variables } = body;
    const request = {
      tenantId: principal.tenantId,
      userId: userOf(principal, userId),
      provider: params.provider,
      completion,
      ...(returnUrl !== undefined && { returnUrl }),
      ...(scopes && { scopes }),
      ...(reconnect !== undefined && { reconnect }),
      ...(credentials && { credentials }),
      ...(variables && { variables }),
    };
    const limited = principal.kind === 'session' ? limitToSession(request, principal.session) : request;
    return json(201, await connect(deps, limited));
  },
);
