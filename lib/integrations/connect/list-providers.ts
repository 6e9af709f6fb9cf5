/** The providers that a tenant's users can connect, and what each can be asked for. */

import type { ProviderView } from '../../contract/views.ts';
import type { TenantId } from '../../ids.ts';
import type { ProviderAppStore } from '../../provider-apps/provider-app.ts';
import { enteredFields } from '../../providers/connection-variables.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Providers } from '../../providers/providers.ts';
import type { TenantStore } from '../../tenants/tenant.ts';

/** The providers that this tenant's users can connect: those with an app, the owner's or the tenant's own. */
export async function listProviders(
  deps: { readonly tenants: TenantStore; readonly apps: ProviderAppStore; readonly providers: Providers },
  request: { readonly tenantId: TenantId; readonly visible?: readonly string[] },
): Promise<readonly ProviderView[]> {
  const [tenant, shared] = await Promise.all([deps.tenants.get(request.tenantId), deps.apps.list()]);
  const ready = new Set([...shared.map((app) => app.provider as string), ...Object.keys(tenant?.apps ?? {})]);
  const visible = [...ready].filter((id) => request.visible?.includes(id) ?? true);
  const { builtInIds } = deps.providers;
  // The built-in ones first and in their order, the others by name.
  const position = (id: string) => (builtInIds.includes(id) ? builtInIds.indexOf(id) : builtInIds.length);
  const sorted = visible.toSorted((a, b) => position(a) - position(b) || a.localeCompare(b));
  const found = await Promise.all(sorted.map((id) => deps.providers.find(request.tenantId, id)));
  return found.flatMap((provider) => (provider ? [viewProvider(provider)] : []));
}

function viewProvider(provider: Provider): ProviderView {
  const { id, name, consent, credentialFields: fields } = provider;
  if (!consent) return { id, name, auth: 'credentials', scopes: [], fields, ...viewVariables(provider) };
  const { available, default: usual, required } = consent.scopes;
  return {
    id,
    name,
    auth: 'oauth2',
    scopes: Object.entries(available).map(([scope, description]) => ({
      id: scope,
      description,
      default: usual.includes(scope),
      required: required.includes(scope),
    })),
    fields: [],
    ...viewVariables(provider),
  };
}

function viewVariables({ data }: Provider): Pick<ProviderView, 'variables'> {
  const variables = enteredFields(data).map(([id, { label = id, pattern, example, default: usual }]) => ({
    id,
    label,
    pattern,
    ...(example !== undefined && { example }),
    required: usual === undefined,
  }));
  return variables.length > 0 ? { variables } : {};
}
