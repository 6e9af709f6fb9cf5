/** `DELETE /integrations/disconnect/{provider}/{accountId}`: ends the connection here and at the platform. */
import { accountOf } from '../lib/api/account-request.ts';
import { json } from '../lib/api/answer.ts';
import { authenticateWith, connectionParts, now, openPrecious } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { disconnectIntegration } from '../lib/integrations/disconnect-integration.ts';

const settings = readSettings('disconnect');
const precious = openPrecious(settings);
const parts = connectionParts('disconnect', precious, settings);

export const handler = http(
  connectionRoutes.disconnect,
  { authenticate: authenticateWith(precious, settings), now },
  async (request) => json(200, await disconnectIntegration(parts, accountOf(request))),
);
