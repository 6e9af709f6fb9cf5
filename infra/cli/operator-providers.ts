/** Providers as the operator sees them: which there are, and whether their proactive work rests. */
import { createPauseStore } from '../../lib/tenants/paused-providers.ts';
import type { OperatorStores } from './operator-parts.ts';

export interface ProviderState {
  readonly id: string;
  readonly name: string;
  readonly auth: string;
  readonly paused: boolean;
}

export function providerVerbs({
  connections,
  registry,
  now,
}: Pick<OperatorStores, 'connections' | 'registry' | 'now'>) {
  const pauses = createPauseStore(connections, now);
  return {
    async listProviders(): Promise<readonly ProviderState[]> {
      const { paused } = await pauses.read();
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
      await pauses.set(provider.id, paused);
    },
  };
}
