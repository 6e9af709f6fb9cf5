/** The short version of the exactly-once campaign: some hundred events through every simulated fault. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { runExactlyOnce } from './exactly-once.ts';

// The webhook function logs each request.
beforeAll(() => vi.spyOn(process.stdout, 'write').mockReturnValue(true));
afterAll(() => vi.restoreAllMocks());

/** Without each of them the test would prove nothing. */
const faults = [
  'receivers that died',
  'workers killed',
  '… between an effect and done',
  'DynamoDB calls throttled',
  'answers of AWS lost',
] as const;
/** Calls run concurrently, so a seed does not fix which fault meets which call: a rare one may miss a run. */
const seeds = [4711, 4712, 4713, 4714, 4715, 4716];

it('the webhook pipeline loses no event and applies none twice, under every simulated fault', async () => {
  let missing: readonly (typeof faults)[number][] = faults;

  for (const seed of seeds) {
    const { violations, report, accepted } = await runExactlyOnce({ seed, events: 150, workers: 3 });

    expect(violations).toEqual([]);
    expect(accepted).toMatchObject({ waiting: 0, givenUp: 0 });
    missing = missing.filter((fault) => report[fault] === 0);
    if (missing.length === 0) break;
  }

  expect(missing).toEqual([]);
});
