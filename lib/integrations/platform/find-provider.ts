/** Finds a provider, and where the platform of one of its apps is. */
import { IntegrationError } from '../../errors.ts';
import type { TenantId } from '../../ids.ts';
import type { ProviderApp } from '../../provider-apps/provider-app.ts';
import type { PlatformTarget } from '../../providers/adapter/adapter.ts';
import { endpointsOf, type Values } from '../../providers/adapter/fill.ts';
import type { ConsentProvider, Provider } from '../../providers/provider.ts';
import type { Providers } from '../../providers/providers.ts';

/** The tenant that asks, and the id of the provider that it asks for. */
interface ProviderReference {
  readonly tenantId: TenantId;
  readonly provider: string;
}

/**
 * The provider of that id: a built-in one, one of the catalogue, or the tenant's own.
 * @throws IntegrationError `INVALID_PROVIDER` when there is none.
 */
export async function findProvider(providers: Providers, wanted: ProviderReference): Promise<Provider> {
  const provider = await providers.find(wanted.tenantId, wanted.provider);
  if (!provider)
    throw new IntegrationError(
      'INVALID_PROVIDER',
      'There is no such provider. See GET /integrations/providers.',
    );
  return provider;
}

/**
 * The same, for what only a platform with consent pages can be asked.
 * @throws IntegrationError `INVALID_PROVIDER`; `INVALID_REQUEST` when its users give credentials instead.
 */
export async function findConsentProvider(
  providers: Providers,
  wanted: ProviderReference,
): Promise<ConsentProvider> {
  const provider = await findProvider(providers, wanted);
  if (!provider.consent) {
    throw new IntegrationError('INVALID_REQUEST', 'This provider takes credentials. Send them in connect.');
  }
  return provider;
}

/**
 * Where the platform of an app is: as the provider's definition says, or as its server described itself when the app was
 * registered. Frozen into each flow and each connection, so that a token only ever goes where it came from.
 * @param variables those of the connection.
 */
export function targetOf(provider: ConsentProvider, app: ProviderApp, variables: Values): PlatformTarget {
  const frozen = Object.keys(variables).length > 0 ? { variables } : {};
  const endpoints = endpointsOf(provider.data, { ...app.settings, ...variables });
  if (endpoints) return { endpoints, issuerInResponse: false, ...frozen };
  if (app.server) return { ...app.server, ...frozen };
  throw new IntegrationError(
    'OAUTH_INIT_ERROR',
    'This provider app has no endpoints. Register it again with its issuer.',
  );
}
