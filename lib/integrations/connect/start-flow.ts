/** The browser's first step: binds the flow to this browser and sends it to the platform. Only a pending flow can start. */
import { matchesDigest } from '../../constant-time.ts';
import type { Flow } from '../../flows/flow.ts';
import type { FlowStore } from '../../flows/flow-store.ts';
import { type FlowId, token } from '../../ids.ts';
import { mintState, type StateSecrets } from '../../oauth/state.ts';
import { type Origins, rewriteOrigin } from '../../platform-http/platform-http.ts';
import { getAuthUrl } from '../../providers/adapter/adapter.ts';
import type { Providers } from '../../providers/providers.ts';
import { findConsentProvider } from '../platform/find-provider.ts';

export interface StartDeps {
  readonly flows: FlowStore;
  readonly providers: Providers;
  /** Replacements for platforms' origins. */
  readonly origins?: Origins;
  readonly stateSecrets: () => Promise<StateSecrets>;
  readonly now: () => number;
}

export type StartResult =
  | {
      readonly kind: 'redirect';
      readonly url: string;
      /** To be kept in the browser's cookie of this flow. */
      readonly browserSecret: string;
      readonly maxAgeSeconds: number;
    }
  /** A direct flow first shows who will gain access. */
  | {
      readonly kind: 'ask';
      readonly tenantName: string;
      readonly userId: string;
      readonly providerName: string;
    }
  | { readonly kind: 'refused'; readonly code: 'FLOW_NOT_FOUND' | 'FLOW_EXPIRED' };

export async function startFlow(
  deps: StartDeps,
  request: { readonly flowId: FlowId; readonly browserSecret: string | undefined; readonly agreed: boolean },
): Promise<StartResult> {
  const flow = await deps.flows.get(request.flowId);
  if (flow?.status !== 'pending') return { kind: 'refused', code: 'FLOW_NOT_FOUND' };
  if (flow.expiresAt <= deps.now()) return { kind: 'refused', code: 'FLOW_EXPIRED' };
  const browserSecret = secretOfBrowser(flow, request.browserSecret);
  if (browserSecret === undefined) return { kind: 'refused', code: 'FLOW_NOT_FOUND' };
  const provider = await findConsentProvider(deps.providers, flow);
  if (flow.completion === 'direct' && !request.agreed) {
    return { kind: 'ask', tenantName: flow.tenantName, userId: flow.userId, providerName: provider.name };
  }

  const { state, nonce } = mintState(flow.id, await deps.stateSecrets());
  if (!(await deps.flows.begin(flow.id, browserSecret, nonce)))
    return { kind: 'refused', code: 'FLOW_NOT_FOUND' };
  const url = getAuthUrl(provider, flow.target, {
    clientId: flow.clientId,
    redirectUri: flow.redirectUri,
    state,
    scopes: flow.scopes,
    ...(flow.challenge !== undefined && { challenge: flow.challenge }),
    ...(flow.nonce !== undefined && { nonce: flow.nonce }),
  });
  return {
    kind: 'redirect',
    url: rewriteOrigin(url, deps.origins).href,
    browserSecret,
    maxAgeSeconds: Math.ceil((flow.expiresAt - deps.now()) / 1000),
  };
}

/** A new secret for the first browser, the same again for that browser, none for any other. */
function secretOfBrowser(flow: Flow, presented: string | undefined): string | undefined {
  if (flow.browserDigest === undefined) return token(32);
  return presented !== undefined && matchesDigest(presented, flow.browserDigest) ? presented : undefined;
}
