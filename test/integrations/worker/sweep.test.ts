/** The sweep and its worker, held to what they promise whatever is stored, by counts that follow DynamoDB's rules. */
import { expect, it } from 'vitest';
import { openCountingStore } from '../../bench/refresh-counting-table.ts';
import { type Swept, sweepOnce } from '../../bench/refresh-one-sweep.ts';

const due = 45;

it('depends on what is due, not on what is stored', async () => {
  const few = await sweep({ stored: 100, due });
  const many = await sweep({ stored: 3_000, due });

  expect(few.refreshed).toBe(due);
  expect(few.sweep.itemsRead).toBe(due);
  expect({ ...many, stored: few.stored }).toEqual(few);
});

it('sends connections of all providers and shards together, ten to a call', async () => {
  const { sendRequests } = await sweep({ stored: due, due });

  expect(sendRequests).toBe(Math.ceil(due / 10));
});

it('refreshes with four calls of the tables: the connection, its app, the lease, the refreshed tokens', async () => {
  const { worker } = await sweep({ stored: due, due });

  // One more finds the tenant's key.
  expect(worker.calls).toBe(4 * due + 1);
  expect(worker.readUnits).toBe(2 * due + 1);
  // A unit for the lease, two for the connection; out of its place in the due index and into the next.
  expect(worker.writeUnits).toBe(3 * due);
  expect(worker.indexWriteUnits).toBe(2 * due);
});

async function sweep(size: { readonly stored: number; readonly due: number }): Promise<Swept> {
  const stores = { precious: openCountingStore(), activity: openCountingStore() };
  return sweepOnce(
    (_role, consumed) => ({
      precious: stores.precious.open(consumed),
      activity: stores.activity.open(consumed),
    }),
    size,
  );
}
