/** Begins a flow: everything that decides who is connected to what is settled here, by the tenant's credential. */

import { IntegrationError } from '../errors.ts';
import { flowMilliseconds } from '../flows/flow.ts';
import { type AccountId, newFlowId, type TenantId, token, type UserId } from '../ids.ts';
import { createPkce } from '../oauth/pkce.ts';
import type { OAuthProvider } from '../providers/definition.ts';
import type { Tenant } from '../tenants/tenant.ts';
import { isoTime } from './connection-view.ts';
import { flowContext } from './flow-secrets.ts';
import { type ConnectParts, findOAuthProvider, targetOf } from './parts.ts';
import { activeTenant, appFor } from './tenant-app.ts';

export interface ConnectRequest {
  readonly tenantId: TenantId;
  readonly userId: UserId;
  readonly provider: string;
  /** One of the tenant's registered URLs; its only one when absent. */
  readonly returnUrl?: string;
  readonly scopes?: readonly string[];
  readonly completion: 'confirm' | 'direct';
  /** The account to reconnect; another one that comes back is refused. */
  readonly reconnect?: AccountId;
}

export interface StartedFlow {
  readonly flowId: string;
  /** Where to send the user's browser. */
  readonly authUrl: string;
  readonly expiresAt: string;
}

/**
 * Stores a new flow.
 * @throws IntegrationError `INVALID_PROVIDER`, `INVALID_SCOPE`, `INVALID_REQUEST`, `FORBIDDEN`, `ACCOUNT_NOT_FOUND`,
 * `OAUTH_INIT_ERROR`.
 */
export async function initiateOAuthFlow(parts: ConnectParts, request: ConnectRequest): Promise<StartedFlow> {
  const provider = findOAuthProvider(parts.registry, request.provider);
  const tenant = await activeTenant(parts.tenants, request.tenantId);
  if (request.completion === 'direct' && !tenant.directLinking) {
    throw new IntegrationError(
      'FORBIDDEN',
      'Direct linking is not switched on for this tenant. Use completion "confirm".',
    );
  }
  const returnUrl = chooseReturnUrl(tenant, request.returnUrl);
  const scopes = chooseScopes(provider, request.scopes);
  const app = await appFor(parts.apps, tenant, provider.id);
  const { context } = app;
  if (request.reconnect !== undefined) {
    const connection = await parts.connections.get(tenant.id, provider.id, request.reconnect);
    if (connection?.userId !== request.userId) {
      throw new IntegrationError('ACCOUNT_NOT_FOUND', 'There is no such account to reconnect.');
    }
  }

  const flowId = newFlowId();
  const pkce = provider.pkce === 'none' ? undefined : createPkce(provider.pkce);
  const place = { id: flowId, tenantId: tenant.id, provider: provider.id };
  const now = parts.now();
  await parts.flows.create({
    id: flowId,
    tenantId: tenant.id,
    tenantName: tenant.name,
    userId: request.userId,
    provider: provider.id,
    context,
    clientId: app.clientId,
    appVersion: app.version,
    target: targetOf(parts.registry, provider, app),
    scopes,
    redirectUri: `${parts.publicUrl}/integrations/callback/${context}`,
    returnUrl,
    completion: request.completion,
    ...(request.reconnect !== undefined && { expectedAccount: request.reconnect }),
    ...(pkce && {
      challenge: pkce.challenge,
      sealedVerifier: await parts.vault.encryptToken(pkce.verifier, flowContext(place, 'verifier')),
    }),
    ...(provider.idToken && { nonce: token(32) }),
    status: 'pending',
    createdAt: now,
    expiresAt: now + flowMilliseconds,
  });
  parts.count('connect_started', { provider: provider.id });
  return {
    flowId,
    authUrl: `${parts.publicUrl}/integrations/start/${flowId}`,
    expiresAt: isoTime(now + flowMilliseconds),
  };
}

function chooseReturnUrl(tenant: Tenant, asked: string | undefined): string {
  const [only, ...others] = tenant.returnUrls;
  if (asked === undefined && only !== undefined && others.length === 0) return only;
  if (asked !== undefined && tenant.returnUrls.includes(asked)) return asked;
  throw new IntegrationError(
    'INVALID_REQUEST',
    asked === undefined && only !== undefined
      ? 'Several return URLs are registered for this tenant. Say in returnUrl which one.'
      : 'returnUrl must be exactly one of the URLs registered for this tenant. Run `hawser return-url add`.',
  );
}

function chooseScopes(provider: OAuthProvider, asked: readonly string[] | undefined): readonly string[] {
  const { available, open, required, default: usual } = provider.scopes;
  const scopes = [...new Set([...required, ...(asked ?? usual)])];
  const fits = (scope: string) =>
    open ? /^[\x21\x23-\x5b\x5d-\x7e]{1,200}$/.test(scope) : Object.hasOwn(available, scope);
  if (!scopes.every(fits)) {
    throw new IntegrationError(
      'INVALID_SCOPE',
      'Ask only for scopes that the provider lists. See GET /integrations/providers.',
      {
        details: { available: Object.keys(available) },
      },
    );
  }
  return scopes;
}
