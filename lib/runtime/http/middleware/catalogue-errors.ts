/**
 * Turns every error into a response from the error catalogue: JSON for programs, a page for browsers. An unexpected
 * error reveals nothing about itself to the caller.
 */

import type { Route } from '../../../contract/route.ts';
import { catalogue, IntegrationError } from '../../../errors.ts';
import { logError, type Write } from '../../../telemetry/log.ts';
import { createCount } from '../../../telemetry/metrics.ts';
import { failurePage, type HttpResult, toResponse } from '../http-result.ts';
import type { HttpMiddleware } from './http-event.ts';

interface CatalogueOptions {
  readonly now: () => number;
  readonly write: Write;
}

export function catalogueErrors(route: Route, { now, write }: CatalogueOptions) {
  const count = createCount(now, write);

  return {
    onError: function catalogueOnError(request) {
      const error = asCatalogued(request.error);
      const { status } = catalogue[error.code];
      // Only failures on our side: the metrics count a platform's failures, which would flood the log.
      if (status === 500 || status === 503) logError(write, route.function, now, request.error);
      if (error.code === 'UNAUTHORIZED') count('unauthorized');
      const { correlationId } = request.event;
      request.response = toResponse(resultOf(error, route, correlationId), correlationId);
    },
  } satisfies HttpMiddleware;
}

function resultOf(error: IntegrationError, route: Route, correlationId: string): HttpResult {
  const { code, message, details } = error;
  const { status, retryable, userMessage } = catalogue[code];
  const wait = retryable && { retryAfterSeconds: error.retryAfterSeconds ?? 1 };
  if (route.caller === 'browser') return { ...failurePage(code), ...wait };
  const body = {
    error: { code, message, retryable, userMessage, ...(details && { details }), correlationId },
  };
  return { kind: 'json', status, body, ...wait };
}

function asCatalogued(error: unknown): IntegrationError {
  if (error instanceof IntegrationError) return error;
  return new IntegrationError('INTERNAL_ERROR', 'Something unexpected happened. Quote the correlation id.', {
    cause: error,
  });
}
