/**
 * Ends a flow for the user who is signed in where the browser came back: only if that is the user who began does the
 * platform's code get redeemed. This is what stops a link from being finished by somebody else.
 */
import { matchesDigest } from '../../constant-time.ts';
import { type Flow, redemptionMilliseconds } from '../../flows/flow.ts';
import { type FlowFailure, type FlowOutcome, flowFailure } from '../../flows/flow-outcome.ts';
import type { AccountId, FlowId, TenantId, UserId } from '../../ids.ts';
import type { FlowDeps } from '../deps.ts';
import { type ConnectedAccounts, viewConnection } from '../tokens/connection-view.ts';
import { flowContext } from './flow-secrets.ts';
import { redeemFlow } from './redeem/redeem-flow.ts';

export interface CompleteRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly flowId: FlowId;
  readonly completion: string;
}

export type CompleteOutcome =
  | (ConnectedAccounts & { readonly kind: 'connected' })
  /** The flow ended without a connection. */
  | FlowFailure
  /** There is no such flow, or it gave out another completion. */
  | { readonly kind: 'not_found' }
  /** Another user began the flow. It has ended for that. */
  | { readonly kind: 'user_mismatch' }
  | { readonly kind: 'expired' }
  /** Another request redeems the code right now. */
  | { readonly kind: 'in_progress' }
  /** The flow connected an account, which was disconnected since. */
  | { readonly kind: 'disconnected_since' };

/** A repeat gets the same answer for as long as the flow lives. */
export async function completeFlow(deps: FlowDeps, request: CompleteRequest): Promise<CompleteOutcome> {
  const flow = await deps.flows.get(request.flowId);
  if (
    !flow?.completionDigest ||
    flow.tenantId !== request.tenantId ||
    !matchesDigest(request.completion, flow.completionDigest)
  ) {
    return { kind: 'not_found' };
  }
  if (flow.userId !== request.userId) {
    if (flow.status === 'held') await deps.flows.fail(flow, flowFailure('user'));
    return { kind: 'user_mismatch' };
  }
  const outcome = await outcomeOf(deps, flow);
  return outcome.kind === 'connected' ? viewAccounts(deps, flow, outcome.accounts) : outcome;
}

/** How the flow ended before, or ends now by the redemption of its code. */
async function outcomeOf(
  deps: FlowDeps,
  flow: Flow,
): Promise<FlowOutcome | { readonly kind: 'expired' } | { readonly kind: 'in_progress' }> {
  if (flow.outcome) return flow.outcome;
  if (flow.expiresAt <= deps.now()) return { kind: 'expired' };
  if (flow.status === 'redeeming') {
    // A request that began to redeem and died is past its longest time; nothing will come of it any more.
    const hasDied = (flow.redeemingSince ?? 0) + redemptionMilliseconds <= deps.now();
    return hasDied ? flowFailure('answer_lost') : { kind: 'in_progress' };
  }
  if (flow.status !== 'held' || !flow.sealedCode) return { kind: 'in_progress' };
  if ((flow.heldUntil ?? 0) <= deps.now()) {
    const expired = flowFailure('completion_expired');
    await deps.flows.fail(flow, expired);
    return expired;
  }
  const code = await deps.vault.decryptToken(flow.sealedCode, flowContext(flow, 'code'));
  const outcome = await redeemFlow(deps, flow, code, { from: 'held' });
  return outcome.kind === 'code_taken' ? { kind: 'in_progress' } : outcome;
}

async function viewAccounts(
  deps: Pick<FlowDeps, 'connections'>,
  flow: Flow,
  accounts: readonly AccountId[],
): Promise<CompleteOutcome> {
  const found = await Promise.all(
    accounts.map((accountId) => deps.connections.get(flow.tenantId, flow.provider, accountId)),
  );
  const connections = found.flatMap((connection) =>
    connection?.userId === flow.userId ? [viewConnection(connection)] : [],
  );
  const [connection] = connections;
  return connection ? { kind: 'connected', connection, connections } : { kind: 'disconnected_since' };
}
