/** `GET /integrations/token/{provider}/{accountId}`: hands a valid access token to the tenant's backend. */
import { accountOf } from '../lib/api/account-request.ts';
import { json } from '../lib/api/answer.ts';
import { authenticateWith, connectionParts, now, openPrecious, warmUp } from '../lib/api/compose.ts';
import { connectionRoutes } from '../lib/api/connection-routes.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { getAccessToken } from '../lib/integrations/get-access-token.ts';

const settings = readSettings('token');
const precious = openPrecious(settings);
const parts = connectionParts('token', precious, settings);

// The one function that people wait for each time: its start pays for what its first request would.
await warmUp(precious);

export const handler = http(
  connectionRoutes.getToken,
  { authenticate: authenticateWith(precious, settings), now },
  async (request) => {
    const { accessToken, ...rest } = await getAccessToken(parts, accountOf(request));
    // The one place where a token leaves.
    return json(200, { accessToken: accessToken.reveal(), ...rest });
  },
);
