/**
 * The API, once: every route with its method, path, caller, schemas and errors. Handlers, the topology, `openapi.json`
 * and the fuzz tests all come from this list; a handler takes its own group of it, so that it does not carry the others.
 */
import { connectionRoutes } from './connection-routes.ts';
import { flowRoutes } from './flow-routes.ts';
import type { Route } from './route.ts';
import { serviceRoutes } from './service-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

export const contract = {
  ...flowRoutes,
  ...connectionRoutes,
  ...webhookRoutes,
  ...serviceRoutes,
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof contract;
