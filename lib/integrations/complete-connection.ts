/**
 * Completes a flow: the tenant says which user is signed in where the browser came back, and only if that is the user
 * who began is the platform's code redeemed. This is what stops a link from being finished by somebody else.
 */

import type { Connection } from '../connections/connection.ts';
import { matchesDigest } from '../constant-time.ts';
import { catalogue, type ErrorCode, IntegrationError } from '../errors.ts';
import { type Flow, type FlowOutcome, redemptionMilliseconds } from '../flows/flow.ts';
import type { FlowId, TenantId, UserId } from '../ids.ts';
import type { ConnectionView } from '../views.ts';
import { viewConnection } from './connection-view.ts';
import { flowContext } from './flow-secrets.ts';
import type { FlowParts } from './parts.ts';
import { redeemFlow } from './redeem-flow.ts';

export interface CompleteRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly flowId: FlowId;
  readonly completion: string;
}

export interface Connected {
  readonly connection: ConnectionView;
  /** Every connection of the grant, the first one included. */
  readonly connections: readonly ConnectionView[];
}

/**
 * Redeems the code of a flow for the user who began it. A repeat gets the same answer for as long as the flow lives.
 * @throws IntegrationError `FLOW_NOT_FOUND`, `FLOW_USER_MISMATCH` (the flow is burnt), `FLOW_EXPIRED`,
 * `FLOW_IN_PROGRESS`, and whatever ended the flow.
 */
export async function completeConnection(parts: FlowParts, request: CompleteRequest): Promise<Connected> {
  const flow = await parts.flows.get(request.flowId);
  if (
    !flow?.completionDigest ||
    flow.tenantId !== request.tenantId ||
    !matchesDigest(request.completion, flow.completionDigest)
  ) {
    throw new IntegrationError(
      'FLOW_NOT_FOUND',
      'There is no such flow, or the completion is not the one it gave out.',
    );
  }
  if (flow.userId !== request.userId) {
    if (flow.status === 'held') {
      await parts.flows.fail(flow, { kind: 'failed', code: 'FLOW_USER_MISMATCH', reason: 'user' });
    }
    throw new IntegrationError('FLOW_USER_MISMATCH', 'Another user began this flow. It has been stopped.');
  }
  return answer(parts, flow, await settle(parts, flow));
}

async function settle(parts: FlowParts, flow: Flow): Promise<FlowOutcome> {
  if (flow.outcome) return flow.outcome;
  if (flow.expiresAt <= parts.now()) return { kind: 'failed', code: 'FLOW_EXPIRED' };
  if (flow.status === 'redeeming') return awaitRedemption(parts, flow);
  if (flow.status !== 'held' || !flow.sealedCode) throw inProgress();
  if ((flow.heldUntil ?? 0) <= parts.now()) {
    const expired = { kind: 'failed', code: 'FLOW_EXPIRED', reason: 'completion_expired' } as const;
    await parts.flows.fail(flow, expired);
    return expired;
  }
  const code = await parts.vault.decryptToken(flow.sealedCode, flowContext(flow, 'code'));
  const outcome = await redeemFlow(parts, flow, code, { from: 'held' });
  if (outcome === 'taken') throw inProgress();
  return outcome;
}

/** Somebody else is redeeming, or began to and died; after its longest time nothing will come of it any more. */
function awaitRedemption(parts: FlowParts, flow: Flow): FlowOutcome {
  if ((flow.redeemingSince ?? 0) + redemptionMilliseconds > parts.now()) throw inProgress();
  return { kind: 'failed', code: 'OAUTH_CALLBACK_ERROR', reason: 'answer_lost' };
}

async function answer(parts: FlowParts, flow: Flow, outcome: FlowOutcome): Promise<Connected> {
  if (outcome.kind === 'failed') {
    const code: ErrorCode = Object.hasOwn(catalogue, outcome.code)
      ? (outcome.code as ErrorCode)
      : 'OAUTH_CALLBACK_ERROR';
    throw new IntegrationError(code, 'The flow ended without a connection. Start again.', {
      ...(outcome.reason !== undefined && { details: { reason: outcome.reason } }),
    });
  }
  const found = await Promise.all(
    outcome.accounts.map((accountId) => parts.connections.get(flow.tenantId, flow.provider, accountId)),
  );
  const connections = found
    .filter((connection): connection is NonNullable<typeof connection> => connection?.userId === flow.userId)
    .map((connection: Connection) => viewConnection(connection));
  const [connection] = connections;
  if (!connection)
    throw new IntegrationError(
      'ACCOUNT_NOT_FOUND',
      'The account was connected and has been disconnected since.',
    );
  return { connection, connections };
}

function inProgress(): IntegrationError {
  return new IntegrationError('FLOW_IN_PROGRESS', 'This flow is being completed. Ask again in a moment.', {
    retryAfterSeconds: 2,
  });
}
