/** Providers whose proactive work the operator has paused, as one small record. */
import * as z from 'zod/mini';
import { type ProviderId, storedId } from '../ids.ts';
import { pausedProvidersKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';
import { type Decide, type Updated, updateItem } from '../table/update.ts';

const record = z.object({ providers: z.array(storedId<ProviderId>()) });

export type PauseStore = ReturnType<typeof createPauseStore>;

export function createPauseStore(table: Table) {
  return {
    async list(): Promise<readonly ProviderId[]> {
      return record.safeParse(await table.get(pausedProvidersKey)).data?.providers ?? [];
    },

    /** Changes which providers are paused. A change at the same time is kept, too. */
    update(decide: Decide<readonly ProviderId[]>): Promise<Updated<readonly ProviderId[]>> {
      return updateItem<readonly ProviderId[]>(
        {
          table,
          key: pausedProvidersKey,
          revision: 'revision',
          read: (item) => record.safeParse(item).data?.providers ?? [],
          write: (providers) => ({ providers: [...providers] }),
        },
        (providers = []) => decide(providers),
      );
    },
  };
}
