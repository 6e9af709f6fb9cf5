/**
 * An import of a hundred thousand connections whose tokens all end in the same minute: when they are refreshed, by the
 * times that the schedule gives to an import, beside those that it gives to connections made one by one.
 */
import { importedDueAt, nextDueAt } from '../../lib/connections/schedule.ts';
import { refreshPolicyOf } from '../../lib/integrations/lifecycle/refresh-policy-of.ts';
import { consentProvider } from '../support/providers.ts';
import { seededRandom } from './refresh-seeded-random.ts';
import { spelled, toBars } from './refresh-text.ts';
import { atMost, type BenchGroup, shown } from './row.ts';

type Schedule = typeof nextDueAt;

const imported = 100_000;
const minuteMilliseconds = 60_000;
const now = Date.UTC(2026, 10, 20, 12);
const chartLines = 20;
const tokens = [
  { provider: 'reddit', lifetime: 'an hour', minutes: 60 },
  { provider: 'tiktok', lifetime: 'a day', minutes: 1_440 },
  { provider: 'instagram', lifetime: 'sixty days', minutes: 86_400 },
] as const;
const [shortest] = tokens;

/** Measures in a second. */
export const importSpread: BenchGroup = {
  name: 'import spread',
  async measure() {
    const spread = (one: (typeof tokens)[number], schedule: Schedule) => ({
      ...one,
      dueMinutes: dueMinutes(one, schedule),
    });
    const together = tokens.map((one) => spread(one, importedDueAt));
    const singly = spread(shortest, nextDueAt);
    const [first] = together;
    if (!first) throw new Error('Nothing was imported.');
    const unit = 'refreshes';
    return {
      rows: [
        atMost(
          {
            name: `Busiest minute of ${spelled(imported)} imported tokens of ${shortest.lifetime}, in times of an even spread`,
            value: busiest(first.dueMinutes) / (imported / shortest.minutes),
            unit: '×',
          },
          2,
        ),
        ...together.map(({ lifetime, dueMinutes: at }) =>
          shown({ name: `… refreshes in it, of tokens of ${lifetime}`, value: busiest(at), unit }),
        ),
        shown({
          name: `… of tokens of ${shortest.lifetime} that were connected one by one`,
          value: busiest(singly.dueMinutes),
          unit,
        }),
      ],
      notes: [
        ...together.map(
          (one) => `\nImported, tokens of ${one.lifetime}: refreshes by time before the end\n${chart(one)}`,
        ),
        `\nConnected one by one, tokens of ${singly.lifetime}\n${chart(singly)}`,
      ],
    };
  },
};

/** In which minute from the import on each connection is due. */
function dueMinutes(
  { provider: id, minutes }: (typeof tokens)[number],
  schedule: Schedule,
): readonly number[] {
  const policy = refreshPolicyOf(consentProvider(id));
  const random = seededRandom(minutes);
  const connection = {
    status: 'active',
    refreshable: true,
    obtainedAt: now,
    lastUsedAt: now,
    expiresAt: now + minutes * minuteMilliseconds,
  } as const;
  return Array.from({ length: imported }, () => {
    const dueAt = schedule(connection, policy, { now, random });
    return dueAt === undefined ? Number.POSITIVE_INFINITY : Math.floor((dueAt - now) / minuteMilliseconds);
  });
}

function busiest(dueAt: readonly number[]): number {
  const minutes = [...Map.groupBy(dueAt, (minute) => minute).values()];
  return Math.max(...minutes.map(({ length }) => length));
}

/** The time from the import to the end of the tokens, in parts of equal length. */
function chart({
  minutes,
  dueMinutes: at,
}: {
  readonly minutes: number;
  readonly dueMinutes: readonly number[];
}): string {
  const length = minutes / chartLines;
  const deps = Map.groupBy(at, (minute) => Math.floor(minute / length));
  return toBars(
    Array.from({ length: chartLines }, (_, part) => ({
      name: `-${duration(minutes - part * length)}`,
      count: deps.get(part)?.length ?? 0,
    })),
  );
}

function duration(minutes: number): string {
  if (minutes >= 2_880) return `${minutes / 1_440} d`;
  return minutes >= 120 ? `${(minutes / 60).toFixed(1)} h` : `${minutes} min`;
}
