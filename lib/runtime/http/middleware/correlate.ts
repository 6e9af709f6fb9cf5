/**
 * Puts the request's correlation id on the event and on the response, and logs the request once it is answered: route,
 * status and duration, and nothing that the caller sent. `http` runs all middlewares under the same ids.
 */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type Route, routeKeyOf } from '../../../contract/route.ts';
import type { RequestFields, Write } from '../../../telemetry/log.ts';
import type { HttpMiddleware } from './http-event.ts';

interface CorrelateOptions {
  readonly now: () => number;
  readonly write: Write;
}

export function correlate(route: Route, { now, write }: CorrelateOptions) {
  const routeKey = routeKeyOf(route);

  return {
    before: function correlateBefore({ event, internal }) {
      internal.ids = requestIdsOf(event);
      event.correlationId = internal.ids.correlationId;
      internal.startedAt = now();
    },
    after: logRequest,
    onError: logRequest,
  } satisfies HttpMiddleware;

  function logRequest({ internal, response }: Parameters<NonNullable<HttpMiddleware['after']>>[0]): void {
    const durationMs = now() - internal.startedAt;
    const time = new Date(now()).toISOString();
    const status = response?.statusCode ?? 200;
    write(
      JSON.stringify({
        time,
        level: 'info',
        event: 'request',
        ...internal.ids,
        route: routeKey,
        status,
        durationMs,
      }),
    );
  }
}

/** The gateway's request id, and as correlation id the caller's own where that is harmless text. */
export function requestIdsOf({ headers, requestContext }: APIGatewayProxyEventV2): RequestFields {
  const { requestId } = requestContext;
  const given = headers['x-correlation-id'];
  const isHarmless = given !== undefined && /^[A-Za-z0-9-]{8,64}$/.test(given);
  return { requestId, correlationId: isHarmless ? given : requestId };
}
