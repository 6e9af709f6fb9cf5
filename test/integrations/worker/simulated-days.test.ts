/** Simulates two days of two hundred connections in moments: tokens in use stay fresh, even through outages. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Simulation, simulate } from '../../bench/refresh-simulation.ts';
import { judge, type Verdict } from '../../bench/refresh-verdict.ts';
import { mixedPeople } from '../../bench/simulated-week.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('a worker that keeps every kind of connection for two simulated days', () => {
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

  it('refreshes every connection in use before its token expires', () => {
    expect(verdict.ends).toBeGreaterThan(1_500);
    expect(verdict.inTime).toBe(verdict.ends);
    expect(verdict.leftToReaders).toBe(0);
  });

  it('refreshes every delayed connection within two sweeps of the end of an outage', () => {
    expect(verdict.endsInOutage).toBeGreaterThan(20);
    expect(verdict.sweepsToRecover).toBeGreaterThan(0);
    expect(verdict.sweepsToRecover).toBeLessThanOrEqual(2);
  });

  it('loses no grant', () => {
    expect(verdict.refused).toBe(0);
    expect(simulation.failedMessages).toBe(0);
  });

  it('serves a token for every request outside outages', () => {
    const { readings, outages } = simulation;
    const away = (at: number) => outages.some(({ from, until }) => from <= at && at < until + 2 * minute);

    const unserved = readings.filter(({ served, at }) => !served && !away(at));

    expect(readings.length).toBeGreaterThan(800);
    expect(unserved).toEqual([]);
  });

  it('refreshes an idle connection only to keep its grant alive', () => {
    const idle = new Set(simulation.people.filter(({ use }) => use === 'idle').map(({ account }) => account));
    const always = simulation.people.filter(({ provider }) => provider.refresh?.proactive === 'always');

    const calls = simulation.calls.filter(
      ({ account, refreshed }) =>
        refreshed && idle.has(account) && !always.some((one) => one.account === account),
    );

    // At most one refresh a week for each connection, so the count covers two days of a week.
    expect(calls.length).toBeLessThan(idle.size);
  });

  it('calls an unavailable platform a few times a minute, however many connections wait', () => {
    const [outage] = simulation.outages;
    const during = simulation.calls.filter(
      ({ refreshed, caller, provider }) => !refreshed && caller === 'worker' && provider === outage?.provider,
    );
    const waiting = new Set(during.map(({ account }) => account)).size;

    expect(waiting).toBeGreaterThan(30);
    expect(during.length / 180).toBeLessThan(12);
  });
});
