/** The latest event time of each resource, on both engines. */
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

  it('the resource order advances with each later event', async () => {
    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
      await resourceOrder.advance(connection, 'publish v1', noon + 1_000, 'second'),
    ];

    expect(answers).toEqual([true, true]);
    expect(await known()).toBe('second');
  });

  it('the resource order reports an event that arrives after a later one as outdated, however often it arrives', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon + 1_000, 'second');

    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'first'),
    ];

    expect(answers).toEqual([false, false]);
    expect(await known()).toBe('second');
  });

  it('the resource order gives a repeated event the same answer and writes nothing', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon, 'first');
    const before = await table.get(resourceOrderKey(connection, 'publish v1'));

    const answer = await resourceOrder.advance(connection, 'publish v1', noon, 'first');

    expect(answer).toBe(true);
    expect(await table.get(resourceOrderKey(connection, 'publish v1'))).toEqual(before);
  });

  it('the resource order treats neither of two simultaneous events as outdated', async () => {
    const answers = [
      await resourceOrder.advance(connection, 'publish v1', noon, 'complete'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'publicly available'),
      await resourceOrder.advance(connection, 'publish v1', noon, 'complete'),
    ];

    expect(answers).toEqual([true, true, true]);
  });

  it('the resource order keeps resources and connections apart', async () => {
    await resourceOrder.advance(connection, 'publish v1', noon, 'first');

    const answers = [
      await resourceOrder.advance(connection, 'publish v2', noon - 1_000, 'other'),
      await resourceOrder.advance(newConnectionId(), 'publish v1', noon - 1_000, 'other'),
    ];

    expect(answers).toEqual([true, true]);
  });

  it('the resource order keeps the latest of many simultaneous updates', async () => {
    const times = [3, 9, 1, 7, 5, 2, 8, 4, 6];

    await Promise.all(
      times.map((second) =>
        resourceOrder.advance(connection, 'publish v1', noon + second * 1_000, `e${second}`),
      ),
    );

    expect(await known()).toBe('e9');
  });
});
