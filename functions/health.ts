/** `GET /health` and `GET /openapi.json`: says that the API is there, and what it is. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { json } from '../lib/api/answer.ts';
import { now } from '../lib/api/compose.ts';
import { http } from '../lib/api/http.ts';
import { openApi } from '../lib/api/open-api.ts';
import { serviceRoutes } from '../lib/api/service-routes.ts';
import { readSettings } from '../lib/config.ts';

const settings = readSettings('health');
const document = openApi(settings.publicUrl);
const health = http(serviceRoutes.health, { now }, async () => json(200, { status: 'ok' }));
const description = http(serviceRoutes.openApi, { now }, async () => json(200, document));

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.rawPath === serviceRoutes.openApi.path ? description : health)(event, context);
