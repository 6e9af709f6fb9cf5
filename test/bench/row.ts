/** What a bench reports: one measured value per row, and whether it keeps what is promised of it. */

export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The promise in words, such as `at most 5`; `none` where a value only helps to read the others. */
  readonly target: string;
  /** Whether the measured value keeps it. */
  readonly ok: boolean;
}

/** What one group measured. */
interface BenchReport {
  readonly rows: readonly BenchRow[];
  /** How it was measured, where that was not the same on every machine; and what had to be left out. */
  readonly notes?: readonly string[];
}

/** Rows that are measured together. */
export interface BenchGroup {
  readonly name: string;
  measure(): Promise<BenchReport>;
}

export interface Measured {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

export const atMost = (measured: Measured, limit: number): BenchRow => ({
  ...measured,
  target: `at most ${limit}`,
  ok: measured.value <= limit,
});

export const atLeast = (measured: Measured, limit: number): BenchRow => ({
  ...measured,
  target: `at least ${limit}`,
  ok: measured.value >= limit,
});

export const exactly = (measured: Measured, expected: number): BenchRow => ({
  ...measured,
  target: `exactly ${expected}`,
  ok: measured.value === expected,
});

export const within = (measured: Measured, expected: number, tolerance: number): BenchRow => ({
  ...measured,
  target: `${expected} ± ${tolerance}`,
  ok: Math.abs(measured.value - expected) <= tolerance,
});

/** A value without a promise. */
export const shown = (measured: Measured): BenchRow => ({ ...measured, target: 'none', ok: true });
