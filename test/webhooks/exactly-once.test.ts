/** The short version of the exactly-once campaign: some hundred events through every simulated fault. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runExactlyOnce } from './exactly-once.ts';

// The webhook function logs each request.
beforeAll(() => vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterAll(() => vi.restoreAllMocks());

it('the webhook pipeline loses no event and applies none twice, under every simulated fault', async () => {
  const { violations, report, accepted } = await runExactlyOnce({ seed: 4711, events: 150, workers: 3 });

  expect(violations).toEqual([]);
  expect(accepted).toMatchObject({ waiting: 0, givenUp: 0 });
  // Without faults the test would prove nothing.
  expect(report['receivers that died']).toBeGreaterThan(0);
  expect(report['workers killed']).toBeGreaterThan(0);
  expect(report['… between an effect and done']).toBeGreaterThan(0);
  expect(report['DynamoDB calls throttled']).toBeGreaterThan(0);
  expect(report['answers of AWS lost']).toBeGreaterThan(0);
});
