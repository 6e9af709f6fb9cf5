/** The providers that a tenant's users can connect, and what each can be asked for. */

import type { ProviderView } from '../../contract/views.ts';
import type { TenantId } from '../../ids.ts';
import type { Registry } from '../../platforms/registry.ts';
import type { ProviderAppStore } from '../../provider-apps/provider-app.ts';
import type { Provider } from '../../providers/provider.ts';
import type { TenantStore } from '../../tenants/tenant.ts';

/** The providers that this tenant's users can connect: those with an app, the owner's or the tenant's own. */
export async function listProviders(
  deps: { readonly tenants: TenantStore; readonly apps: ProviderAppStore; readonly registry: Registry },
  request: { readonly tenantId: TenantId; readonly visible?: readonly string[] },
): Promise<readonly ProviderView[]> {
  const [tenant, shared] = await Promise.all([deps.tenants.get(request.tenantId), deps.apps.list()]);
  const ready = new Set([...shared.map((app) => app.provider as string), ...Object.keys(tenant?.apps ?? {})]);
  return deps.registry.all
    .filter(({ id }) => ready.has(id) && (request.visible?.includes(id) ?? true))
    .map(viewProvider);
}

function viewProvider(provider: Provider): ProviderView {
  const { id, name, auth } = provider;
  if (provider.auth === 'credentials')
    return { id, name, auth, scopes: [], fields: provider.credentialFields };
  const { available, default: usual, required } = provider.scopes;
  return {
    id,
    name,
    auth,
    scopes: Object.entries(available).map(([scope, description]) => ({
      id: scope,
      description,
      default: usual.includes(scope),
      required: required.includes(scope),
    })),
    fields: [],
  };
}
