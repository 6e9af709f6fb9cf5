/**
 * Parses a request by its route's schemas. It parses only the path of a platform's request, whose signature is verified
 * first.
 */

import type { Route } from '../../../contract/route.ts';
import { parseRequest, signedRequest, unparsed } from '../request.ts';
import type { HttpMiddleware } from './http-event.ts';

/** @throws IntegrationError `INVALID_REQUEST`, `PAYLOAD_TOO_LARGE`, `UNSUPPORTED_MEDIA_TYPE`. */
export function parse(route: Route) {
  return {
    before: function parseBefore({ event }) {
      event.parsed =
        route.caller === 'platform'
          ? { ...unparsed(event), signed: signedRequest(event) }
          : parseRequest(route, event);
    },
  } satisfies HttpMiddleware;
}
