/**
 * The adapter between API Gateway and a handler. The handler receives a parsed request of an authenticated caller and
 * returns a result; any error that it throws becomes an error of the catalogue.
 *
 *     export const handler = http(connectionRoutes.status, { authenticate, now }, async ({ principal, query }) =>
 *       json(200, await list(principal.tenantId, query)));
 */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Route } from '../../contract/route.ts';
import type { SignedRequest } from '../../signatures/verification.ts';
import { type Write, withRequest, writeLine } from '../../telemetry/log.ts';
import type { Authenticate, Principal } from './authentication.ts';
import { type HttpResult, toResponse } from './http-result.ts';
import { authenticate } from './middleware/authenticate.ts';
import { catalogueErrors } from './middleware/catalogue-errors.ts';
import { correlate, requestIdsOf } from './middleware/correlate.ts';
import type { HttpEvent, PlatformResponse } from './middleware/http-event.ts';
import { parse } from './middleware/parse.ts';
import { type Parsed, readCookie } from './request.ts';

/** The request that a handler receives. */
export interface ApiRequest<R extends Route> extends Parsed<R> {
  /** The authenticated caller; undefined on routes that need no credential. */
  readonly principal: R['caller'] extends 'apiKey' | 'apiKeyOrSession' ? Principal : undefined;
  readonly cookie: (name: string) => string | undefined;
  /** The request as it was signed; only on platform routes, whose signatures cover the raw bytes. */
  readonly signed: R['caller'] extends 'platform' ? SignedRequest : undefined;
}

interface HttpDeps {
  /** Required on routes that need a credential. */
  readonly authenticate?: Authenticate;
  readonly now: () => number;
  readonly write?: Write;
}

type LambdaHandler = (event: APIGatewayProxyEventV2, context: Context) => Promise<PlatformResponse>;

/**
 * The Lambda handler of one route. The middlewares are created once. Their `before` runs in this order and their
 * `onError` in reverse, so that `correlate` logs the response that `catalogueErrors` built.
 */
export function http<R extends Route>(
  route: R,
  deps: HttpDeps,
  act: (request: ApiRequest<R>) => Promise<HttpResult>,
): LambdaHandler {
  const { now, write = writeLine } = deps;
  const handler = middy<HttpEvent, PlatformResponse>()
    .use(correlate(route, { now, write }))
    .use(catalogueErrors(route, { now, write }))
    .use(parse(route))
    .use(authenticate(route, deps.authenticate))
    .handler(async (event) => toResponse(await act(requestOf(event)), event.correlationId));
  // Middlewares run before and after a handler, never around it: only here can the log context enclose the request, so
  // that concurrent requests and the caller's own log lines keep their ids apart.
  return (event, context) =>
    // The gateway sends a plain event; the middlewares add the other fields before the handler reads it.
    withRequest(requestIdsOf(event), () => handler(event as HttpEvent, context));
}

/** `parse` and `authenticate` set what the route's type promises; the compiler cannot follow them through the event. */
function requestOf<R extends Route>(event: HttpEvent): ApiRequest<R> {
  const { parsed, principal } = event;
  const cookie = (name: string) => readCookie(event, name);
  return { ...parsed, principal, cookie } as unknown as ApiRequest<R>;
}
