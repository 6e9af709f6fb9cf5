/** `POST /integrations/refresh/{provider}/{accountId}`: renews the credentials now. */
import { accountOf } from '../lib/api/account-request.ts';
import { json } from '../lib/api/answer.ts';
import { authenticateWith, connectionParts, now, openPrecious } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { refreshToken } from '../lib/integrations/refresh-token.ts';

const settings = readSettings('refresh');
const precious = openPrecious(settings);
const parts = connectionParts('refresh', precious, settings);

export const handler = http(
  connectionRoutes.refreshToken,
  { authenticate: authenticateWith(precious, settings), now },
  async (request) => json(200, { connection: await refreshToken(parts, accountOf(request)) }),
);
