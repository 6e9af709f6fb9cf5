/** Connects an account, in the way its platform knows: by a consent that begins here, or by credentials given at once. */
import { IntegrationError } from '../errors.ts';
import type { Connected } from './complete-connection.ts';
import { connectCredentials } from './connect-credentials.ts';
import { type ConnectRequest, initiateOAuthFlow, type StartedFlow } from './initiate-oauth-flow.ts';
import { type ConnectionParts, type ConnectParts, findProvider } from './parts.ts';

/** @throws IntegrationError as {@link initiateOAuthFlow} or {@link connectCredentials} do. */
export async function connect(
  parts: ConnectParts & ConnectionParts,
  request: ConnectRequest & { readonly credentials?: Readonly<Record<string, string>> },
): Promise<StartedFlow | Connected> {
  const { credentials, ...flow } = request;
  const provider = findProvider(parts.registry, request.provider);
  if (provider.auth === 'credentials') {
    if (!credentials) {
      throw new IntegrationError(
        'INVALID_REQUEST',
        'This provider takes credentials. See its fields in GET /integrations/providers.',
      );
    }
    const { tenantId, userId, reconnect } = request;
    return connectCredentials(parts, provider, {
      tenantId,
      userId,
      credentials,
      ...(reconnect !== undefined && { reconnect }),
    });
  }
  if (credentials) {
    throw new IntegrationError('INVALID_REQUEST', 'This provider takes a consent and no credentials.');
  }
  return initiateOAuthFlow(parts, flow);
}
