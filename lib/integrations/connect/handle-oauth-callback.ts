/**
 * Handles the browser's return from the platform. Until state and cookie prove that this is the browser in which the flow
 * began, this file writes nothing and redirects nobody; after that, every outcome of the flow goes to the return URL.
 */
import { matchesDigest } from '../../constant-time.ts';
import type { Flow } from '../../flows/flow.ts';
import { type FlowFailure, type FlowOutcome, flowFailure } from '../../flows/flow-outcome.ts';
import { type FlowId, token } from '../../ids.ts';
import { verifyIssuer } from '../../oauth/issuer.ts';
import { isDenial } from '../../oauth/refusal/denial.ts';
import { type StateSecrets, verifyState } from '../../oauth/state.ts';
import { Secret } from '../../telemetry/secret.ts';
import type { FlowDeps } from '../deps.ts';
import { findConsentProvider } from '../platform/find-provider.ts';
import { flowContext } from './flow-secrets.ts';
import { redeemFlow } from './redeem/redeem-flow.ts';

interface OAuthCallbackDeps extends FlowDeps {
  /** `fresh` reads past the memory, at most every few seconds: the secret may just have been rotated. */
  readonly stateSecrets: (options?: { readonly fresh: boolean }) => Promise<StateSecrets>;
}

/** The parameters of the callback's query; each appears at most once. */
export interface CallbackRequest {
  /** The app in the path; must equal the flow's. */
  readonly app: string;
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  /** Meta's own error parameters, which it also sends without `error`. */
  readonly errorReason: string | undefined;
  readonly errorCode: string | undefined;
  readonly issuer: string | undefined;
  /** The browser's secret from the cookie of that flow. */
  readonly browserSecretOf: (flowId: FlowId) => string | undefined;
}

export type CallbackResult =
  /** To the return URL. The flow's cookie is no longer needed. */
  | { readonly kind: 'redirect'; readonly url: string; readonly flowId: FlowId }
  /** A page that says what happened, and nothing else. */
  | { readonly kind: 'refused'; readonly code: 'FLOW_NOT_FOUND' };

const longestCode = 4_096;

export async function handleOAuthCallback(
  deps: OAuthCallbackDeps,
  request: CallbackRequest,
): Promise<CallbackResult> {
  const proven = await proveBrowser(deps, request);
  if (proven.kind === 'unproven') return refuse(deps, proven.reason);
  const { flow, nonce } = proven;
  const failure = await failureOf(deps, flow, request);
  if (failure) return endFlow(deps, flow, failure);
  const code = new Secret(request.code ?? '');
  return flow.completion === 'direct'
    ? redeemDirectly(deps, flow, { code, nonce })
    : holdCode(deps, flow, { code, nonce });
}

type Proof =
  | { readonly kind: 'proven'; readonly flow: Flow; readonly nonce: string }
  | { readonly kind: 'unproven'; readonly reason: 'state' | 'state_used' | 'cookie' };

/** Whether this is the browser in which the flow began, by the state in the URL and the secret in the cookie. */
async function proveBrowser(deps: OAuthCallbackDeps, request: CallbackRequest): Promise<Proof> {
  const state =
    verifyState(request.state ?? '', await deps.stateSecrets()) ??
    verifyState(request.state ?? '', await deps.stateSecrets({ fresh: true }));
  if (!state) return { kind: 'unproven', reason: 'state' };
  const flow = await deps.flows.get(state.flowId);
  if (flow?.status !== 'pending' || !flow.stateDigest || !matchesDigest(state.nonce, flow.stateDigest)) {
    return { kind: 'unproven', reason: 'state_used' };
  }
  const browserSecret = request.browserSecretOf(flow.id);
  if (
    !flow.browserDigest ||
    browserSecret === undefined ||
    !matchesDigest(browserSecret, flow.browserDigest)
  ) {
    return { kind: 'unproven', reason: 'cookie' };
  }
  return { kind: 'proven', flow, nonce: state.nonce };
}

/** Everything that can be wrong with the response that the right browser brought. */
async function failureOf(
  deps: OAuthCallbackDeps,
  flow: Flow,
  request: CallbackRequest,
): Promise<FlowFailure | undefined> {
  if (request.app !== flow.appId) return flowFailure('app');
  if (flow.expiresAt <= deps.now()) return flowFailure('expired');
  const { issuers } = (await findConsentProvider(deps.providers, flow)).data;
  const verdict = verifyIssuer(flow.target, request.issuer, issuers);
  if (verdict === 'refused') return flowFailure('issuer');
  if (verdict === 'unverifiable') deps.count('callback_issuer_unverifiable', { provider: flow.provider });
  const isError = request.error !== undefined || (!request.code && request.errorCode !== undefined);
  if ((isError || !request.code) && isDenial(request)) return flowFailure('denied');
  if (isError) return flowFailure('platform_error');
  if (!request.code || request.code.length > longestCode) return flowFailure('code');
  return undefined;
}

interface ProvenCode {
  readonly code: Secret;
  readonly nonce: string;
}

/** Redeems the code of a direct flow at once: no application completes it. */
async function redeemDirectly(
  deps: OAuthCallbackDeps,
  flow: Flow,
  { code, nonce }: ProvenCode,
): Promise<CallbackResult> {
  const outcome = await redeemFlow(deps, flow, code, { from: 'pending', nonce });
  if (outcome.kind === 'code_taken') return refuse(deps, 'state_used');
  return redirectWith(flow, resultOf(flow, outcome));
}

/** Seals the code for `complete`, and gives the browser the secret that completes the flow. */
async function holdCode(
  deps: OAuthCallbackDeps,
  flow: Flow,
  { code, nonce }: ProvenCode,
): Promise<CallbackResult> {
  const completion = token(32);
  const sealedCode = await deps.vault.encryptToken(code, flowContext(flow, 'code'));
  const held = await deps.flows.hold(flow.id, nonce, sealedCode, completion);
  return held ? redirectWith(flow, { completion }) : refuse(deps, 'state_used');
}

async function endFlow(deps: OAuthCallbackDeps, flow: Flow, failure: FlowFailure): Promise<CallbackResult> {
  await deps.flows.fail(flow, failure);
  deps.count('callback_failed', { provider: flow.provider, reason: failure.reason });
  return redirectWith(flow, resultOf(flow, failure));
}

function refuse(deps: OAuthCallbackDeps, reason: string): CallbackResult {
  deps.count('callback_failed', { reason });
  return { kind: 'refused', code: 'FLOW_NOT_FOUND' };
}

/** The query parameters that report an ended flow to the return URL. */
function resultOf(flow: Flow, outcome: FlowOutcome): Readonly<Record<string, string>> {
  return outcome.kind === 'failed'
    ? { status: 'error', code: outcome.code }
    : { status: 'connected', provider: flow.provider, accountId: outcome.accounts[0] ?? '' };
}

/**
 * The return URL was registered without a query, so nothing in it can collide with ours. The empty fragment keeps the
 * browser from carrying over the platform's, such as Meta's `#_=_`: a Location without a fragment inherits it.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.2
 */
function redirectWith(flow: Flow, result: Readonly<Record<string, string>>): CallbackResult {
  const query = new URLSearchParams({ flow: flow.id, ...result });
  return { kind: 'redirect', url: `${flow.returnUrl}?${query.toString()}#`, flowId: flow.id };
}
