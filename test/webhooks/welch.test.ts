import { expect, it } from 'vitest';
import { seededRandom } from '../bench/refresh-seeded-random.ts';
import { describeSamples, significant, welch } from './welch.ts';

const random = seededRandom(7);
/** Times about a mean, with an outlier now and then. */
const times = (mean: number) =>
  Array.from({ length: 5_000 }, () => mean + random() * 4 + (random() < 0.02 ? 500 : 0));

it('tells apart what differs by a hundredth', () => {
  const { left, right } = describeSamples({ left: times(30), right: times(30.3) });

  expect(Math.abs(welch(left, right))).toBeGreaterThan(significant);
});

it('does not tell apart what is alike', () => {
  const { left, right } = describeSamples({ left: times(30), right: times(30) });

  expect(Math.abs(welch(left, right))).toBeLessThan(significant);
});

it('knows the example of the textbook', () => {
  const left = { count: 10, mean: 20, variance: 4 };
  const right = { count: 20, mean: 22, variance: 9 };

  expect(welch(left, right)).toBeCloseTo(-2 / Math.sqrt(0.4 + 0.45), 12);
});
