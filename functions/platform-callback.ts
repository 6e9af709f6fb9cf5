/**
 * `POST /integrations/deauthorize/{context}` and `POST /integrations/data-deletion/{context}`: a platform tells that a
 * user removed the app, or wants their data deleted.
 */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { json } from '../lib/api/answer.ts';
import { now } from '../lib/api/compose.ts';
import { callbackParts } from '../lib/api/compose-webhooks.ts';
import { http } from '../lib/api/http.ts';
import { routeKeyOf } from '../lib/api/route.ts';
import { webhookRoutes } from '../lib/api/webhook-routes.ts';
import { readSettings } from '../lib/config.ts';
import { receiveDataDeletion, receiveDeauthorization } from '../lib/webhooks/signed-callback.ts';

const parts = callbackParts(readSettings('platform-callback'));

const deauthorize = http(webhookRoutes.deauthorize, { now }, async ({ params, signed }) => {
  await receiveDeauthorization(parts, params.context, signed);
  return { kind: 'text', status: 200, body: '' };
});
const dataDeletion = http(webhookRoutes.dataDeletion, { now }, async ({ params, signed }) => {
  const { url, confirmationCode } = await receiveDataDeletion(parts, params.context, signed);
  return json(200, { url, confirmation_code: confirmationCode });
});
const deletionKey = routeKeyOf(webhookRoutes.dataDeletion);

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.routeKey === deletionKey ? dataDeletion : deauthorize)(event, context);
