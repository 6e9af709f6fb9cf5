/** More connections are due than the workers can handle: all wait equally long, and no message is sent twice. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Overload, simulateOverload } from '../../bench/sweep-overload.ts';

describe('a sweep with 40 due connections a second and capacity for 25', () => {
  let overload: Overload;

  beforeAll(async () => {
    overload = await simulateOverload({
      minutes: 60,
      duePerSecond: 40,
      workedPerSecond: 25,
      queueLimit: 2_000,
    });
  });

  it('keeps the workers busy: their queue is never empty', () => {
    expect(overload.worked).toBeGreaterThan(25 * 60 * 60 * 0.97);
  });

  it('sends no connection again while its message waits in the queue', () => {
    expect(overload.sentWhileWaiting).toBe(0);
  });

  it('lets every shard wait equally long', () => {
    expect(overload.longestWaits.shards.length).toBe(16);
    expect(spreadOf(overload.longestWaits.shards)).toBeLessThan(0.03);
  });

  it('lets every platform wait equally long, large or small', () => {
    expect(overload.longestWaits.platforms.length).toBe(5);
    expect(spreadOf(overload.longestWaits.platforms)).toBeLessThan(0.03);
  });

  it('resends a lost message within minutes, although the queue is never empty', () => {
    expect(overload.lost).toBeGreaterThan(50);
    expect(overload.lostUnfound).toBe(0);
    expect(overload.longestLossMinutes).toBeLessThanOrEqual(5);
  });

  it('writes one record per sweep, however many connections are due', () => {
    expect(overload.writeUnitsPerSweep).toBeLessThanOrEqual(2);
  });
});

/** The difference between the longest and the shortest wait, as a share of the longest. */
function spreadOf(values: readonly number[]): number {
  return 1 - Math.min(...values) / Math.max(...values);
}
