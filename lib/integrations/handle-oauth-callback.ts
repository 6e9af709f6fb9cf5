/**
 * The browser comes back from the platform. Until state and cookie prove that it is the browser this flow began in,
 * nothing is written and nobody is sent anywhere; after that, every end of the flow is told to the return URL.
 */
import { matchesDigest } from '../constant-time.ts';
import type { ErrorCode } from '../errors.ts';
import type { Flow } from '../flows/flow.ts';
import { type FlowId, token } from '../ids.ts';
import { issuerMatches } from '../oauth/issuer.ts';
import { type StateSecrets, verifyState } from '../oauth/state.ts';
import { Secret } from '../telemetry/secret.ts';
import { flowContext } from './flow-secrets.ts';
import type { FlowParts } from './parts.ts';
import { redeemFlow } from './redeem-flow.ts';

export interface CallbackParts extends FlowParts {
  /** `fresh` reads past the memory, at most every few seconds: the secret may just have been rotated. */
  readonly stateSecrets: (options?: { readonly fresh: boolean }) => Promise<StateSecrets>;
}

/** What the platform put into the callback's query; each at most once. */
export interface CallbackRequest {
  /** The context in the path; compared with the flow's, never believed. */
  readonly context: string;
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly issuer: string | undefined;
  /** The browser's secret from the cookie of that flow. */
  readonly browserSecretOf: (flowId: FlowId) => string | undefined;
}

export type CallbackResult =
  /** To the return URL; the flow's cookie has done its work. */
  | { readonly kind: 'redirect'; readonly url: string; readonly flowId: FlowId }
  /** A page that says what happened, and nothing else. */
  | { readonly kind: 'refused'; readonly code: 'FLOW_NOT_FOUND' };

const longestCode = 4_096;

export async function handleOAuthCallback(
  parts: CallbackParts,
  request: CallbackRequest,
): Promise<CallbackResult> {
  const refused = (reason: string): CallbackResult => {
    parts.count('callback_failed', { reason });
    return { kind: 'refused', code: 'FLOW_NOT_FOUND' };
  };
  const state =
    verifyState(request.state ?? '', await parts.stateSecrets()) ??
    verifyState(request.state ?? '', await parts.stateSecrets({ fresh: true }));
  if (!state) return refused('state');
  const flow = await parts.flows.get(state.flowId);
  if (flow?.status !== 'pending' || !flow.stateDigest || !matchesDigest(state.nonce, flow.stateDigest)) {
    return refused('state_used');
  }
  const browserSecret = request.browserSecretOf(flow.id);
  if (
    !flow.browserDigest ||
    browserSecret === undefined ||
    !matchesDigest(browserSecret, flow.browserDigest)
  ) {
    return refused('cookie');
  }

  const failure = judge(parts, flow, request);
  if (failure) return fail(parts, flow, failure);
  const code = new Secret(request.code ?? '');
  if (flow.completion === 'direct') {
    const outcome = await redeemFlow(parts, flow, code, { from: 'pending', nonce: state.nonce });
    if (outcome === 'taken') return refused('state_used');
    return outcome.kind === 'failed'
      ? ended(flow, { status: 'error', code: outcome.code })
      : ended(flow, { status: 'connected', provider: flow.provider, accountId: outcome.accounts[0] ?? '' });
  }
  const completion = token(32);
  const sealedCode = await parts.vault.encryptToken(code, flowContext(flow, 'code'));
  if (!(await parts.flows.hold(flow.id, state.nonce, sealedCode, completion))) return refused('state_used');
  return ended(flow, { completion });
}

interface CallbackFailure {
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Everything that can be wrong with the answer of the right browser. */
function judge(parts: CallbackParts, flow: Flow, request: CallbackRequest): CallbackFailure | undefined {
  if (request.context !== flow.context) return { code: 'OAUTH_CALLBACK_ERROR', reason: 'context' };
  if (flow.expiresAt <= parts.now()) return { code: 'FLOW_EXPIRED', reason: 'expired' };
  if (!issuerMatches(flow.target, request.issuer)) return { code: 'OAUTH_CALLBACK_ERROR', reason: 'issuer' };
  if (request.error === 'access_denied') return { code: 'ACCESS_DENIED', reason: 'denied' };
  if (request.error !== undefined) return { code: 'OAUTH_CALLBACK_ERROR', reason: 'platform_error' };
  if (!request.code || request.code.length > longestCode)
    return { code: 'OAUTH_CALLBACK_ERROR', reason: 'code' };
  return undefined;
}

async function fail(parts: CallbackParts, flow: Flow, failure: CallbackFailure): Promise<CallbackResult> {
  await parts.flows.fail(flow, { kind: 'failed', ...failure });
  parts.count('callback_failed', { provider: flow.provider, reason: failure.reason });
  return ended(flow, { status: 'error', code: failure.code });
}

/** The return URL was registered without a query, so nothing in it can collide with ours. */
function ended(flow: Flow, result: Readonly<Record<string, string>>): CallbackResult {
  const query = new URLSearchParams({ flow: flow.id, ...result });
  return { kind: 'redirect', url: `${flow.returnUrl}?${query.toString()}`, flowId: flow.id };
}
