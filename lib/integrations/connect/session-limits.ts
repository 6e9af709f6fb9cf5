/** What a session may not widen: its flows use the one return URL it was minted with, and are confirmed by `complete`. */

import type { Session } from '../../access/session-token.ts';
import { IntegrationError } from '../../errors.ts';
import type { ConnectRequest } from './initiate-oauth-flow.ts';

type AnyConnect = ConnectRequest & { readonly credentials?: Readonly<Record<string, string>> };

/** @throws IntegrationError `INVALID_REQUEST`, `FORBIDDEN`. */
export function limitToSession(request: AnyConnect, session: Session): AnyConnect {
  if (request.completion === 'direct') {
    throw new IntegrationError('FORBIDDEN', 'Direct linking needs an API key.');
  }
  // Credentials connect at once; there is no browser to send anywhere.
  if (request.credentials) return request;
  if (session.returnUrl === undefined) {
    throw new IntegrationError(
      'INVALID_REQUEST',
      'This session was minted without a returnUrl, so it cannot begin a flow.',
    );
  }
  if (request.returnUrl !== undefined && request.returnUrl !== session.returnUrl) {
    throw new IntegrationError('INVALID_REQUEST', 'A session uses only the returnUrl it was minted with.');
  }
  return { ...request, returnUrl: session.returnUrl };
}
