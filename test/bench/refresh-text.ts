/** Tables and charts in plain text, for what a bench says beside its rows. */

/** Columns of text, the first line their titles; numbers stand right. */
export function toColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) => line.map((text, column) => text.padStart(widths[column] ?? 0)).join('  '))
    .join('\n');
}

/** A line for each count, with a bar as long as its share of `longest`. */
export function toBars(
  counts: readonly { readonly name: string; readonly count: number }[],
  longest = Math.max(...counts.map(({ count }) => count)),
): string {
  const bar = (count: number) => '█'.repeat(Math.ceil((barWidth * count) / longest));
  return toColumns(counts.map(({ name, count }) => [name, spelled(count)]))
    .split('\n')
    .map((line, at) => `${line}  ${bar(counts[at]?.count ?? 0)}`.trimEnd())
    .join('\n');
}

const barWidth = 50;

/** A number as people write it. */
export function spelled(count: number): string {
  return count.toLocaleString('en-US');
}
