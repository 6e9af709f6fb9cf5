import { expect, it } from 'vitest';
import { importedDueAt, nextDueAt } from '../../../lib/connections/schedule.ts';
import { refreshPolicyOf } from '../../../lib/integrations/lifecycle/refresh-policy-of.ts';
import { seededRandom } from '../../bench/refresh-seeded-random.ts';
import { consentProvider } from '../../support/providers.ts';

const now = Date.UTC(2026, 10, 20, 12);
const hour = 3_600_000;
const day = 24 * hour;

it('imported connections that expire in the same minute become due evenly spread over the time before', () => {
  const dueAt = importMany('tiktok', { obtainedAt: now, expiresAt: now + day });

  const inEachTenth = Map.groupBy(dueAt, (at) => Math.floor(((at - now) / (day - hour)) * 10));
  const counts = Array.from({ length: 9 }, (_, tenth) => inEachTenth.get(tenth)?.length ?? 0);
  for (const count of counts) expect(Math.abs(count - 1_050)).toBeLessThan(150);
});

it('an imported connection never becomes due later than a connection imported alone', () => {
  const latest = Math.max(...importMany('tiktok', { obtainedAt: now, expiresAt: now + day }));

  expect(latest).toBeLessThan(now + day - hour);
});

it('an imported connection becomes due no earlier than its platform would refresh the token', () => {
  const earliest = Math.min(
    ...importMany('instagram', { obtainedAt: now - hour, expiresAt: now + 60 * day }),
  );

  expect(earliest).toBeGreaterThanOrEqual(now + day - hour);
});

it('an imported connection without time left becomes due at once', () => {
  const dueAt = importMany('tiktok', { obtainedAt: now - day, expiresAt: now + hour / 2 });

  expect(new Set(dueAt)).toEqual(new Set([now]));
});

it('an imported connection that cannot be refreshed becomes due at its usual warning time', () => {
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
