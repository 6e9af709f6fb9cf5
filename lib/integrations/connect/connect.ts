/** Connects an account for a handler, by the platform's own way: a consent that begins here, or credentials given at once. */
import { IntegrationError } from '../../errors.ts';
import type { ConnectDeps, ConnectionDeps } from '../deps.ts';
import { findProvider } from '../platform/find-provider.ts';
import type { ConnectedAccounts } from '../tokens/connection-view.ts';
import { connectCredentials } from './connect-credentials.ts';
import { credentialsError, initiateError } from './connect-errors.ts';
import { type ConnectRequest, initiateOAuthFlow, type StartedFlow } from './initiate-oauth-flow.ts';

/**
 * @throws IntegrationError `INVALID_PROVIDER`, `INVALID_REQUEST`, `OAUTH_INIT_ERROR`, `TENANT_DELETED`; for a consent
 * also `INVALID_SCOPE`, `FORBIDDEN`, `ACCOUNT_NOT_FOUND`; for credentials also `ACCOUNT_MISMATCH`,
 * `CREDENTIALS_REFUSED`, `ACCOUNT_ALREADY_CONNECTED`, `PROVIDER_ERROR`.
 */
export async function connect(
  deps: ConnectDeps & ConnectionDeps,
  request: ConnectRequest & { readonly credentials?: Readonly<Record<string, string>> },
): Promise<StartedFlow | ConnectedAccounts> {
  const { credentials, ...flowRequest } = request;
  const provider = await findProvider(deps.providers, request);
  if (provider.probe) {
    if (!credentials) {
      throw new IntegrationError(
        'INVALID_REQUEST',
        'This provider takes credentials. See its fields in GET /integrations/providers.',
      );
    }
    const { tenantId, userId, reconnect, variables } = request;
    const outcome = await connectCredentials(deps, provider, {
      tenantId,
      userId,
      credentials,
      ...(reconnect !== undefined && { reconnect }),
      ...(variables && { variables }),
    });
    if (outcome.kind !== 'connected') throw credentialsError(outcome);
    const { connection, connections } = outcome;
    return { connection, connections };
  }
  if (credentials) {
    throw new IntegrationError('INVALID_REQUEST', 'This provider takes a consent and no credentials.');
  }
  const outcome = await initiateOAuthFlow(deps, flowRequest);
  if (outcome.kind !== 'started') throw initiateError(outcome);
  return outcome.flow;
}
