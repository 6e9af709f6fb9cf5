/** Routes about the API itself. */
import * as z from 'zod/mini';
import type { Route } from './route.ts';
import { nothing } from './schemas.ts';

export const serviceRoutes = {
  health: {
    method: 'GET',
    path: '/health',
    function: 'health',
    caller: 'anyone',
    summary: 'Reports that the API is reachable.',
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
    summary: 'Returns the OpenAPI 3.1 document of this API.',
    params: nothing,
    query: nothing,
    success: { status: 200, schema: z.record(z.string(), z.unknown()) },
    errors: ['INVALID_REQUEST', 'INTERNAL_ERROR'],
  },
} as const satisfies Record<string, Route>;
