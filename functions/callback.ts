/** `GET /integrations/callback/{app}`: receives the browser from the platform and redirects it to the return URL. */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { handleOAuthCallback } from '../lib/integrations/connect/handle-oauth-callback.ts';
import { flowDeps, now, openConnectionsTable, stateSecrets } from '../lib/runtime/compose.ts';
import { flowCookie } from '../lib/runtime/http/flow-cookie.ts';
import { http } from '../lib/runtime/http/http.ts';
import { failurePage, type HttpResult } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('callback');
const connectionsTable = openConnectionsTable(settings);
const shared = flowDeps('callback', connectionsTable, settings);
const deps = {
  ...shared,
  stateSecrets: stateSecrets(shared.secrets, settings),
};

export const handler = http(
  flowRoutes.callback,
  { now },
  async ({ params, query, cookie }): Promise<HttpResult> => {
    const result = await handleOAuthCallback(deps, {
      app: params.app,
      state: query.state,
      code: query.code,
      error: query.error,
      errorReason: query.error_reason,
      errorCode: query.error_code,
      issuer: query.iss,
      browserSecretOf: (flowId) => cookie(flowCookie(settings.publicUrl, flowId).name),
    });
    if (result.kind === 'redirect') {
      return {
        kind: 'redirect',
        url: result.url,
        cookie: flowCookie(settings.publicUrl, result.flowId).clear(),
      };
    }
    return failurePage(result.code);
  },
);
