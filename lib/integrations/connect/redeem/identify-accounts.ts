/**
 * The second step of a redemption: finds out whom the tokens speak for. Where that is not certain, or is not who had
 * to come back, the flow ends and the caller discards the tokens.
 */
import { type FlowFailure, flowFailure } from '../../../flows/flow-outcome.ts';
import { isOpaqueId } from '../../../ids.ts';
import { type Account, platformUserOf } from '../../../providers/account.ts';
import type { FlowDeps } from '../../deps.ts';
import type { GrantedTokens, Redemption } from './redemption.ts';

type IdentifyOutcome = { readonly kind: 'identified'; readonly accounts: readonly Account[] } | FlowFailure;

export async function identifyAccounts(
  deps: Pick<FlowDeps, 'count'>,
  { flow }: Redemption,
  { tokens, scopes, platform }: GrantedTokens,
): Promise<IdentifyOutcome> {
  const { provider } = platform;
  if (!provider.consent.scopes.required.every((scope) => scopes.includes(scope))) {
    return flowFailure('required_scope_missing');
  }
  if (scopes.some((scope) => !flow.scopes.includes(scope))) {
    deps.count('scopes_unrequested', { provider: provider.id });
  }
  const profile = await platform.ask((adapter) =>
    adapter.getUserProfile(tokens.accessToken, scopes, tokens.account),
  );
  if (profile.kind !== 'accounts') return flowFailure('profile_unavailable');
  return checkAccounts(profile.accounts, { subject: tokens.subject, expected: flow.expectedAccount });
}

function checkAccounts(
  accounts: readonly Account[],
  { subject, expected }: { readonly subject: string | undefined; readonly expected: string | undefined },
): IdentifyOutcome {
  if (accounts.length === 0) return flowFailure('no_account');
  if (!accounts.every(({ accountId }) => isOpaqueId(accountId))) return flowFailure('account_id');
  // The token answer and the profile must speak of the same person (OpenID Connect Core section 5.3.2).
  if (subject !== undefined && !accounts.every((account) => platformUserOf(account) === subject)) {
    return flowFailure('subject_mismatch');
  }
  if (expected !== undefined && !accounts.some(({ accountId }) => accountId === expected)) {
    return flowFailure('account_mismatch');
  }
  return { kind: 'identified', accounts };
}
