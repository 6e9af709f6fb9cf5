/**
 * Decides whether two sets of times differ by more than chance: Welch's t-test without the slowest samples, which the
 * garbage collector and other processes cause. dudect does the same: https://eprint.iacr.org/2016/1123
 */

export interface Sample {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

/** Beyond this, chance is no explanation: less than one in a hundred thousand. */
export const significant = 4.5;

/** The samples of each class without those above a percentile of all samples. */
export function describeSamples<Name extends string>(
  times: Readonly<Record<Name, readonly number[]>>,
  kept = 0.9,
): Readonly<Record<Name, Sample>> {
  const names = Object.keys(times) as Name[];
  const all = names.flatMap((name) => times[name]).toSorted((left, right) => left - right);
  const limit = all[Math.floor(all.length * kept)] ?? Number.POSITIVE_INFINITY;
  const entries = names.map((name) => [name, describe(times[name].filter((time) => time < limit))]);
  return Object.fromEntries(entries) as Record<Name, Sample>;
}

function describe(times: readonly number[]): Sample {
  const count = times.length;
  const mean = times.reduce((sum, time) => sum + time, 0) / count;
  const variance = times.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (count - 1);
  return { count, mean, variance };
}

/** Welch's t: the difference of the means in units of its standard error. */
export function welch(left: Sample, right: Sample): number {
  return (left.mean - right.mean) / Math.sqrt(left.variance / left.count + right.variance / right.count);
}
