/** Finds a provider, and where the platform of one of its apps is. */
import { IntegrationError } from '../../errors.ts';
import type { Registry } from '../../platforms/registry.ts';
import type { ProviderApp } from '../../provider-apps/provider-app.ts';
import type { createAdapter } from '../../providers/adapter/adapter.ts';
import type { OAuthProvider, Provider } from '../../providers/provider.ts';

/** Where a provider app's platform is. */
export type Target = Parameters<typeof createAdapter>[0]['target'];

/**
 * The provider of that id.
 * @throws IntegrationError `INVALID_PROVIDER` when there is none.
 */
export function findProvider(registry: Registry, id: string): Provider {
  const provider = registry.find(id);
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
export function findOAuthProvider(registry: Registry, id: string): OAuthProvider {
  const provider = findProvider(registry, id);
  if (provider.auth !== 'oauth2') {
    throw new IntegrationError('INVALID_REQUEST', 'This provider takes credentials. Send them in connect.');
  }
  return provider;
}

/** Where the platform of an app is: as the provider's definition says, or as the app was registered. */
export function targetOf(registry: Registry, provider: OAuthProvider, app: ProviderApp): Target {
  const endpoints = registry.endpointsOf(provider, app.settings);
  if (endpoints) return { endpoints, issuerInResponse: false };
  if (app.server) return app.server;
  throw new IntegrationError(
    'OAUTH_INIT_ERROR',
    'This provider app has no endpoints. Register it again with its issuer.',
  );
}
