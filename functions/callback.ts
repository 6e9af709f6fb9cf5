/** `GET /integrations/callback/{app}`: the browser comes back from the platform and goes on to the return URL. */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { handleOAuthCallback } from '../lib/integrations/connect/handle-oauth-callback.ts';
import {
  connectionDeps,
  flowStore,
  now,
  openActivityTable,
  openConnectionsTable,
  stateSecrets,
} from '../lib/runtime/compose.ts';
import { flowCookie } from '../lib/runtime/http/flow-cookie.ts';
import { http } from '../lib/runtime/http/http.ts';
import { failurePage, type HttpResult } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('callback');
const precious = openConnectionsTable(settings);
const activity = openActivityTable(settings);
const shared = connectionDeps('callback', precious, settings);
const deps = {
  ...shared,
  flows: flowStore(activity),
  stateSecrets: stateSecrets(shared.secrets, settings),
  publicUrl: settings.publicUrl,
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
