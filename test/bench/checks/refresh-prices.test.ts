/** The calculated cost of refreshes matches values worked out by hand. */
import { expect, it } from 'vitest';
import { functions } from '../../../infra/topology.ts';
import { nothingConsumed } from '../refresh-capacity.ts';
import { bill, perMillion, perMonth, total } from '../refresh-prices.ts';

const gigabytes = functions['refresh-connection'].memoryMb / 1_024;

it('the refresh bill adds up the cost of a million refreshes', () => {
  const lines = perMillion({
    refreshes: 200,
    worker: { ...nothingConsumed(), readUnits: 400, writeUnits: 600, indexWriteUnits: 400 },
    sqsRequests: 260,
    kmsCalls: 2,
    secretCalls: 2,
    invocations: 20,
    invocationSeconds: 30,
  });

  const dynamoDb = 3 * 0.625 + 2 * 0.625 + 2 * 0.125;
  const lambda = 0.1 * 0.2 + 0.15 * gigabytes * 13.3334;
  expect(total(lines)).toBeCloseTo(dynamoDb + 1.3 * 0.4 + 0.01 * 3 + 0.01 * 5 + lambda, 6);
});

it('the refresh bill charges a month of sweeps for their reads, even if they find nothing', () => {
  const [reads] = perMonth({ ...nothingConsumed(), readUnits: 480 }, 10);

  expect(reads?.dollars).toBeCloseTo((43_200 * 48 * 0.125) / 1_000_000, 9);
});

it('the refresh bill shows the total and how each item is calculated', () => {
  const text = bill('A bill', [
    { name: 'One', arithmetic: '1 × $1.50', dollars: 1.5 },
    { name: 'Other', arithmetic: '2 × $0.02', dollars: 0.04 },
  ]);

  expect(text).toBe('A bill: $1.54\n  One      $1.50  1 × $1.50\n  Other   $0.040  2 × $0.02');
});
