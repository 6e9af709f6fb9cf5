/** Lists connections and the providers that can be connected. Nothing sealed is read for it. */
import type { ConnectionStore } from '../connections/connection-store.ts';
import { IntegrationError } from '../errors.ts';
import type { ProviderId, TenantId, UserId } from '../ids.ts';
import type { Registry } from '../providers/registry.ts';
import type { ProviderAppStore } from '../tenants/provider-app.ts';
import type { TenantStore } from '../tenants/tenant.ts';
import { type ConnectionView, viewConnection } from './connection-view.ts';
import { findProvider } from './parts.ts';

export interface ListRequest {
  readonly tenantId: TenantId;
  readonly userId?: UserId;
  /** Only together with a user. */
  readonly provider?: string;
  /** The only providers the caller may see; all when absent. */
  readonly visible?: readonly string[];
  readonly limit: number;
  readonly cursor?: string;
}

/**
 * One page of connections, sorted by user, provider, account.
 * @throws IntegrationError `INVALID_PROVIDER`, `INVALID_REQUEST` for a cursor that is not one of this list.
 */
export async function getConnectedIntegrations(
  parts: { readonly connections: ConnectionStore; readonly registry: Registry },
  request: ListRequest,
): Promise<{ readonly connections: readonly ConnectionView[]; readonly nextCursor: string | null }> {
  const { provider, visible, ...rest } = request;
  const page = await parts.connections.list({
    ...rest,
    ...(provider !== undefined && {
      provider: findProvider(parts.registry, provider).id satisfies ProviderId,
    }),
  });
  if (page === 'invalid_cursor') {
    throw new IntegrationError('INVALID_REQUEST', 'cursor must be the nextCursor of the page before.');
  }
  return {
    connections: page.connections
      .filter((connection) => visible?.includes(connection.provider) ?? true)
      .map(viewConnection),
    nextCursor: page.cursor ?? null,
  };
}

export interface ProviderView {
  readonly id: string;
  readonly name: string;
  readonly auth: 'oauth2';
  readonly scopes: readonly {
    readonly id: string;
    readonly description: string;
    readonly default: boolean;
    readonly required: boolean;
  }[];
  /** What the user must enter, for providers that take credentials instead of a consent. */
  readonly fields: readonly string[];
}

/** The providers that this tenant's users can connect: those with an app, the owner's or the tenant's own. */
export async function listProviders(
  parts: { readonly tenants: TenantStore; readonly apps: ProviderAppStore; readonly registry: Registry },
  request: { readonly tenantId: TenantId; readonly visible?: readonly string[] },
): Promise<readonly ProviderView[]> {
  const [tenant, shared] = await Promise.all([parts.tenants.get(request.tenantId), parts.apps.list()]);
  const ready = new Set([...shared.map((app) => app.provider as string), ...Object.keys(tenant?.apps ?? {})]);
  return parts.registry.all
    .filter(({ id }) => ready.has(id) && (request.visible?.includes(id) ?? true))
    .map(({ id, name, scopes }) => ({
      id,
      name,
      auth: 'oauth2',
      scopes: Object.entries(scopes.available).map(([scope, description]) => ({
        id: scope,
        description,
        default: scopes.default.includes(scope),
        required: scopes.required.includes(scope),
      })),
      fields: [],
    }));
}
