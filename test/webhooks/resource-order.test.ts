/** How far the news about one thing has come, on both engines. */
import { beforeEach, expect, it } from 'vitest';
import { newConnectionId } from '../../lib/ids.ts';
import { resourceOrderKey } from '../../lib/table/keys.ts';
import type { Table } from '../../lib/table/table.ts';
import { createResourceOrder, type ResourceOrder } from '../../lib/webhooks/resource-order.ts';
import { onEachEngine } from '../table/engines.ts';

const connection = newConnectionId();
const noon = Date.UTC(2026, 10, 20, 12);

onEachEngine((engine) => {
  let table: Table;
  let resourceOrder: ResourceOrder;

  beforeEach(async () => {
    table = await engine.newTable();
    resourceOrder = createResourceOrder(table, () => noon);
  });

  const known = async () => (await table.get(resourceOrderKey(connection, 'publish v1')))?.['eventId'];

  it('moves on with each later event', async () => {
    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
      await resourceOrder.advance(connection, 'publish v1', noon + 1_000, 'second'),
    ];

    expect(answers).toEqual([true, true]);
    expect(await known()).toBe('second');
  });

  it('knows an event that comes after a later one as older, however often it comes', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon + 1_000, 'second');

    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
    ];

    expect(answers).toEqual([false, false]);
    expect(await known()).toBe('second');
  });

  it('answers a repeat as it answered first, and writes nothing again', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon, 'first');
    const before = await table.get(resourceOrderKey(connection, 'publish v1'));

    const answer = await resourceOrder.advance(connection, 'publish v1', noon, 'first');

    expect(answer).toBe(true);
    expect(await table.get(resourceOrderKey(connection, 'publish v1'))).toEqual(before);
  });

  it('takes neither of two events of one moment for older', async () => {
    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'complete'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'publicly available'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'complete'),
    ];

    expect(answers).toEqual([true, true, true]);
  });

  it('keeps subjects and connections apart', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon, 'first');

    const answers = [
      await resourceOrder.advance(connection, 'publish v2', noon - 1_000, 'other'),
      await resourceOrder.advance(newConnectionId(), 'publish v1', noon - 1_000, 'other'),
    ];

    expect(answers).toEqual([true, true]);
  });

  it('ends, of many events at once, with the latest', async () => {
    const times = [3, 9, 1, 7, 5, 2, 8, 4, 6];

    await Promise.all(
      times.map((second) =>
        resourceOrder.advance(connection, 'publish v1', noon + second * 1_000, `e${second}`),
      ),
    );

    expect(await known()).toBe('e9');
  });
});
