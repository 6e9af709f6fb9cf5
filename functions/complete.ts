/** `POST /integrations/complete`: the tenant says who is signed in; only for that user is the connection made. */
import { json } from '../lib/api/answer.ts';
import { userOf } from '../lib/api/authentication.ts';
import { completeRoute } from '../lib/api/complete-route.ts';
import {
  authenticateWith,
  connectionParts,
  flowStore,
  now,
  openActivity,
  openPrecious,
} from '../lib/api/compose.ts';
import { http } from '../lib/api/http.ts';
import { readSettings } from '../lib/config.ts';
import { completeConnection } from '../lib/integrations/complete-connection.ts';

const settings = readSettings('complete');
const precious = openPrecious(settings);
const activity = openActivity(settings);
const parts = {
  ...connectionParts('complete', precious, settings),
  flows: flowStore(activity),
  publicUrl: settings.publicUrl,
};

export const handler = http(
  completeRoute,
  { authenticate: authenticateWith(precious, settings), now },
  async ({ principal, body }) =>
    json(
      201,
      await completeConnection(parts, {
        tenantId: principal.tenantId,
        userId: userOf(principal, body.userId),
        flowId: body.flow,
        completion: body.completion,
      }),
    ),
);
