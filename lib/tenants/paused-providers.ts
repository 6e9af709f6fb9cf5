/**
 * Providers whose proactive work the operator has paused, and those resumed since, as one small record. A resumed
 * provider stays in it with its time, which tells the sweep to bring back what waited.
 */
import * as z from 'zod/mini';
import { type ProviderId, storedId } from '../ids.ts';
import { whatever } from '../table/condition.ts';
import { pausedProvidersKey } from '../table/keys.ts';
import type { Table } from '../table/table.ts';

const record = z.object({
  providers: z.array(storedId<ProviderId>()),
  resumed: z._default(z.array(z.object({ provider: storedId<ProviderId>(), at: z.number() })), []),
});

export interface Pauses {
  readonly paused: readonly ProviderId[];
  /** Providers that were paused once and are not any more. */
  readonly resumed: readonly Resumed[];
}

export interface Resumed {
  readonly provider: ProviderId;
  /** When, in epoch milliseconds. */
  readonly at: number;
}

export type PauseStore = ReturnType<typeof createPauseStore>;

export function createPauseStore(table: Table, now: () => number) {
  return {
    async read(): Promise<Pauses> {
      const { providers = [], resumed = [] } =
        record.safeParse(await table.get(pausedProvidersKey)).data ?? {};
      return { paused: providers, resumed };
    },

    async set(provider: ProviderId, paused: boolean): Promise<void> {
      const before = await this.read();
      const others = before.paused.filter((id) => id !== provider);
      const resumed = before.resumed.filter((one) => one.provider !== provider);
      await table.put(
        pausedProvidersKey,
        paused
          ? { providers: [...others, provider], resumed }
          : { providers: others, resumed: [...resumed, { provider, at: now() }] },
        whatever,
      );
    },
  };
}
