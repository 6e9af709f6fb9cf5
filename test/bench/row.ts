/** What a bench reports: one measured promise per row. */

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The promise in words, such as `at most 5`. */
  readonly target: string;
  /** Whether the measured value keeps it. */
  readonly ok: boolean;
}
