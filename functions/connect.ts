/** `POST /integrations/connect/{provider}`: begins a flow and answers where to send the user's browser, or connects by credentials. */
import { json } from '../lib/api/answer.ts';
import { requireProvider, userOf } from '../lib/api/authentication.ts';
import {
  authenticateWith,
  connectionParts,
  flowStore,
  now,
  openActivity,
  openPrecious,
} from '../lib/api/compose.ts';
import { flowRoutes } from '../lib/api/flow-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { connect } from '../lib/integrations/connect.ts';
import { limitToSession } from '../lib/integrations/session-limits.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('connect');
const precious = openPrecious(settings);
const activity = openActivity(settings);
const parts = {
  ...connectionParts('connect', precious, settings),
  tenants: createTenantStore(precious),
  flows: flowStore(activity),
  publicUrl: settings.publicUrl,
};

export const handler = http(
  flowRoutes.connect,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, params, body }) => {
    requireProvider(principal, params.provider);
    const { completion = 'confirm', reconnect, scopes, returnUrl, userId, credentials } = body;
    const request = {
      tenantId: principal.tenantId,
      userId: userOf(principal, userId),
      provider: params.provider,
      completion,
      ...(returnUrl !== undefined && { returnUrl }),
      ...(scopes && { scopes }),
      ...(reconnect !== undefined && { reconnect }),
      ...(credentials && { credentials }),
    };
    const limited = principal.kind === 'session' ? limitToSession(request, principal.session) : request;
    return json(201, await connect(parts, limited));
  },
);
