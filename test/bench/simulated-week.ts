/**
 * A week of a thousand connections with tokens that live from an hour to sixty days, through an outage of three hours
 * and two of twenty minutes: which tokens are refreshed in time, and what that takes. What it costs is counted on a day of
 * as many connections as have a million refreshes a month; fewer share what is paid for by the hour.
 */
import type { TenantId } from '../../lib/ids.ts';
import { consentProvider } from '../support/providers.ts';
import type { Person, Use } from './refresh-population.ts';
import { bill, perMillion, perMonth, total } from './refresh-prices.ts';
import { type Simulation, simulate } from './refresh-simulation.ts';
import { judge } from './refresh-verdict.ts';
import { eventsQueue, refreshQueue } from './refresh-world.ts';
import { atLeast, atMost, type BenchGroup, shown } from './row.ts';

const hourSeconds = 3_600;
const daySeconds = 86_400;
const weeksPerMonth = 30 / 7;
/** How many of a thousand there are of each kind: all that a schedule must cope with. */
const kinds = [
  { provider: 'reddit', lifetimeSeconds: hourSeconds, share: 0.15 },
  { provider: 'tiktok', lifetimeSeconds: 2 * hourSeconds, share: 0.2 },
  { provider: 'openid', lifetimeSeconds: 8 * hourSeconds, share: 0.15 },
  { provider: 'tiktok', lifetimeSeconds: daySeconds, share: 0.15 },
  { provider: 'openid', lifetimeSeconds: 30 * daySeconds, share: 0.1 },
  { provider: 'instagram', lifetimeSeconds: 60 * daySeconds, share: 0.25 },
] as const;
const uses: readonly Use[] = [
  ...Array.from({ length: 12 }, () => 'steady' as const),
  ...Array.from({ length: 5 }, () => 'idle' as const),
  ...(['ceasing', 'ceasing', 'returning'] as const),
];
const tenants = 4;

const minutes = (count: number) => count * 60_000;
const hours = (count: number) => minutes(60 * count);

/** The first `count` of the population, in the same mixture whatever their number. */
export function mixedPeople(count: number): readonly Person[] {
  const people: Person[] = [];
  for (const { provider, lifetimeSeconds, share } of kinds) {
    for (let number = 0; number < Math.round(share * count); number += 1) {
      people.push({
        account: people.length,
        tenantId: `tenant-${number % tenants}` as TenantId,
        provider: consentProvider(provider),
        lifetimeSeconds,
        use: uses[number % uses.length] ?? 'steady',
      });
    }
  }
  return people;
}

/** Of this mixture so many have about a million refreshes a month. */
const peopleOfAMillion = 5_750;

/** Measures in about a minute. */
export const simulatedWeek: BenchGroup = {
  name: 'simulated week of refreshes',
  async measure() {
    const simulation = await simulate({
      seed: 20_261_120,
      days: 7,
      people: () => mixedPeople(1_000),
      outages: [
        { provider: 'reddit', from: hours(30), until: hours(30) + minutes(20), kind: 'silent' },
        { provider: 'tiktok', from: hours(80), until: hours(83), kind: 'refuses' },
        { provider: 'openid', from: hours(120), until: hours(120) + minutes(20), kind: 'silent' },
      ],
    });
    const { calls, people, consumed } = simulation;
    const verdict = judge(simulation);
    const refreshes = calls.filter(({ refreshed }) => refreshed).length;
    const day = await simulate({
      seed: 20_261_121,
      days: 1,
      people: () => mixedPeople(peopleOfAMillion),
      // As much of a day as the outages above are of a week.
      outages: [{ provider: 'tiktok', from: hours(10), until: hours(10) + minutes(31), kind: 'refuses' }],
    });
    const million = perMillion(countOf(day));
    const month = perMonth(day.consumed.sweep, day.sweeps);
    const ofTheWeek = perMillion(countOf(simulation));
    const perRefresh = (name: string, value: number, unit: string) =>
      shown({ name: `… ${name} of a refresh`, value: value / countOf(simulation).refreshes, unit });
    return {
      rows: [
        atLeast(
          {
            name: 'Tokens refreshed before their end, outages apart',
            value: (100 * verdict.inTime) / verdict.ends,
            unit: '%',
          },
          100,
        ),
        shown({ name: '… tokens so judged', value: verdict.ends, unit: 'tokens' }),
        shown({
          name: '… of those that ended while their platform was away',
          value: (100 * verdict.inTimeInOutage) / verdict.endsInOutage,
          unit: '%',
        }),
        atMost(
          {
            name: 'Sweeps from the end of an outage to the last refresh',
            value: verdict.sweepsToRecover,
            unit: 'sweeps',
          },
          2,
        ),
        atMost({ name: 'Grants lost', value: verdict.refused, unit: 'grants' }, 0),
        atMost(
          {
            name: 'Refreshes that a reader had to wait for',
            value: verdict.leftToReaders,
            unit: 'refreshes',
          },
          0,
        ),
        shown({ name: 'Refreshes', value: refreshes, unit: 'refreshes' }),
        shown({
          name: '… calls of platforms per connection in use',
          value: callsOfEach(simulation, ['steady', 'ceasing', 'returning']),
          unit: 'calls',
        }),
        shown({
          name: '… calls of platforms per idle connection',
          value: callsOfEach(simulation, ['idle']),
          unit: 'calls',
        }),
        shown({
          name: '… calls into an outage, per connection',
          value: (calls.length - refreshes) / people.length,
          unit: 'calls',
        }),
        perRefresh('calls of DynamoDB', consumed.worker.calls, 'calls'),
        perRefresh('read units', consumed.worker.readUnits, 'units'),
        perRefresh('write units, tables', consumed.worker.writeUnits, 'units'),
        perRefresh('write units, indexes', consumed.worker.indexWriteUnits, 'units'),
        perRefresh('requests of SQS', countOf(simulation).sqsRequests, 'requests'),
        perRefresh('bytes of log', simulation.loggedBytes, 'bytes'),
        atMost({ name: 'Cost of a million refreshes', value: total(million), unit: '$' }, 6),
        shown({ name: '… of a month in which nothing is due', value: total(month), unit: '$' }),
        shown({
          name: '… of a month of these connections, both together',
          value:
            (total(ofTheWeek) * countOf(simulation).refreshes * weeksPerMonth) / 1_000_000 + total(month),
          unit: '$',
        }),
      ],
      notes: [
        bill(`A million refreshes, by the counts of a day of ${day.people.length} connections`, million),
        bill('A month of looking for what is due, whatever is stored', month),
      ],
    };
  },
};

function callsOfEach({ people, calls }: Simulation, some: readonly Use[]): number {
  const accounts = new Set(people.filter(({ use }) => some.includes(use)).map(({ account }) => account));
  return calls.filter(({ account }) => accounts.has(account)).length / accounts.size;
}

/** All that the workers did, outages included, shared out among the refreshes that they brought about. */
function countOf({ calls, consumed, requests, batches, batchMilliseconds }: Simulation) {
  const sent = (command: string, queue: string) => requests[`${command} ${queue}`] ?? 0;
  return {
    refreshes: calls.filter(({ refreshed, caller }) => refreshed && caller === 'worker').length,
    worker: consumed.worker,
    sqsRequests:
      sent('SendMessageBatchCommand', refreshQueue) + 2 * batches + sent('SendMessageCommand', eventsQueue),
    kmsCalls: requests['kms'] ?? 0,
    secretCalls: requests['secrets'] ?? 0,
    invocations: batches,
    invocationSeconds: batchMilliseconds / 1_000,
  };
}
