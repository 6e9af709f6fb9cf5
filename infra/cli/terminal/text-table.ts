/** Tables of plain text. Text of users and platforms cannot send control characters to the terminal. */

const graphemes = new Intl.Segmenter();

/** A table whose columns are as wide as their widest cell, two blanks apart. */
export function textTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(printable))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column] ?? ''))));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** Names and values, a pair a line. */
export function factSheet(facts: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length));
  return `${facts.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}`.trimEnd()).join('\n')}\n`;
}

/** A time in ISO 8601, for people and programs. */
export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** The number of characters as people count them. */
function widthOf(text: string): number {
  return [...graphemes.segment(text)].length;
}

/** Replaces control characters and characters that change the direction of writing. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
