/** Authenticates the caller. A route that needs a credential never reaches its handler without one. */

import type { Route } from '../../../contract/route.ts';
import { IntegrationError } from '../../../errors.ts';
import type { Authenticate } from '../authentication.ts';
import type { HttpMiddleware } from './http-event.ts';

/**
 * @param authenticateCaller required on routes that need a credential.
 * @throws IntegrationError `UNAUTHORIZED`, `FORBIDDEN`.
 */
export function authenticate({ caller }: Route, authenticateCaller: Authenticate | undefined) {
  const needsCredential = caller === 'apiKey' || caller === 'apiKeyOrSession';

  return {
    before: async function authenticateBefore({ event }) {
      event.principal = undefined;
      if (!needsCredential) return;
      const { authorization, origin } = event.headers;
      event.principal = await authenticateCaller?.(caller, { authorization, origin });
      if (!event.principal) throw new IntegrationError('UNAUTHORIZED', 'This route needs a credential.');
    },
  } satisfies HttpMiddleware;
}
