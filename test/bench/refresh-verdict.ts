/**
 * What became of the tokens of a simulation: which were refreshed before they ended, which were not, and how soon after an
 * outage its platform's connections were all right again.
 */
import type { Outage, TokenCall } from './refresh-platforms.ts';
import type { Person } from './refresh-population.ts';
import { minuteMilliseconds, type Simulation } from './refresh-simulation.ts';

export interface Verdict {
  /** Ends of tokens of connections that the policy wants fresh, while their platform was well. */
  readonly ends: number;
  /** Of these, tokens that had been refreshed before. */
  readonly inTime: number;
  /** Ends in an outage, or before the second sweep after it. */
  readonly endsInOutage: number;
  readonly inTimeInOutage: number;
  /** Of every connection that the worker tried to refresh in an outage: sweeps from its end to the refresh; the most that any took. */
  readonly sweepsToRecover: number;
  /** Refreshes that a tenant's own request had to wait for, though the policy wanted the connection fresh. */
  readonly leftToReaders: number;
  /** Grants that the platform considers lost. */
  readonly refused: number;
}

/** For so long after the last use the policy wants a connection fresh, whatever part of a day its use was noted in. */
const wantedMilliseconds = 6 * 86_400_000;
const sweepsAllowed = 2;

export function judge(simulation: Simulation): Verdict {
  const { people, calls, outages, readings, ended } = simulation;
  const callsOf = Map.groupBy(calls, ({ account }) => account);
  const readingsOf = Map.groupBy(readings, ({ account }) => account);
  const verdict = { ends: 0, inTime: 0, endsInOutage: 0, inTimeInOutage: 0, leftToReaders: 0 };
  for (const person of people) {
    const reads = (readingsOf.get(person.account) ?? []).map(({ at }) => at);
    for (const { end, refreshedAt, caller } of tokensOf(
      simulation,
      person,
      callsOf.get(person.account) ?? [],
    )) {
      if (!isWanted(person, simulation.began, reads, Math.min(end, refreshedAt))) continue;
      const inTime = refreshedAt < end;
      if (caller === 'reader') verdict.leftToReaders += 1;
      if (!inTime && end > ended) continue;
      if (outages.some((outage) => isOf(outage, person) && touches(outage, end))) {
        verdict.endsInOutage += 1;
        if (inTime) verdict.inTimeInOutage += 1;
      } else {
        verdict.ends += 1;
        if (inTime) verdict.inTime += 1;
      }
    }
  }
  return {
    ...verdict,
    sweepsToRecover: Math.max(0, ...outages.map((outage) => sweepsToRecover(simulation, callsOf, outage))),
    refused: calls.filter((call) => !call.refreshed && !outages.some((outage) => isDuring(outage, call)))
      .length,
  };
}

/** Each token of a person: when it ended or would have, when it was refreshed, and by whom. */
function tokensOf({ endOf }: Simulation, { account }: Person, calls: readonly TokenCall[]) {
  const refreshes = calls.filter(({ refreshed }) => refreshed);
  return [
    ...refreshes.map(({ previousEnd, at, caller }) => ({ end: previousEnd, refreshedAt: at, caller })),
    { end: endOf(account), refreshedAt: Number.POSITIVE_INFINITY, caller: 'nobody' },
  ];
}

function isWanted({ provider, use }: Person, began: number, reads: readonly number[], at: number): boolean {
  if (provider.refresh?.proactive === 'always') return true;
  if (use === 'steady' && at < began + wantedMilliseconds) return true;
  return reads.some((read) => read < at && at < read + wantedMilliseconds);
}

/** The most sweeps that anybody needed whom the outage had held up. */
function sweepsToRecover(
  { began, endOf, people }: Simulation,
  callsOf: ReadonlyMap<number, readonly TokenCall[]>,
  outage: Outage,
): number {
  const needed = people
    .filter((person) => isOf(outage, person))
    .map(({ account }) => {
      const calls = callsOf.get(account) ?? [];
      const heldUp = calls.some((call) => isDuring(outage, call) && call.caller === 'worker');
      if (!heldUp) return 0;
      const recovered = calls.find((call) => call.refreshed && call.at >= outage.until)?.at ?? endOf(account);
      // The first is the one that begins when the outage ends, or next.
      const first = Math.ceil((outage.until - began) / minuteMilliseconds);
      return Math.floor((recovered - began) / minuteMilliseconds) - first + 1;
    });
  return Math.max(0, ...needed);
}

const isOf = (outage: Outage, { provider }: Person) => outage.provider === provider.id;
const isDuring = (outage: Outage, call: TokenCall) =>
  !call.refreshed && call.provider === outage.provider && outage.from <= call.at && call.at < outage.until;
const touches = (outage: Outage, end: number) =>
  outage.from <= end && end < outage.until + sweepsAllowed * minuteMilliseconds;
