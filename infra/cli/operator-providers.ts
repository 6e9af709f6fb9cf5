/** Providers as the operator sees them: which there are, and whether their proactive work rests. */
import { requireNoConflict } from '../../lib/table/update.ts';
import { createPauseStore } from '../../lib/tenants/paused-providers.ts';
import type { OperatorStores } from './operator-parts.ts';

export interface ProviderState {
  readonly id: string;
  readonly name: string;
  readonly auth: string;
  readonly paused: boolean;
}

export function providerVerbs({ connections, registry }: Pick<OperatorStores, 'connections' | 'registry'>) {
  const pauses = createPauseStore(connections);
  return {
    async listProviders(): Promise<readonly ProviderState[]> {
      const paused = await pauses.list();
      return registry.all.map(({ id, name, auth }) => ({ id, name, auth, paused: paused.includes(id) }));
    },

    /**
     * Lets the sweep pass a provider by, or look at it again. What users and tenants ask for goes on meanwhile.
     * @throws Error naming the providers there are.
     */
    async pauseProvider(id: string, paused: boolean): Promise<void> {
      const provider = registry.find(id);
      if (!provider) {
        const known = registry.all.map((one) => one.id).join(', ');
        throw new Error(`There is no provider "${id}". There are: ${known}.`);
      }
      const updated = await pauses.update((before) => {
        const others = before.filter((one) => one !== provider.id);
        return paused ? [...others, provider.id] : others;
      });
      requireNoConflict(updated);
    },
  };
}
