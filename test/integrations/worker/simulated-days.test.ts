/** Two days of two hundred connections, played in moments: what is promised of tokens in use, through outages too. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Simulation, simulate } from '../../bench/refresh-simulation.ts';
import { judge, type Verdict } from '../../bench/refresh-verdict.ts';
import { mixedPeople } from '../../bench/simulated-week.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('two days of connections of every kind', () => {
  let simulation: Simulation;
  let verdict: Verdict;

  beforeAll(async () => {
    simulation = await simulate({
      seed: 3,
      days: 2,
      people: () => mixedPeople(200),
      outages: [
        { provider: 'tiktok', from: 20 * hour, until: 23 * hour, kind: 'refuses' },
        { provider: 'reddit', from: 30 * hour, until: 30 * hour + 20 * minute, kind: 'silent' },
      ],
    });
    verdict = judge(simulation);
  });

  it('refreshes every connection in use before it ends', () => {
    expect(verdict.ends).toBeGreaterThan(1_500);
    expect(verdict.inTime).toBe(verdict.ends);
    expect(verdict.leftToReaders).toBe(0);
  });

  it('has refreshed whatever an outage held up within two sweeps of its end', () => {
    expect(verdict.endsInOutage).toBeGreaterThan(20);
    expect(verdict.sweepsToRecover).toBeGreaterThan(0);
    expect(verdict.sweepsToRecover).toBeLessThanOrEqual(2);
  });

  it('loses no grant', () => {
    expect(verdict.refused).toBe(0);
    expect(simulation.failedMessages).toBe(0);
  });

  it('serves a token whenever one was asked for, outages apart', () => {
    const { readings, outages } = simulation;
    const away = (at: number) => outages.some(({ from, until }) => from <= at && at < until + 2 * minute);

    const unserved = readings.filter(({ served, at }) => !served && !away(at));

    expect(readings.length).toBeGreaterThan(800);
    expect(unserved).toEqual([]);
  });

  it('refreshes what nobody uses only to keep it alive', () => {
    const idle = new Set(simulation.people.filter(({ use }) => use === 'idle').map(({ account }) => account));
    const always = simulation.people.filter(({ provider }) => provider.refresh?.proactive === 'always');

    const calls = simulation.calls.filter(
      ({ account, refreshed }) =>
        refreshed && idle.has(account) && !always.some((one) => one.account === account),
    );

    // Each once a week at most, and some never; two days of it.
    expect(calls.length).toBeLessThan(idle.size);
  });

  it('asks a platform that is away a few times a minute, however many wait for it', () => {
    const [outage] = simulation.outages;
    const during = simulation.calls.filter(
      ({ refreshed, caller, provider }) => !refreshed && caller === 'worker' && provider === outage?.provider,
    );
    const waiting = new Set(during.map(({ account }) => account)).size;

    expect(waiting).toBeGreaterThan(30);
    expect(during.length / 180).toBeLessThan(12);
  });
});
