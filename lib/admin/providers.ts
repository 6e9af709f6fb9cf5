/** Lists the providers, and pauses the refreshes of one, for example during an outage of its platform. */
import { createPauseStore } from '../provider-apps/paused-providers.ts';
import { requireNoConflict } from '../table/update.ts';
import type { AdminStores } from './deps.ts';

export interface ProviderState {
  readonly id: string;
  readonly name: string;
  readonly auth: string;
  readonly paused: boolean;
}

export function providerActions({
  connections,
  registry,
  now,
}: Pick<AdminStores, 'connections' | 'registry' | 'now'>) {
  const pauses = createPauseStore(connections, now);
  return {
    async listProviders(): Promise<readonly ProviderState[]> {
      const { paused } = await pauses.read();
      return registry.all.map(({ id, name, auth }) => ({ id, name, auth, paused: paused.includes(id) }));
    },

    /**
     * Makes the sweep skip a provider, or include it again. Requests of users and tenants are not affected.
     * @throws Error naming the providers there are.
     */
    async pauseProvider(id: string, paused: boolean): Promise<void> {
      const provider = registry.find(id);
      if (!provider) {
        const known = registry.all.map((one) => one.id).join(', ');
        throw new Error(`There is no provider "${id}". There are: ${known}.`);
      }
      requireNoConflict(await (paused ? pauses.pause(provider.id) : pauses.resume(provider.id)));
    },
  };
}
