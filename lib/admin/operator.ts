/**
 * What an operator can do, the same against AWS and against this machine: tenants, API keys, return URLs, provider
 * apps, connections, jobs, dead letters, the secrets that hold it together. Every verb can be repeated; none prints
 * anything.
 */
import { createApiKeyStore } from '../tenants/api-key.ts';
import { createProviderAppStore } from '../tenants/provider-app.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { accessVerbs } from './access.ts';
import { appVerbs } from './apps.ts';
import { connectionVerbs } from './connections.ts';
import { tenantEndVerbs } from './delete-tenant.ts';
import type { OperatorParts } from './deps.ts';
import { destinationVerbs } from './destinations.ts';
import { deadLetterVerbs } from './failures/dead-letters.ts';
import { failureVerbs } from './failures/failures.ts';
import { providerVerbs } from './providers.ts';
import { sealVerbs } from './seals.ts';
import { createSecretStore } from './secret-store.ts';
import { secretVerbs } from './secrets.ts';
import { tenantVerbs } from './tenants.ts';
import { workVerbs } from './work.ts';

export type Operator = ReturnType<typeof createOperator>;

export function createOperator(parts: OperatorParts) {
  const tenants = createTenantStore(parts.connections);
  const apiKeys = createApiKeyStore(parts.connections);
  const apps = createProviderAppStore(parts.connections);
  const stores = { ...parts, tenants, apiKeys, apps, secrets: createSecretStore(parts.secrets) };
  return {
    tenants,
    apiKeys,
    apps,
    ...tenantVerbs(stores),
    ...tenantEndVerbs(stores),
    ...accessVerbs(stores),
    ...appVerbs(stores),
    ...connectionVerbs(stores),
    ...workVerbs(stores),
    ...deadLetterVerbs(stores),
    ...failureVerbs(stores),
    ...destinationVerbs(stores),
    ...providerVerbs(stores),
    ...sealVerbs(stores),
    ...secretVerbs(stores),
  };
}
