/**
 * Contenders take turns within one run, so that a noisy machine disturbs all alike; then medians of what the rounds
 * say are compared, so that one disturbed round says nothing.
 */

export interface Rounds {
  readonly rounds: number;
  /** Rounds before these, measured and thrown away. */
  readonly warmUpRounds?: number;
}

/** Measures each contender once per round. Who begins changes from round to round. */
export async function takeTurns<Name extends string>(
  contenders: Readonly<Record<Name, () => Promise<number>>>,
  { rounds, warmUpRounds = 0 }: Rounds,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const names = Object.keys(contenders) as Name[];
  const measured = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -warmUpRounds; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await contenders[name]();
      if (round >= 0) measured[name].push(value);
    }
  }
  return measured;
}

/** How many times as large the left values are, by the median of the rounds' ratios. */
export function medianRatio(left: readonly number[], right: readonly number[]): number {
  return medianOf(left.map((value, round) => value / (right[round] ?? Number.NaN)));
}

/** The value in the middle, or the mean of the two there. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (lower + upper) / 2;
}
