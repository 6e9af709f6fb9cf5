/** Lists the providers, and pauses the refreshes of one, for example during an outage of its platform. */
import { createPauseStore } from '../provider-apps/paused-providers.ts';
import type { Provider } from '../providers/provider.ts';
import { requireNoConflict } from '../table/update.ts';
import { type AdminStores, requireProvider } from './deps.ts';

export interface ProviderState {
  readonly id: string;
  readonly name: string;
  readonly auth: string;
  readonly paused: boolean;
}

function viewProvider({ id, name, consent }: Provider) {
  return { id, name, auth: consent ? 'oauth2' : 'credentials' };
}

export function providerActions({
  connections,
  providers,
  now,
}: Pick<AdminStores, 'connections' | 'providers' | 'now'>) {
  const pauses = createPauseStore(connections, now);
  return {
    async listProviders(): Promise<readonly ProviderState[]> {
      const { paused } = await pauses.read();
      const builtIn = await Promise.all(providers.builtInIds.map((id) => providers.find(undefined, id)));
      return builtIn.flatMap((provider) =>
        provider ? [{ ...viewProvider(provider), paused: paused.includes(provider.id) }] : [],
      );
    },

    /**
     * Makes the sweep skip a provider, or include it again. Requests of users and tenants are not affected.
     * @throws Error naming the providers there are.
     */
    async pauseProvider(id: string, paused: boolean): Promise<void> {
      const provider = await requireProvider(providers, id);
      requireNoConflict(await (paused ? pauses.pause(provider.id) : pauses.resume(provider.id)));
    },
  };
}
