/** Paused providers, all in one record: two operators at once do not undo each other. */
import { describe, expect, it } from 'vitest';
import type { ProviderId } from '../../../lib/ids.ts';
import { pausedProvidersKey } from '../../../lib/table/keys.ts';
import { createPauseStore } from '../../../lib/tenants/paused-providers.ts';
import { onEachEngine } from '../table/engines.ts';

const ids = ['tiktok', 'reddit', 'openid'] as ProviderId[];

onEachEngine((engine) => {
  describe('paused providers', () => {
    it('are all kept when several are paused at once', async () => {
      const pauses = createPauseStore(await engine.newTable());

      await Promise.all(ids.map((id) => pauses.update((before) => [...before, id])));

      expect((await pauses.list()).toSorted()).toEqual(ids.toSorted());
    });

    it('are kept from a record that does not count its changes yet', async () => {
      const table = await engine.newTable();
      const pauses = createPauseStore(table);
      await table.put(pausedProvidersKey, { providers: ['tiktok'] });

      const updated = await pauses.update((before) => [...before, 'reddit' as ProviderId]);

      expect(updated).toEqual({ kind: 'updated', value: ['tiktok', 'reddit'] });
      expect(await pauses.list()).toEqual(['tiktok', 'reddit']);
    });
  });
});
