/** When connections of a mass import are due: all in time, none together, none before its platform would refresh it. */
import { expect, it } from 'vitest';
import { importedDueAt, nextDueAt } from '../../../lib/connections/schedule.ts';
import { refreshPolicyOf } from '../../../lib/integrations/lifecycle/refresh-policy-of.ts';
import { seededRandom } from '../../bench/refresh-seeded-random.ts';
import { consentProvider } from '../../support/providers.ts';

const now = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;
const day = 24 * hour;

it('spreads what ends in the same minute evenly over the time before', () => {
  const dueAt = importMany('tiktok', { obtainedAt: now, expiresAt: now + day });

  const inEachTenth = Map.groupBy(dueAt, (at) => Math.floor(((at - now) / (day - hour)) * 10));
  const counts = Array.from({ length: 9 }, (_, tenth) => inEachTenth.get(tenth)?.length ?? 0);
  for (const count of counts) expect(Math.abs(count - 1_050)).toBeLessThan(150);
});

it('never waits longer than for a connection that came alone', () => {
  const latest = Math.max(...importMany('tiktok', { obtainedAt: now, expiresAt: now + day }));

  expect(latest).toBeLessThan(now + day - hour);
});

it('does not ask before the platform would refresh', () => {
  const earliest = Math.min(
    ...importMany('instagram', { obtainedAt: now - hour, expiresAt: now + 60 * day }),
  );

  expect(earliest).toBeGreaterThanOrEqual(now + day - hour);
});

it('asks at once where there is no time to spread', () => {
  const dueAt = importMany('tiktok', { obtainedAt: now - day, expiresAt: now + hour / 2 });

  expect(new Set(dueAt)).toEqual(new Set([now]));
});

it('warns of an end that nothing can prevent when it would have done so anyhow', () => {
  const policy = refreshPolicyOf(consentProvider('tiktok'));
  const connection = {
    status: 'active',
    refreshable: false,
    obtainedAt: now,
    expiresAt: now + day,
  } as const;

  const dueAt = importedDueAt(connection, policy, { now, random: () => 0.5 });

  expect(dueAt).toBe(nextDueAt(connection, policy, { now, random: () => 0.5 }));
});

function importMany(
  id: string,
  times: { readonly obtainedAt: number; readonly expiresAt: number },
): readonly number[] {
  const policy = refreshPolicyOf(consentProvider(id));
  const random = seededRandom(7);
  const connection = { status: 'active', refreshable: true, lastUsedAt: now, ...times } as const;
  return Array.from({ length: 10_000 }, () => importedDueAt(connection, policy, { now, random }) ?? Infinity);
}
