/**
 * `GET /integrations/start/{flowId}`: binds the flow to the browser that opened the link and sends it to the platform.
 */

import { readSettings } from '../lib/config.ts';
import { flowRoutes } from '../lib/contract/flow-routes.ts';
import { startFlow } from '../lib/integrations/connect/start-flow.ts';
import {
  flowStore,
  now,
  openActivityTable,
  openProviders,
  secretSource,
  stateSecrets,
} from '../lib/runtime/compose.ts';
import { flowCookie } from '../lib/runtime/http/flow-cookie.ts';
import { http } from '../lib/runtime/http/http.ts';
import { failurePage, type HttpResult } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('start');
const deps = {
  flows: flowStore(openActivityTable(settings)),
  providers: openProviders(),
  origins: settings.platformOrigins,
  stateSecrets: stateSecrets(secretSource(), settings),
  now,
};

export const handler = http(
  flowRoutes.start,
  { now },
  async ({ params, query, cookie }): Promise<HttpResult> => {
    const browser = flowCookie(settings.publicUrl, params.flowId);
    const started = await startFlow(deps, {
      flowId: params.flowId,
      browserSecret: cookie(browser.name),
      agreed: query.agreed === 'yes',
    });
    switch (started.kind) {
      case 'redirect':
        return {
          kind: 'redirect',
          url: started.url,
          cookie: browser.set(started.browserSecret, started.maxAgeSeconds),
        };
      case 'ask':
        return {
          kind: 'page',
          status: 200,
          title: `Give ${started.tenantName} access?`,
          text: `${started.tenantName} will get access to your ${started.providerName} account, for its user “${started.userId}”.\n\nContinue only if you trust it and this is you.`,
          link: { href: '?agreed=yes', text: `Continue to ${started.providerName}` },
        };
      case 'refused':
        return failurePage(started.code, 'This link does not work');
    }
  },
);
