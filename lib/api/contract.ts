/**
 * The API, once: every route with its method, path, caller, schemas and errors. Handlers, the topology, `openapi.json`
 * and the fuzz tests all come from this list; a handler takes its own group of it, so that it does not carry the others.
 */
import * as z from 'zod/mini';
import { connectionRoutes } from './connection-routes.ts';
import { nothing } from './contract-schemas.ts';
import { flowRoutes } from './flow-routes.ts';
import type { Route } from './route.ts';
import { webhookRoutes } from './webhook-routes.ts';

export const contract = {
  ...flowRoutes,
  ...connectionRoutes,
  ...webhookRoutes,
  health: {
    method: 'GET',
    path: '/health',
    function: 'health',
    caller: 'anyone',
    summary: 'Says that the API is reachable.',
    params: nothing,
    query: nothing,
    success: { status: 200, schema: z.object({ status: z.literal('ok') }) },
    errors: ['INVALID_REQUEST', 'INTERNAL_ERROR'],
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    function: 'health',
    caller: 'anyone',
    summary: 'This API in OpenAPI 3.1.',
    params: nothing,
    query: nothing,
    success: { status: 200, schema: z.record(z.string(), z.unknown()) },
    errors: ['INVALID_REQUEST', 'INTERNAL_ERROR'],
  },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof contract;
