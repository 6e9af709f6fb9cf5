/** `POST /integrations/connect/{provider}`: begins a flow and answers where to send the user's browser. */
import { json } from '../lib/api/answer.ts';
import { requireProvider, userOf } from '../lib/api/authentication.ts';
import {
  authenticateWith,
  count,
  flowStore,
  now,
  openActivity,
  openPrecious,
  vaultOf,
} from '../lib/api/compose.ts';
import { contract } from '../lib/api/contract.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { createConnectionStore } from '../lib/connections/connection-store.ts';
import { initiateOAuthFlow } from '../lib/integrations/initiate-oauth-flow.ts';
import { limitToSession } from '../lib/integrations/session-limits.ts';
import { createRegistry } from '../lib/providers/registry.ts';
import { createProviderAppStore } from '../lib/tenants/provider-app.ts';
import { createTenantStore } from '../lib/tenants/tenant.ts';

const settings = readSettings('connect');
const precious = openPrecious(settings);
const activity = openActivity(settings);
const parts = {
  tenants: createTenantStore(precious),
  apps: createProviderAppStore(precious),
  connections: createConnectionStore(precious),
  flows: flowStore(activity),
  vault: vaultOf(precious, settings),
  registry: createRegistry(settings.platformOrigins),
  publicUrl: settings.publicUrl,
  now,
  count,
};

export const handler = http(
  contract.connect,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, params, body }) => {
    requireProvider(principal, params.provider);
    const { completion = 'confirm', reconnect, scopes, returnUrl, userId } = body;
    const request = {
      tenantId: principal.tenantId,
      userId: userOf(principal, userId),
      provider: params.provider,
      completion,
      ...(returnUrl !== undefined && { returnUrl }),
      ...(scopes && { scopes }),
      ...(reconnect !== undefined && { reconnect }),
    };
    const limited = principal.kind === 'session' ? limitToSession(request, principal.session) : request;
    return json(201, await initiateOAuthFlow(parts, limited));
  },
);
