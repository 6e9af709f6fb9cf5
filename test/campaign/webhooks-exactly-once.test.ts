/** The long version of the exactly-once test: ten thousand events, a new seed each time, and a printed report. */
import { expect, it, vi } from 'vitest';
import { runExactlyOnce } from '../webhooks/exactly-once.ts';

// The webhook function tells of each request.
vi.spyOn(process.stdout, 'write').mockReturnValue(true);

const events = Number(process.env['CAMPAIGN_EVENTS'] ?? 10_000);
const seed = Number(process.env['CAMPAIGN_SEED'] ?? Date.now() % 1_000_000);

it(`the webhook pipeline loses none of ${events} events and applies none twice`, async () => {
  const { violations, report, accepted } = await runExactlyOnce({ seed, events, workers: 10 });

  console.log(
    Object.entries(report)
      .map(([what, value]) => `${what.padEnd(45)} ${String(value).padStart(9)}`)
      .join('\n'),
  );
  expect(violations).toEqual([]);
  expect(accepted).toMatchObject({ waiting: 0, givenUp: 0 });
});
