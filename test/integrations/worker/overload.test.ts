/** More is due than can be worked: all wait equally long, and nothing is sent again while it waits. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Overload, simulateOverload } from '../../bench/sweep-overload.ts';

describe('an hour in which 40 become due a second and 25 are worked', () => {
  let overload: Overload;

  beforeAll(async () => {
    overload = await simulateOverload({
      minutes: 60,
      duePerSecond: 40,
      workedPerSecond: 25,
      queueLimit: 2_000,
    });
  });

  it('works all that the workers can, for no sweep leaves their queue empty', () => {
    expect(overload.worked).toBeGreaterThan(25 * 60 * 60 * 0.97);
  });

  it('sends nothing again while it waits in the queue', () => {
    expect(overload.sentWhileWaiting).toBe(0);
  });

  it('lets every shard wait equally long', () => {
    expect(overload.longestWaits.shards.length).toBe(16);
    expect(spreadOf(overload.longestWaits.shards)).toBeLessThan(0.03);
  });

  it('lets every platform wait equally long, the large one and the small ones', () => {
    expect(overload.longestWaits.platforms.length).toBe(5);
    expect(spreadOf(overload.longestWaits.platforms)).toBeLessThan(0.03);
  });

  it('finds a message that was lost within minutes, although the queue is never empty', () => {
    expect(overload.lost).toBeGreaterThan(50);
    expect(overload.lostUnfound).toBe(0);
    expect(overload.longestLossMinutes).toBeLessThanOrEqual(5);
  });

  it('writes one record in each sweep, however much is due', () => {
    expect(overload.writeUnitsPerSweep).toBeLessThanOrEqual(2);
  });
});

/** How far the longest is from the shortest, in parts of the longest. */
function spreadOf(values: readonly number[]): number {
  return 1 - Math.min(...values) / Math.max(...values);
}
