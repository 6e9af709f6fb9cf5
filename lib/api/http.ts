/**
 * The adapter between API Gateway and a handler: ids, parsing, authentication, errors, headers. A handler sees a
 * parsed request and returns an answer; whatever it throws becomes an error of the catalogue.
 */
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { catalogue, IntegrationError } from '../errors.ts';
import type { SignedRequest } from '../signatures/verification.ts';
import { type LogFields, logError, type Write, withRequest, writeLine } from '../telemetry/log.ts';
import { createCount } from '../telemetry/metrics.ts';
import { type Answer, failurePage, toResponse } from './answer.ts';
import type { Authenticate, Principal } from './authentication.ts';
import { type Parsed, parseRequest, readCookie, signedRequest, unparsed } from './request.ts';
import { type Route, routeKeyOf } from './route.ts';

/** What a handler sees of a request. */
export interface ApiRequest<R extends Route> extends Parsed<R> {
  /** The proven caller; absent on routes that need no credential. */
  readonly principal: R['caller'] extends 'apiKey' | 'apiKeyOrSession' ? Principal : undefined;
  readonly cookie: (name: string) => string | undefined;
  /** The request as it was signed; only for platforms, whose signatures are over raw bytes. */
  readonly signed: R['caller'] extends 'platform' ? SignedRequest : undefined;
}

export interface HttpParts {
  /** Needed by routes that ask for a credential. */
  readonly authenticate?: Authenticate;
  readonly now: () => number;
  readonly write?: Write;
}

type Event = APIGatewayProxyEventV2;
type Response = APIGatewayProxyStructuredResultV2;

/** The Lambda handler of one route. */
export function http<R extends Route>(
  route: R,
  parts: HttpParts,
  act: (request: ApiRequest<R>) => Promise<Answer>,
) {
  const { now, write = writeLine } = parts;
  const count = createCount(now, write);
  const routeKey = routeKeyOf(route);

  const answerRequest = middy<Event, Response, Error, Context>()
    .use({ onError: catalogueOnError })
    .handler(async (event) => {
      const authorization = {
        authorization: event.headers['authorization'],
        origin: event.headers['origin'],
      };
      const parsed = route.caller === 'platform' ? unparsed(event) : parseRequest(route, event);
      const principal = await parts.authenticate?.(route.caller, authorization);
      if (needsCredential(route) && !principal)
        throw new IntegrationError('UNAUTHORIZED', 'This route needs a credential.');
      const request = {
        ...parsed,
        principal,
        cookie: (name: string) => readCookie(event, name),
        ...(route.caller === 'platform' && { signed: signedRequest(event) }),
      } as unknown as ApiRequest<R>;
      return toResponse(await act(request), correlationIdOf(event));
    });

  return async (event: Event, context: Context): Promise<Response> => {
    const ids = { requestId: event.requestContext.requestId, correlationId: correlationIdOf(event) };
    return withRequest(ids, async () => {
      const began = now();
      const response = await answerRequest(event, context);
      const fields: LogFields = {
        route: routeKey,
        status: response.statusCode ?? 200,
        durationMs: now() - began,
      };
      write(
        JSON.stringify({
          time: new Date(now()).toISOString(),
          level: 'info',
          event: 'request',
          ...ids,
          ...fields,
        }),
      );
      return response;
    });
  };

  function catalogueOnError(request: {
    readonly error: Error | null;
    readonly event: Event;
    response: Response | null | undefined;
  }) {
    const error = asCatalogued(request.error);
    const { status, retryable, userMessage } = catalogue[error.code];
    // What failed on our side; a platform's failures are counted by outcome and would only drown it.
    if (status === 500 || status === 503) logError(write, route.function, now, request.error);
    if (error.code === 'UNAUTHORIZED') count('unauthorized');
    const correlationId = correlationIdOf(request.event);
    const wait = retryable && { retryAfterSeconds: error.retryAfterSeconds ?? 1 };
    request.response = toResponse(
      route.caller === 'browser'
        ? { ...failurePage(error.code), ...wait }
        : {
            kind: 'json',
            status,
            body: {
              error: {
                code: error.code,
                message: error.message,
                retryable,
                userMessage,
                ...(error.details && { details: error.details }),
                correlationId,
              },
            },
            ...wait,
          },
      correlationId,
    );
  }
}

function needsCredential(route: Route): boolean {
  return route.caller === 'apiKey' || route.caller === 'apiKeyOrSession';
}

function asCatalogued(error: unknown): IntegrationError {
  if (error instanceof IntegrationError) return error;
  return new IntegrationError('INTERNAL_ERROR', 'Something unexpected happened. Quote the correlation id.', {
    cause: error,
  });
}

/** The caller's own id where it is harmless text, else the gateway's. */
function correlationIdOf(event: Event): string {
  const given = event.headers['x-correlation-id'];
  return given !== undefined && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : event.requestContext.requestId;
}
