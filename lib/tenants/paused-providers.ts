/** Providers whose proactive work the operator has paused, as one small record. */
import * as z from 'zod/mini';
import { type ProviderId, storedId } from '../ids.ts';
import { whatever } from '../table/condition.ts';
import { pausedProvidersKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

const record = z.object({ providers: z.array(storedId<ProviderId>()) });

export type PauseStore = ReturnType<typeof createPauseStore>;

export function createPauseStore(table: Table) {
  return {
    async list(): Promise<readonly ProviderId[]> {
      return record.safeParse(await table.get(pausedProvidersKey)).data?.providers ?? [];
    },

    async set(provider: ProviderId, paused: boolean): Promise<void> {
      const others = (await this.list()).filter((id) => id !== provider);
      await table.put(pausedProvidersKey, { providers: paused ? [...others, provider] : others }, whatever);
    },
  };
}
