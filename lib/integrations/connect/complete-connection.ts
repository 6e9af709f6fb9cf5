/** Completes a flow for a handler: the connections it made, or the error of the catalogue for how it ended. */
import { IntegrationError } from '../../errors.ts';
import type { FlowDeps } from '../deps.ts';
import type { ConnectedAccounts } from '../tokens/connection-view.ts';
import { type CompleteOutcome, type CompleteRequest, completeFlow } from './complete-flow.ts';

/**
 * Redeems the code of a flow for the user who began it. A repeat gets the same answer for as long as the flow lives.
 * @throws IntegrationError `FLOW_NOT_FOUND`, `FLOW_USER_MISMATCH` (the flow has ended), `FLOW_EXPIRED`,
 * `FLOW_IN_PROGRESS`, `ACCOUNT_NOT_FOUND`, and the codes of a flow's own end.
 */
export async function completeConnection(
  deps: FlowDeps,
  request: CompleteRequest,
): Promise<ConnectedAccounts> {
  const outcome = await completeFlow(deps, request);
  if (outcome.kind !== 'connected') throw errorOf(outcome);
  const { connection, connections } = outcome;
  return { connection, connections };
}

function errorOf(outcome: Exclude<CompleteOutcome, { readonly kind: 'connected' }>): IntegrationError {
  switch (outcome.kind) {
    case 'failed':
      return new IntegrationError(outcome.code, ended, { details: { reason: outcome.reason } });
    case 'expired':
      return new IntegrationError('FLOW_EXPIRED', ended);
    case 'not_found':
      return new IntegrationError(
        'FLOW_NOT_FOUND',
        'There is no such flow, or the completion is not the one it gave out.',
      );
    case 'user_mismatch':
      return new IntegrationError('FLOW_USER_MISMATCH', 'Another user began this flow. It has been stopped.');
    case 'in_progress':
      return new IntegrationError(
        'FLOW_IN_PROGRESS',
        'This flow is being completed. Ask again in a moment.',
        {
          retryAfterSeconds: 2,
        },
      );
    case 'disconnected_since':
      return new IntegrationError(
        'ACCOUNT_NOT_FOUND',
        'The account was connected and has been disconnected since.',
      );
  }
}

const ended = 'The flow ended without a connection. Start again.';
