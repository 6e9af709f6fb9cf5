/** `GET /health` and `GET /openapi.json`: reports that the API is up, and describes it. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { readSettings } from '../lib/config.ts';
import { openApi } from '../lib/contract/open-api.ts';
import { serviceRoutes } from '../lib/contract/service-routes.ts';
import { now } from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('health');
const document = openApi(settings.publicUrl);
const health = http(serviceRoutes.health, { now }, async () => json(200, { status: 'ok' }));
const description = http(serviceRoutes.openApi, { now }, async () => json(200, document));

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.rawPath === serviceRoutes.openApi.path ? description : health)(event, context);
