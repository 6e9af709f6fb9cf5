/** What a route is: one entry of the contract. */
import type * as z from 'zod/mini';
import type { FunctionName } from '../config.ts';
import type { ErrorCode } from '../errors.ts';

/** Who may call a route. */
export type Caller =
  /** The tenant's backend. */
  | 'apiKey'
  /** The tenant's backend, or one user's browser with a session token. */
  | 'apiKeyOrSession'
  /** A browser on its way through a consent; proves itself by cookie and state. */
  | 'browser'
  /** A platform; proves itself by its signature. */
  | 'platform'
  | 'anyone';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly function: FunctionName;
  readonly caller: Caller;
  /** What it does, for the API's description. */
  readonly summary: string;
  /** Schemas of path parameters, query and body. What they do not name is refused, but in a query of a platform or of a browser. */
  readonly params: z.ZodMiniType;
  readonly query: z.ZodMiniType;
  readonly body?: z.ZodMiniType;
  readonly success: { readonly status: 200 | 201 | 202 | 303; readonly schema?: z.ZodMiniType };
  /** What a page with status 200 shows a person, where the route has one. */
  readonly page?: string;
  readonly errors: readonly ErrorCode[];
}

/** The name that API Gateway gives a route, and its events bring along. */
export function routeKeyOf({ method, path }: Pick<Route, 'method' | 'path'>): string {
  return `${method} ${path}`;
}
