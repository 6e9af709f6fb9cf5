/**
 * `GET /integrations/failures`, `GET /integrations/failures/{id}`, `GET /integrations/queues`: lists, shows and counts
 * a tenant's failures.
 */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { readSettings } from '../lib/config.ts';
import { routeKeyOf } from '../lib/contract/route.ts';
import { webhookRoutes } from '../lib/contract/webhook-routes.ts';
import { createFailureStore } from '../lib/failures/failure-store.ts';
import { countFailures, getFailure, listFailures } from '../lib/failures/failure-views.ts';
import { authenticateWith, now, openActivityTable, openConnectionsTable } from '../lib/runtime/compose.ts';
import { http } from '../lib/runtime/http/http.ts';
import { json } from '../lib/runtime/http/http-result.ts';

const settings = readSettings('failures');
const failures = createFailureStore(openActivityTable(settings), now);
const deps = { authenticate: authenticateWith(openConnectionsTable(settings), settings), now };
const usualLimit = 50;

const list = http(webhookRoutes.listFailures, deps, async ({ principal, query }) => {
  const { limit = usualLimit, cursor } = query;
  return json(200, await listFailures(failures, principal.tenantId, { limit, cursor }));
});
const get = http(webhookRoutes.getFailure, deps, async ({ principal, params }) =>
  json(200, { failure: await getFailure(failures, principal.tenantId, params.id) }),
);
const countByQueue = http(webhookRoutes.countFailures, deps, async ({ principal }) =>
  json(200, await countFailures(failures, principal.tenantId)),
);

export const handler = (event: APIGatewayProxyEventV2, context: Context) => {
  if (event.routeKey === routeKeyOf(webhookRoutes.listFailures)) return list(event, context);
  return (event.routeKey === routeKeyOf(webhookRoutes.getFailure) ? get : countByQueue)(event, context);
};
