/** Rows of a bench as a table for people, and as lines of JSON for programs. */
import type { BenchRow } from './row.ts';

/** One line per row; a missed target says so in words. */
export function toTable(rows: readonly BenchRow[]): string {
  const lines = rows.map((row) => ({
    name: row.name,
    value: `${shorten(row.value)} ${row.unit}`,
    target: row.target === 'none' ? '' : row.target,
    verdict: row.target === 'none' ? '' : row.ok ? 'kept' : 'MISSED',
  }));
  const widest = (column: 'name' | 'value' | 'target') =>
    Math.max(0, ...lines.map((line) => line[column].length));
  return lines
    .map((line) =>
      [
        line.name.padEnd(widest('name')),
        line.value.padStart(widest('value')),
        line.target.padEnd(widest('target')),
        line.verdict,
      ]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One JSON object, on one line. */
export function toJson({ name, value, unit, target, ok }: BenchRow): string {
  return JSON.stringify({ name, value, unit, target, ok });
}

/** One sentence about all rows that promise something. */
export function summary(rows: readonly BenchRow[]): string {
  const judged = rows.filter(({ target }) => target !== 'none');
  const missed = judged.filter(({ ok }) => !ok);
  if (judged.length === 0) return 'No target was measured.';
  return missed.length === 0
    ? `All ${judged.length} targets are kept.`
    : `${missed.length} of ${judged.length} targets MISSED: ${missed.map(({ name }) => name).join('; ')}.`;
}

/** Three digits that matter. */
function shorten(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
