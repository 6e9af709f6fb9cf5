/**
 * `POST /integrations/deauthorize/{app}` and `POST /integrations/data-deletion/{app}`: receives a
 * platform's notice that a user removed the app or requested the deletion of their data.
 */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { readSettings } from '../lib/config.ts';
import { routeKeyOf } from '../lib/contract/route.ts';
import { webhookRoutes } from '../lib/contract/webhook-routes.ts';
import { receiveDataDeletion, receiveDeauthorization } from '../lib/data-deletion/receive-signed-callback.ts';
import { now } from '../lib/runtime/compose.ts';
import { callbackDeps } from '../lib/runtime/compose-webhooks.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const deps = callbackDeps(readSettings('platform-callback'));

const deauthorize = http(webhookRoutes.deauthorize, { now }, async ({ params, signed }) => {
  await receiveDeauthorization(deps, params.app, signed);
  return { kind: 'text', status: 200, body: '' };
});
const dataDeletion = http(webhookRoutes.dataDeletion, { now }, async ({ params, signed }) => {
  const { url, confirmationCode } = await receiveDataDeletion(deps, params.app, signed);
  return json(200, { url, confirmation_code: confirmationCode });
});
const deletionKey = routeKeyOf(webhookRoutes.dataDeletion);

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.routeKey === deletionKey ? dataDeletion : deauthorize)(event, context);
