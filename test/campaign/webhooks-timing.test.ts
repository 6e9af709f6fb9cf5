/**
 * Whether the time of a refusal reveals what was wrong: signatures that differ in the first or the last digit, and
 * apps that do not exist. A measurement, and therefore not part of `npm test`.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kinds, openTimingFixture, type Times, type TimingFixture } from '../webhooks/timing.ts';
import { describeSamples, significant, welch } from '../webhooks/welch.ts';

// The webhook function tells of each request.
vi.spyOn(process.stdout, 'write').mockReturnValue(true);

const callsInProcess = Number(process.env['CAMPAIGN_CALLS'] ?? 120_000);
const callsOverHttp = callsInProcess / 4;

let fixture: TimingFixture;

beforeAll(async () => {
  fixture = await openTimingFixture();
});
afterAll(() => fixture.close());

it.each(['tiktok', 'instagram'] as const)(
  'the webhook function refuses every kind of bad delivery in the same time, at %s',
  async (platform) => {
    const { byDigit, byContext, slowest, apart } = look(
      `in process, ${platform}`,
      await fixture.inProcess(platform, callsInProcess),
    );

    expect(Math.abs(byDigit)).toBeLessThan(significant);
    // Here a nanosecond shows. What is left is a hundredth of a refusal, and far below what any network hides.
    expect(apart).toBeLessThan(slowest / 100);
    expect(Number.isFinite(byContext)).toBe(true);
  },
);

it.each(['tiktok', 'instagram'] as const)(
  'a client cannot tell from the response time why a delivery was refused, at %s',
  async (platform) => {
    const { byDigit, byContext } = look(
      `over HTTP on this machine, ${platform}`,
      await fixture.overHttp(platform, callsOverHttp),
    );

    expect(Math.abs(byDigit)).toBeLessThan(significant);
    expect(Math.abs(byContext)).toBeLessThan(significant);
  },
);

/** Prints the statistics and returns the ones that the test checks. */
function look(where: string, times: Times) {
  const samples = describeSamples(times);
  const first = samples['first digit'];
  const unknown = samples['unknown context'];
  const byDigit = welch(first, samples['last digit']);
  const byContext = welch(first, unknown);
  const apart = Math.abs(first.mean - unknown.mean);
  const line = (kind: (typeof kinds)[number]) => {
    const { count, mean, variance } = samples[kind];
    return `  ${kind.padEnd(16)} n ${count}  mean ${mean.toFixed(3)} µs  deviation ${Math.sqrt(variance).toFixed(3)} µs`;
  };
  console.log(
    [
      `Refusals ${where}:`,
      ...kinds.map(line),
      `  Welch's t, first against last digit: ${byDigit.toFixed(2)}`,
      `  Welch's t, known against unknown context: ${byContext.toFixed(2)} (${apart.toFixed(3)} µs apart)`,
    ].join('\n'),
  );
  return { byDigit, byContext, apart, slowest: Math.max(first.mean, unknown.mean) };
}
