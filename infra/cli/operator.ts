/**
 * What an operator can do, the same against AWS and against this machine: tenants, API keys, return URLs, provider
 * apps, connections, jobs, dead letters, the secrets that hold it together. Every verb can be repeated; none prints
 * anything.
 */
import { createApiKeyStore } from '../../lib/tenants/api-key.ts';
import { createProviderAppStore } from '../../lib/tenants/provider-app.ts';
import { createTenantStore } from '../../lib/tenants/tenant.ts';
import { accessVerbs } from './operator-access.ts';
import { appVerbs } from './operator-apps.ts';
import { connectionVerbs } from './operator-connections.ts';
import { deadLetterVerbs } from './operator-dead-letters.ts';
import { destinationVerbs } from './operator-destinations.ts';
import { failureVerbs } from './operator-failures.ts';
import type { OperatorParts } from './operator-parts.ts';
import { providerVerbs } from './operator-providers.ts';
import { sealVerbs } from './operator-seals.ts';
import { secretVerbs } from './operator-secrets.ts';
import { tenantEndVerbs } from './operator-tenant-end.ts';
import { tenantVerbs } from './operator-tenants.ts';
import { workVerbs } from './operator-work.ts';
import { createSecretStore } from './secret-store.ts';

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
