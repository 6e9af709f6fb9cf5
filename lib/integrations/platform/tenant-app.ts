/** A tenant that may act, and the provider app it uses: its own where it has one, else the owner's shared one. */
import { IntegrationError } from '../../errors.ts';
import type { AppId, ProviderId, TenantId } from '../../ids.ts';
import type { ProviderApp, ProviderAppStore } from '../../provider-apps/provider-app.ts';
import type { Tenant, TenantStore } from '../../tenants/tenant.ts';

/** @throws IntegrationError `TENANT_DELETED`. */
export async function activeTenant(tenants: TenantStore, id: TenantId): Promise<Tenant> {
  const tenant = await tenants.get(id);
  if (tenant?.status !== 'active')
    throw new IntegrationError('TENANT_DELETED', 'This tenant has been deleted.');
  return tenant;
}

/** @throws IntegrationError `INVALID_PROVIDER` when nobody has registered an app there. */
export async function appFor(
  apps: ProviderAppStore,
  tenant: Tenant,
  provider: ProviderId,
): Promise<ProviderApp> {
  const app = await apps.get(tenant.apps[provider] ?? sharedAppId(provider));
  if (app?.provider !== provider || (app.tenantId !== undefined && app.tenantId !== tenant.id)) {
    throw new IntegrationError(
      'INVALID_PROVIDER',
      'No app is registered for this provider. Run `hawser app set`.',
    );
  }
  return app;
}

/** A shared app's context is its provider's id. */
function sharedAppId(provider: ProviderId): AppId {
  return provider as string as AppId;
}
