/**
 * Gives a request one id, which stands in each of its log lines and in its response, and logs the request once it is
 * answered: route, status and duration, and nothing that the caller sent.
 */

import { type Route, routeKeyOf } from '../../../contract/route.ts';
import { enterRequest, type Write } from '../../../telemetry/log.ts';
import type { HttpEvent, HttpMiddleware } from './http-event.ts';

interface CorrelateOptions {
  readonly now: () => number;
  readonly write: Write;
}

export function correlate(route: Route, { now, write }: CorrelateOptions) {
  const routeKey = routeKeyOf(route);

  return {
    before: function correlateBefore({ event, internal }) {
      event.correlationId = correlationIdOf(event);
      internal.ids = { requestId: event.requestContext.requestId, correlationId: event.correlationId };
      enterRequest(internal.ids);
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

/** The caller's own id where it is harmless text, else the gateway's. */
function correlationIdOf({ headers, requestContext }: HttpEvent): string {
  const given = headers['x-correlation-id'];
  return given !== undefined && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : requestContext.requestId;
}
