import { describe, expect, it } from 'vitest';
import { medianOf, medianRatio, takeTurns } from '../rounds.ts';

describe('a bench in rounds', () => {
  it('measures each contender once a round and rotates which one starts', async () => {
    const order: string[] = [];
    const contender = (name: string) => async () => order.push(name);

    await takeTurns({ ours: contender('ours'), floor: contender('floor') }, { rounds: 3 });

    expect(order).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor']);
  });

  it('discards the measurements of the warm-up rounds', async () => {
    let value = 0;

    const measured = await takeTurns({ ours: async () => value++ }, { rounds: 2, warmUpRounds: 3 });

    expect(measured).toEqual({ ours: [3, 4] });
  });

  it('compares contenders within each round, so a slow minute that affects both has no influence', () => {
    expect(medianRatio([2, 200, 20], [1, 100, 10])).toBe(2);
  });

  it('reports the median, independent of order and outliers', () => {
    expect(medianOf([1_000, 1, 3])).toBe(3);
    expect(medianOf([4, 1, 2, 1_000])).toBe(3);
  });

  it('rejects the median of an empty list', () => {
    expect(medianOf([])).toBeNaN();
  });
});
