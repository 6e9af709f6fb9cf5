/** `POST /integrations/connect/{provider}`: begins a flow and answers where to send the user's browser, or connects by credentials. */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { connect } from '../lib/integrations/connect/connect.ts';
import { limitToSession } from '../lib/integrations/connect/session-limits.ts';
import {
  authenticateWith,
  connectionDeps,
  flowStore,
  now,
  openActivityTable,
  openConnectionsTable,
} from '../lib/runtime/compose.ts';
import { requireProvider, userOf } from '../lib/runtime/http/authentication.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('connect');
const precious = openConnectionsTable(settings);
const activity = openActivityTable(settings);
const deps = {
  ...connectionDeps('connect', precious, settings),
  tenants: createTenantStore(precious),
  flows: flowStore(activity),
  publicUrl: settings.publicUrl,
};

export const handler = http(
  flowRoutes.connect,
  { authenticate: authenticateWith(precious, settings), now },
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
