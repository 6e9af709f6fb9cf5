import { describe, expect, it } from 'vitest';
import { atLeast, atMost, exactly, shown } from '../row.ts';
import { summary, toJson, toTable } from '../table.ts';

const measured = (name: string, value: number) => ({ name, value, unit: '×' });

describe('a target of a bench', () => {
  it.each([
    { promise: '"at most" is met at the limit', row: atMost(measured('Read', 1.25), 1.25), kept: true },
    {
      promise: '"at most" is missed above the limit',
      row: atMost(measured('Read', 1.2501), 1.25),
      kept: false,
    },
    { promise: '"at least" is met at the limit', row: atLeast(measured('Seal', 8), 8), kept: true },
    { promise: '"at least" is missed below the limit', row: atLeast(measured('Seal', 7.99), 8), kept: false },
    { promise: '"exactly" is met by the same value', row: exactly(measured('Calls', 1), 1), kept: true },
    {
      promise: '"exactly" is missed by any other value',
      row: exactly(measured('Calls', 1.01), 1),
      kept: false,
    },
    {
      promise: 'is missed when nothing was measured',
      row: atMost(measured('Read', Number.NaN), 1),
      kept: false,
    },
  ])('$promise', ({ row, kept }) => {
    expect(row.ok).toBe(kept);
  });
});

describe('the report of a bench', () => {
  const rows = [
    atMost(measured('Read', 1.3), 1.25),
    shown({ name: '… of the floor', value: 431.6, unit: 'µs' }),
    atLeast(measured('Seal', 9), 8),
  ];

  it('shows readers each target and its measured result', () => {
    expect(toTable(rows).split('\n')).toEqual([
      'Read            1.30 ×  at most 1.25  MISSED',
      '… of the floor  432 µs',
      'Seal            9.00 ×  at least 8    kept',
    ]);
  });

  it('names the missed targets', () => {
    expect(summary(rows)).toBe('1 of 2 targets MISSED: Read.');
    expect(summary(rows.slice(1))).toBe('All 1 targets are kept.');
    expect(summary(rows.slice(1, 2))).toBe('No target was measured.');
  });

  it('gives programs one JSON object per row on one line', () => {
    expect(toJson(atMost(measured('Read', 1.3), 1.25))).toBe(
      '{"name":"Read","value":1.3,"unit":"×","target":"at most 1.25","ok":false}',
    );
  });
});
