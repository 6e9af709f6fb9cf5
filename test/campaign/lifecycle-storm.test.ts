/** Fifty refresh storms, each with its own deaths and lost answers; each prints its result. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStorm, type Storm } from '../lifecycle/storm/storm.ts';
import { planOf } from '../lifecycle/storm/storm-plan.ts';
import { describeVerdict, type Verdict } from '../lifecycle/storm/verdict.ts';

const seeds = Array.from({ length: 50 }, (_, index) => index + 1);
let storm: Storm;

beforeAll(async () => {
  storm = await openStorm(6);
});
afterAll(() => storm.close());

it('fifty refresh storms lose no connection that the platform would have saved', {
  timeout: 3_000_000,
}, async () => {
  const verdicts: Verdict[] = [];

  for (const seed of seeds) {
    const verdict = await storm.run(planOf(seed));
    console.log(describeVerdict(verdict));
    verdicts.push(verdict);
  }

  const total = (of: (verdict: Verdict) => number) => verdicts.reduce((sum, each) => sum + of(each), 0);
  const ended = verdicts.filter(({ gone }) => gone > 0).length;
  console.log(
    `${verdicts.length} storms: ${total(({ kills }) => kills)} kills, ${total(({ leases }) => leases)} leases, ` +
      `${total(({ calls }) => calls)} token calls, ${ended} grants lost by the platform's own rules, ` +
      `${total(({ violations }) => violations.length)} violations.`,
  );
  expect(verdicts.filter(({ violations }) => violations.length > 0)).toEqual([]);
});
