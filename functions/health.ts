/** `GET /health` and `GET /openapi.json`: says that the API is there, and what it is. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { json } from '../lib/api/answer.ts';
import { now } from '../lib/api/compose.ts';
import { contract } from '../lib/api/contract.ts';
import { http } from '../lib/api/http.ts';
import { openApi } from '../lib/api/open-api.ts';
import { readSettings } from '../lib/config.ts';

const settings = readSettings('health');
const health = http(contract.health, { now }, async () => json(200, { status: 'ok' }));
const description = http(contract.openApi, { now }, async () => json(200, openApi(settings.publicUrl)));

export const handler = (event: APIGatewayProxyEventV2, context: Context) =>
  (event.rawPath === contract.openApi.path ? description : health)(event, context);
