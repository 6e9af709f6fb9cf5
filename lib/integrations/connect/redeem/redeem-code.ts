/**
 * The first step of a redemption: exchanges the code for tokens (RFC 6749 section 4.1.3). A code works once, so
 * every failure here ends the flow: only a new flow can help, never a repeat of the request.
 */
import { type FlowFailure, type FlowFailureReason, flowFailure } from '../../../flows/flow-outcome.ts';
import type { TokenOutcome } from '../../../oauth/outcome.ts';
import type { GrantedTokens, Redemption } from './redemption.ts';

type RedeemOutcome = (GrantedTokens & { readonly kind: 'redeemed' }) | FlowFailure;

export async function redeemCode({ flow, code, verifier, platform }: Redemption): Promise<RedeemOutcome> {
  const outcome = await platform.ask((adapter) =>
    adapter.exchangeCodeForToken({
      code,
      redirectUri: flow.redirectUri,
      ...(verifier && { verifier }),
      ...(flow.nonce !== undefined && { nonce: flow.nonce }),
    }),
  );
  if (outcome.kind !== 'granted') return flowFailure(reasonOf[outcome.kind]);
  const { tokens } = outcome;
  const { variables } = tokens;
  return {
    kind: 'redeemed',
    tokens,
    scopes: tokens.scopes ?? flow.scopes,
    platform: variables ? platform.at(variables) : platform,
  };
}

const reasonOf: Readonly<Record<Exclude<TokenOutcome['kind'], 'granted'>, FlowFailureReason>> = {
  reconnect_required: 'code_refused',
  misconfigured: 'misconfigured',
  retryable: 'platform_unavailable',
  unknown: 'answer_lost',
  // "Too early" answers a refresh; as the answer to a code it says nothing.
  unchanged: 'answer_lost',
};
