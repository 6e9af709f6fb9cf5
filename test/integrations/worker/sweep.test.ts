/** The cost of the sweep and its worker, counted by DynamoDB's rules, is independent of the number of stored connections. */
import { expect, it } from 'vitest';
import { openCountingStore } from '../../bench/refresh-counting-table.ts';
import { type Swept, sweepOnce } from '../../bench/refresh-one-sweep.ts';

const due = 45;

it('the cost of a sweep depends on the due connections, not on the stored ones', async () => {
  const few = await sweep({ stored: 100, due });
  const many = await sweep({ stored: 3_000, due });

  expect(few.refreshed).toBe(due);
  expect(few.sweep.itemsRead).toBe(due);
  expect({ ...many, stored: few.stored }).toEqual(few);
});

it('a sweep sends connections of all providers and shards in shared batches of ten', async () => {
  const { sendRequests } = await sweep({ stored: due, due });

  expect(sendRequests).toBe(Math.ceil(due / 10));
});

it('a refresh makes four table calls: for the connection, its app, the lease and the new tokens', async () => {
  const { worker } = await sweep({ stored: due, due });

  // One more call reads the tenant's key.
  expect(worker.calls).toBe(4 * due + 1);
  expect(worker.readUnits).toBe(2 * due + 1);
  // One unit for the lease and two for the connection; its due-index entry is deleted and rewritten.
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
