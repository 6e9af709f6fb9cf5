/**
 * Providers whose proactive work the operator has paused, and those resumed since, as one small record. A resumed
 * provider stays in it with the time of the resume, from which the sweep knows which parked connections to take up.
 */
import * as z from 'zod/mini';
import { type ProviderId, storedId } from '../ids.ts';
import { pausedProvidersKey } from '../table/keys.ts';
import type { Item, Table } from '../table/table.ts';
import { type Decide, type Updated, updateItem } from '../table/update.ts';

const record = z.object({
  providers: z.array(storedId<ProviderId>()),
  resumed: z._default(z.array(z.object({ provider: storedId<ProviderId>(), at: z.number() })), []),
});

export interface Pauses {
  readonly paused: readonly ProviderId[];
  /** Providers that were paused and have been resumed. */
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
      return pausesOf(await table.get(pausedProvidersKey));
    },

    /** Pauses a provider's proactive work. Concurrent changes of other providers are kept. */
    pause: (provider: ProviderId) =>
      update(({ paused, resumed }) => ({
        paused: [...without(paused, provider), provider],
        resumed: resumed.filter((one) => one.provider !== provider),
      })),

    /** Resumes it; the time of the resume tells the sweep which parked connections to take up again. */
    resume: (provider: ProviderId) =>
      update(({ paused, resumed }) => ({
        paused: without(paused, provider),
        resumed: [...resumed.filter((one) => one.provider !== provider), { provider, at: now() }],
      })),
  };

  function update(decide: Decide<Pauses>): Promise<Updated<Pauses>> {
    return updateItem<Pauses>(
      {
        table,
        key: pausedProvidersKey,
        revision: 'revision',
        read: pausesOf,
        write: ({ paused, resumed }) => ({ providers: [...paused], resumed: [...resumed] }),
      },
      (seen) => decide(seen ?? nothingPaused),
    );
  }
}

const nothingPaused: Pauses = { paused: [], resumed: [] };

/** An unreadable record pauses nothing: unwanted refreshes do less harm than connections that expire. */
function pausesOf(item: Item | undefined): Pauses {
  const { providers = [], resumed = [] } = record.safeParse(item).data ?? {};
  return { paused: providers, resumed };
}

function without(providers: readonly ProviderId[], provider: ProviderId): readonly ProviderId[] {
  return providers.filter((one) => one !== provider);
}
