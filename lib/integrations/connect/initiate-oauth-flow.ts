/**
 * Begins a flow. The tenant's credential decides here who is connected to what; nothing that a browser brings later
 * can change it.
 */
import { type Flow, flowMilliseconds } from '../../flows/flow.ts';
import { type AccountId, newFlowId, type TenantId, token, type UserId } from '../../ids.ts';
import { createPkce } from '../../oauth/pkce.ts';
import type { ProviderApp } from '../../provider-apps/provider-app.ts';
import type { Values } from '../../providers/adapter/fill.ts';
import { readVariables } from '../../providers/connection-variables.ts';
import type { ConsentProvider } from '../../providers/provider.ts';
import type { Tenant } from '../../tenants/tenant.ts';
import type { Completion } from '../../vocabulary.ts';
import type { ConnectDeps } from '../deps.ts';
import { findConsentProvider, targetOf } from '../platform/find-provider.ts';
import { activeTenant, appFor } from '../platform/tenant-app.ts';
import { isoTime } from '../tokens/connection-view.ts';
import { flowContext } from './flow-secrets.ts';

export interface ConnectRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: string;
  /** One of the tenant's registered URLs; its only one when absent. */
  readonly returnUrl?: string;
  readonly scopes?: readonly string[];
  readonly completion: Completion;
  /** The account to reconnect; the callback is refused for any other. */
  readonly reconnect?: AccountId;
  /** Values of the variables that the provider lists; those of the reconnected account hold where it is absent. */
  readonly variables?: Values;
}

export interface StartedFlow {
  readonly flowId: string;
  /** Where to send the user's browser. */
  readonly authUrl: string;
  readonly expiresAt: string;
}

export type InitiateOutcome =
  | { readonly kind: 'started'; readonly flow: StartedFlow }
  /** The tenant may not connect without a completion. */
  | { readonly kind: 'direct_linking_off' }
  /** Several return URLs are registered, and the request names none. */
  | { readonly kind: 'return_url_ambiguous' }
  | { readonly kind: 'return_url_unregistered' }
  | { readonly kind: 'scope_unavailable'; readonly available: readonly string[] }
  /** Names of the variables that are missing, unknown or malformed. */
  | { readonly kind: 'variables_malformed'; readonly names: readonly string[] }
  /** The user has no such account to reconnect. */
  | { readonly kind: 'account_not_found' };

/**
 * Stores a new flow.
 * @throws IntegrationError for a provider without consent pages, a tenant that is deleted, and an app that is not
 * registered.
 */
export async function initiateOAuthFlow(
  deps: ConnectDeps,
  request: ConnectRequest,
): Promise<InitiateOutcome> {
  const provider = await findConsentProvider(deps.providers, request);
  const tenant = await activeTenant(deps.tenants, request.tenantId);
  if (request.completion === 'direct' && !tenant.directLinking) return { kind: 'direct_linking_off' };
  const returnUrl = chooseReturnUrl(tenant, request.returnUrl);
  if (returnUrl.kind !== 'chosen') return returnUrl;
  const scopes = chooseScopes(provider, request.scopes);
  if (scopes.kind !== 'chosen') return scopes;
  const app = await appFor(deps.apps, tenant, provider.id);
  const { reconnect } = request;
  const before =
    reconnect === undefined ? undefined : await deps.connections.get(tenant.id, provider.id, reconnect);
  if (reconnect !== undefined && before?.userId !== request.userId) return { kind: 'account_not_found' };
  const variables = readVariables(provider.data, request.variables ?? {}, before?.target?.variables);
  if (variables.kind === 'malformed') return { kind: 'variables_malformed', names: variables.names };

  const flow = await composeFlow(deps, request, {
    provider,
    tenant,
    app,
    returnUrl: returnUrl.url,
    scopes: scopes.scopes,
    variables: variables.values,
  });
  await deps.flows.create(flow);
  deps.count('connect_started', { provider: provider.id });
  return {
    kind: 'started',
    flow: {
      flowId: flow.id,
      authUrl: `${deps.publicUrl}/integrations/start/${flow.id}`,
      expiresAt: isoTime(flow.expiresAt),
    },
  };
}

/** What the request was decided to mean. */
interface FlowDecisions {
  readonly provider: ConsentProvider;
  readonly tenant: Tenant;
  readonly app: ProviderApp;
  readonly returnUrl: string;
  readonly scopes: readonly string[];
  readonly variables: Values;
}

/** A flow with everything that its redemption will need, and with its own PKCE verifier where the platform supports PKCE. */
async function composeFlow(
  deps: ConnectDeps,
  request: ConnectRequest,
  { provider, tenant, app, returnUrl, scopes, variables }: FlowDecisions,
): Promise<Flow> {
  const { appId } = app;
  const identity = { id: newFlowId(), tenantId: tenant.id, provider: provider.id };
  const { pkce: method, idToken } = provider.consent;
  const pkce = method === 'none' ? undefined : createPkce(method);
  const now = deps.now();
  return {
    ...identity,
    tenantName: tenant.name,
    userId: request.userId,
    appId,
    clientId: app.clientId,
    appVersion: app.version,
    target: targetOf(provider, app, variables),
    scopes,
    redirectUri: `${deps.publicUrl}/integrations/callback/${appId}`,
    returnUrl,
    completion: request.completion,
    ...(request.reconnect !== undefined && { expectedAccount: request.reconnect }),
    ...(pkce && {
      challenge: pkce.challenge,
      sealedVerifier: await deps.vault.encryptToken(pkce.verifier, flowContext(identity, 'verifier')),
    }),
    ...(idToken && { nonce: token(32) }),
    status: 'pending',
    createdAt: now,
    expiresAt: now + flowMilliseconds,
  };
}

type ReturnUrlChoice =
  | { readonly kind: 'chosen'; readonly url: string }
  | { readonly kind: 'return_url_ambiguous' }
  | { readonly kind: 'return_url_unregistered' };

function chooseReturnUrl({ returnUrls }: Tenant, asked: string | undefined): ReturnUrlChoice {
  const [only, ...others] = returnUrls;
  if (asked !== undefined) {
    return returnUrls.includes(asked) ? { kind: 'chosen', url: asked } : { kind: 'return_url_unregistered' };
  }
  if (only === undefined) return { kind: 'return_url_unregistered' };
  return others.length === 0 ? { kind: 'chosen', url: only } : { kind: 'return_url_ambiguous' };
}

type ScopeChoice =
  | { readonly kind: 'chosen'; readonly scopes: readonly string[] }
  | { readonly kind: 'scope_unavailable'; readonly available: readonly string[] };

/** What RFC 6749, section 3.3, allows in a scope. */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/;

/** The scopes asked for, or the usual ones, with those that the provider cannot do without. */
function chooseScopes(provider: ConsentProvider, asked: readonly string[] | undefined): ScopeChoice {
  const { available, open, required, default: usual } = provider.consent.scopes;
  const scopes = [...new Set([...required, ...(asked ?? usual)])];
  const isAvailable = (scope: string) => (open ? scopePattern.test(scope) : Object.hasOwn(available, scope));
  return scopes.every(isAvailable)
    ? { kind: 'chosen', scopes }
    : { kind: 'scope_unavailable', available: Object.keys(available) };
}
