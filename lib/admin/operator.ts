/**
 * Everything that an operator can do, as one record of functions, the same on AWS and on this machine. Every action can
 * be repeated, and none prints anything.
 *
 *     const operator = createOperator(deps);
 *     await operator.createTenant('bakery', 'Bakery');
 */
import { createApiKeyStore } from '../access/api-key.ts';
import { createProviderAppStore } from '../provider-apps/provider-app.ts';
import { createTenantStore } from '../tenants/tenant.ts';
import { appActions } from './apps.ts';
import { connectionWorkActions } from './connections/connection-work.ts';
import { connectionActions } from './connections/connections.ts';
import { sealActions } from './connections/reseal.ts';
import type { AdminDeps } from './deps.ts';
import { destinationActions } from './destinations.ts';
import { deadLetterActions } from './failures/dead-letters.ts';
import { failureActions } from './failures/failures.ts';
import { jobActions } from './jobs.ts';
import { providerActions } from './providers.ts';
import { createSecretStore } from './secret-store.ts';
import { secretActions } from './secrets.ts';
import { apiKeyActions } from './tenants/api-keys.ts';
import { deleteTenantActions } from './tenants/delete-tenant.ts';
import { returnUrlActions } from './tenants/return-urls.ts';
import { tenantActions } from './tenants/tenants.ts';

export type Operator = ReturnType<typeof createOperator>;

export function createOperator(deps: AdminDeps) {
  const tenants = createTenantStore(deps.connections);
  const apiKeys = createApiKeyStore(deps.connections);
  const apps = createProviderAppStore(deps.connections);
  const stores = { ...deps, tenants, apiKeys, apps, secrets: createSecretStore(deps.secrets) };
  return {
    tenants,
    apiKeys,
    apps,
    ...tenantActions(stores),
    ...deleteTenantActions(stores),
    ...apiKeyActions(stores),
    ...returnUrlActions(stores),
    ...appActions(stores),
    ...connectionActions(stores),
    ...connectionWorkActions(stores),
    ...jobActions(stores),
    ...deadLetterActions(stores),
    ...failureActions(stores),
    ...destinationActions(stores),
    ...providerActions(stores),
    ...sealActions(stores),
    ...secretActions(stores),
  };
}
