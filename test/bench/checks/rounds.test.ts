import { describe, expect, it } from 'vitest';
import { medianOf, medianRatio, takeTurns } from '../rounds.ts';

describe('a bench in rounds', () => {
  it('measures each contender once a round and lets them begin in turn', async () => {
    const order: string[] = [];
    const contender = (name: string) => async () => order.push(name);

    await takeTurns({ ours: contender('ours'), floor: contender('floor') }, { rounds: 3 });

    expect(order).toEqual(['ours', 'floor', 'floor', 'ours', 'ours', 'floor']);
  });

  it('throws away what the rounds of the warm-up measured', async () => {
    let value = 0;

    const measured = await takeTurns({ ours: async () => value++ }, { rounds: 2, warmUpRounds: 3 });

    expect(measured).toEqual({ ours: [3, 4] });
  });

  it('compares round by round, so that a slow minute that hits both says nothing', () => {
    expect(medianRatio([2, 200, 20], [1, 100, 10])).toBe(2);
  });

  it('takes the value in the middle, whatever the order and however far the others are off', () => {
    expect(medianOf([1_000, 1, 3])).toBe(3);
    expect(medianOf([4, 1, 2, 1_000])).toBe(3);
  });

  it('knows no median of nothing', () => {
    expect(medianOf([])).toBeNaN();
  });
});
