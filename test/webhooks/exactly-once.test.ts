/** The short version of the campaign's: some hundred events through everything that goes wrong in life. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runExactlyOnce } from './exactly-once.ts';

// The webhook function tells of each request.
beforeAll(() => vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterAll(() => vi.restoreAllMocks());

it('loses no event and lets none work twice, whatever goes wrong on its way', async () => {
  const { violations, report, accepted } = await runExactlyOnce({ seed: 4711, events: 150, workers: 3 });

  expect(violations).toEqual([]);
  expect(accepted).toMatchObject({ waiting: 0, givenUp: 0 });
  // Or the test would test a fair-weather world.
  expect(report['receivers that died']).toBeGreaterThan(0);
  expect(report['workers killed']).toBeGreaterThan(0);
  expect(report['… between an effect and done']).toBeGreaterThan(0);
  expect(report['DynamoDB calls throttled']).toBeGreaterThan(0);
  expect(report['answers of AWS lost']).toBeGreaterThan(0);
});
