/** One tenant and Hawser's registration at the sandbox platform, written through the stores themselves. */
import type { Sandbox } from '../../../infra/local/sandbox/sandbox.ts';
import { localNames } from '../../../infra/local/stack/provision.ts';
import { appSecretPrefix } from '../../../infra/topology.ts';
import { createSecretStore } from '../../../lib/admin/secret-store.ts';
import type { AppId, ProviderId, TenantId, UserId } from '../../../lib/ids.ts';
import type { AwsClients, Instance } from './function-instance.ts';

export const tenantId = 'harbour' as TenantId;
export const user = 'ada' as UserId;
export const tiktok = 'tiktok' as ProviderId;
const appId = 'tiktok' as AppId;
const clientId = 'hawser-tiktok';

export async function openRegistration(
  { tenants, deps }: Instance,
  { secrets }: Pick<AwsClients, 'secrets'>,
  platform: Pick<Sandbox, 'addClient'>,
) {
  const secretStore = createSecretStore(secrets);
  await secretStore.write(localNames.stateSecretId, { current: 's4ndb0x-'.repeat(6), previous: '' });
  await tenants.create({
    id: tenantId,
    name: 'Harbour Works',
    status: 'active',
    returnUrls: ['https://app.example/connected'],
    directLinking: false,
    apps: {},
    createdAt: deps.now(),
  });

  return {
    /** Registers Hawser at the platform, or changes its secret there and here, or only there. */
    register: async (
      clientSecret = 's4ndb0x-client-secret',
      where: 'both' | 'platform' = 'both',
    ): Promise<void> => {
      const redirectUris = ['https://hawser.example/integrations/callback/tiktok'];
      platform.addClient({ clientId, clientSecret, redirectUris });
      if (where === 'platform') return;
      const secretId = `${appSecretPrefix}${tiktok}`;
      await secretStore.write(secretId, { clientId, clientSecret });
      await deps.apps.update(appId, () => ({
        appId,
        provider: tiktok,
        clientId,
        secretId,
        settings: {},
      }));
    },

    /** Takes the registration away on our side. */
    unregister: () => deps.apps.remove(appId),

    /** Removes every connection of the tenant, as if there had been none. */
    async clearConnections(): Promise<void> {
      const page = await deps.connections.list({ tenantId, limit: 100 });
      if (page === 'invalid_cursor') return;
      for (const connection of page.connections) await deps.connections.remove(connection);
    },
  };
}
