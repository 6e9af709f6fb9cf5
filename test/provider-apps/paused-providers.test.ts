/** Paused providers share one record: concurrent operators do not overwrite each other. */
import { describe, expect, it } from 'vitest';
import type { ProviderId } from '../../lib/ids.ts';
import { createPauseStore } from '../../lib/provider-apps/paused-providers.ts';
import { pausedProvidersKey } from '../../lib/table/keys.ts';
import { onEachEngine } from '../table/engines.ts';

const ids = ['tiktok', 'reddit', 'openid'] as ProviderId[];

onEachEngine((engine) => {
  describe('paused providers', () => {
    it('are all kept under concurrent pauses', async () => {
      const pauses = createPauseStore(await engine.newTable(), () => 1_000);

      await Promise.all(ids.map((id) => pauses.pause(id)));

      expect((await pauses.read()).paused.toSorted()).toEqual(ids.toSorted());
    });

    it('are kept when the stored record has no revision yet', async () => {
      const table = await engine.newTable();
      const pauses = createPauseStore(table, () => 1_000);
      await table.put(pausedProvidersKey, { providers: ['tiktok'] });

      const updated = await pauses.pause('reddit' as ProviderId);

      expect(updated).toMatchObject({ kind: 'updated', value: { paused: ['tiktok', 'reddit'] } });
      expect((await pauses.read()).paused).toEqual(['tiktok', 'reddit']);
    });
  });
});
