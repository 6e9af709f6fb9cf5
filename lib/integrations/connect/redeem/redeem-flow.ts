/**
 * Redeems a flow's code and stores what it gives: redeem → identify → store. The code leaves the flow first and is
 * used once: everything that can be prepared is prepared before, and after an ambiguous answer the flow fails rather
 * than tries again.
 */
import type { Flow } from '../../../flows/flow.ts';
import { type FlowOutcome, flowFailure } from '../../../flows/flow-outcome.ts';
import { platformUserOf } from '../../../providers/account.ts';
import type { Secret } from '../../../telemetry/secret.ts';
import type { FlowDeps } from '../../deps.ts';
import { openPlatform } from '../../platform/open-platform.ts';
import { discardTokens, revokeReplaced } from '../../platform/revoke.ts';
import { flowContext } from '../flow-secrets.ts';
import { identifyAccounts } from './identify-accounts.ts';
import { redeemCode } from './redeem-code.ts';
import type { Redemption } from './redemption.ts';
import { storeAccounts } from './store-accounts.ts';

/** From which state of the flow the code comes; out of a pending one only against the state's nonce. */
type Origin = { readonly from: 'held' } | { readonly from: 'pending'; readonly nonce: string };

/** Answers how the flow ended, or that another request took the code before. */
export async function redeemFlow(
  deps: FlowDeps,
  flow: Flow,
  code: Secret,
  origin: Origin,
): Promise<FlowOutcome | { readonly kind: 'code_taken' }> {
  const platform = await openPlatform(deps, flow, flow);
  // Once the platform has answered, sealing must not fail for want of a key.
  const sealer = await deps.vault.sealerFor(flow.tenantId);
  const verifier =
    flow.sealedVerifier &&
    (await deps.vault.decryptToken(flow.sealedVerifier, flowContext(flow, 'verifier')));
  const nonce = origin.from === 'pending' ? origin.nonce : undefined;
  if (!(await deps.flows.redeem(flow.id, origin.from, nonce))) return { kind: 'code_taken' };

  const outcome = await connectAccounts(deps, { flow, code, verifier, platform, sealer });
  await recordOutcome(deps, flow, outcome);
  return outcome;
}

/** Every way on which tokens were obtained and are not kept ends with their discard. */
async function connectAccounts(deps: FlowDeps, redemption: Redemption): Promise<FlowOutcome> {
  const { appId } = redemption.flow;
  const redeemed = await redeemCode(redemption);
  if (redeemed.kind === 'failed') return redeemed;
  const { tokens, platform } = redeemed;

  const identified = await identifyAccounts(deps, redemption, redeemed);
  if (identified.kind === 'failed') {
    await discardTokens(deps, platform, { appId, platformUserId: tokens.subject, tokens });
    return identified;
  }

  const platformUserId = identified.accounts[0] && platformUserOf(identified.accounts[0]);
  const stored = await storeAccounts(deps, redemption, { ...redeemed, accounts: identified.accounts });
  switch (stored.kind) {
    case 'stored':
      await revokeReplaced(deps, platform, stored.replaced);
      return { kind: 'connected', accounts: stored.accounts };
    case 'taken':
      await discardTokens(deps, platform, { appId, platformUserId, tokens });
      return flowFailure('account_taken');
    case 'not_stored':
      await discardTokens(deps, platform, { appId, platformUserId, tokens });
      return flowFailure('not_stored');
    case 'possibly_stored':
      // The write may stand after all; its tokens must then live.
      return flowFailure('not_stored');
  }
}

/** The outcome is true whether or not it could be written down; a repeat of the request would only not learn it. */
async function recordOutcome(deps: FlowDeps, flow: Flow, outcome: FlowOutcome): Promise<void> {
  const recorded = await deps.flows.finish(flow.id, outcome).catch(() => false);
  if (!recorded) deps.log('warn', 'flow.outcome_unrecorded', { flowId: flow.id });
  if (outcome.kind === 'connected') deps.count('connect_completed', { provider: flow.provider });
  else deps.count('callback_failed', { provider: flow.provider, reason: outcome.reason });
}
