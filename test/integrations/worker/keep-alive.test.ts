import { expect, it } from 'vitest';
import type { TenantId } from '../../../lib/ids.ts';
import type { RefreshOutcome } from '../../../lib/integrations/worker/refresh-worker.ts';
import { refreshMessageFor } from '../../../lib/messages/refresh.ts';
import { nothingConsumed } from '../../bench/refresh-capacity.ts';
import { openCountingStore } from '../../bench/refresh-counting-table.ts';
import { openPlatforms } from '../../bench/refresh-platforms.ts';
import { connectionOf } from '../../bench/refresh-population.ts';
import { openLifecycleFixture } from '../../bench/refresh-world.ts';
import { consentProvider } from '../../support/providers.ts';

const now = Date.UTC(2026, 10, 20, 12);
const day = 86_400_000;
const tenantId = 'harbour' as TenantId;

it('the worker refreshes an idle connection that is due, whatever jitter the current draw gives', async () => {
  const { worked, calls } = await workIdle({ ageDays: 6.4 });

  expect(worked).toEqual(['refreshed']);
  expect(calls).toBe(1);
});

it('the worker postpones an idle connection that is due too early to the last tenth of its idle limit', async () => {
  const { worked, calls, dueInDays } = await workIdle({ ageDays: 5 });

  expect(worked).toEqual(['idle']);
  expect(calls).toBe(0);
  expect(dueInDays).toBeGreaterThan(1.3);
  expect(dueInDays).toBeLessThanOrEqual(2);
});

/** TikTok's refresh tokens must be used every seven days. */
async function workIdle({ ageDays }: { readonly ageDays: number }) {
  const random = () => 0.999;
  const sleep = async () => undefined;
  const platforms = openPlatforms({ now: () => now, sleep, latency: () => 0 });
  const stores = { precious: openCountingStore(), activity: openCountingStore() };
  const fixture = await openLifecycleFixture({
    tables: () => ({
      precious: stores.precious.open(nothingConsumed()),
      activity: stores.activity.open(nothingConsumed()),
    }),
    platforms,
    now: () => now,
    sleep,
    random,
  });
  const provider = consentProvider('tiktok');
  const person = { account: 1, tenantId, provider, lifetimeSeconds: 86_400, use: 'idle' } as const;
  const sealer = await fixture.setUp.vault.sealerFor(tenantId);
  const obtainedAt = now - ageDays * day;
  const connection = {
    ...connectionOf(person, { platforms, sealer, now, random }),
    obtainedAt,
    expiresAt: obtainedAt + day,
    dueAt: now,
  };
  await fixture.setUp.connections.create(connection);
  const worked: RefreshOutcome[] = [];

  const work = fixture.newWorker((what) => worked.push(what));
  await work(JSON.stringify(refreshMessageFor(connection).body));

  const stored = await fixture.setUp.connections.get(tenantId, provider.id, connection.accountId);
  const dueInDays = ((stored?.dueAt ?? 0) - now) / day;
  return { worked, calls: platforms.calls.length, dueInDays };
}
