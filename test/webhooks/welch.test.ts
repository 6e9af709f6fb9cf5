import { expect, it } from 'vitest';
import { seededRandom } from '../bench/refresh-seeded-random.ts';
import { describeSamples, significant, welch } from './welch.ts';

const random = seededRandom(7);
/** Times around a mean, with occasional outliers. */
const times = (mean: number) =>
  Array.from({ length: 5_000 }, () => mean + random() * 4 + (random() < 0.02 ? 500 : 0));

it('Welch’s t-test detects a difference of one per cent', () => {
  const { left, right } = describeSamples({ left: times(30), right: times(30.3) });

  expect(Math.abs(welch(left, right))).toBeGreaterThan(significant);
});

it('Welch’s t-test finds no difference between samples of one distribution', () => {
  const { left, right } = describeSamples({ left: times(30), right: times(30) });

  expect(Math.abs(welch(left, right))).toBeLessThan(significant);
});

it('Welch’s t-test reproduces the textbook example', () => {
  const left = { count: 10, mean: 20, variance: 4 };
  const right = { count: 20, mean: 22, variance: 9 };

  expect(welch(left, right)).toBeCloseTo(-2 / Math.sqrt(0.4 + 0.45), 12);
});
