/** The latest event time of each resource, on both engines. */
import { beforeEach, expect, it } from 'vitest';
import { newConnectionId } from '../../lib/ids.ts';
import { resourceWatermarkKey } from '../../lib/table/keys.ts';
import type { Table } from '../../lib/table/table.ts';
import { createResourceWatermarks, type ResourceWatermarks } from '../../lib/webhooks/resource-watermarks.ts';
import { onEachEngine } from '../table/engines.ts';

const connection = newConnectionId();
const noon = Date.UTC(2026, 10, 20, 12);

onEachEngine((engine) => {
  let table: Table;
  let resourceWatermarks: ResourceWatermarks;

  beforeEach(async () => {
    table = await engine.newTable();
    resourceWatermarks = createResourceWatermarks(table, () => noon);
  });

  const known = async () => (await table.get(resourceWatermarkKey(connection, 'publish v1')))?.['eventId'];

  it('the resource order advances with each later event', async () => {
    const answers = [
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'first'),
      await resourceWatermarks.advance(connection, 'publish v1', noon + 1_000, 'second'),
    ];

    expect(answers).toEqual([true, true]);
    expect(await known()).toBe('second');
  });

  it('the resource order reports an event as outdated after a later one, however often it arrives', async () => {
    await resourceWatermarks.advance(connection, 'publish v1', noon + 1_000, 'second');

    const answers = [
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'first'),
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'first'),
    ];

    expect(answers).toEqual([false, false]);
    expect(await known()).toBe('second');
  });

  it('the resource order gives a repeated event its first answer without another write', async () => {
    await resourceWatermarks.advance(connection, 'publish v1', noon, 'first');
    const before = await table.get(resourceWatermarkKey(connection, 'publish v1'));

    const answer = await resourceWatermarks.advance(connection, 'publish v1', noon, 'first');

    expect(answer).toBe(true);
    expect(await table.get(resourceWatermarkKey(connection, 'publish v1'))).toEqual(before);
  });

  it('the resource order treats neither of two simultaneous events as outdated', async () => {
    const answers = [
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'complete'),
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'publicly available'),
      await resourceWatermarks.advance(connection, 'publish v1', noon, 'complete'),
    ];

    expect(answers).toEqual([true, true, true]);
  });

  it('the resource order keeps resources and connections separate', async () => {
    await resourceWatermarks.advance(connection, 'publish v1', noon, 'first');

    const answers = [
      await resourceWatermarks.advance(connection, 'publish v2', noon - 1_000, 'other'),
      await resourceWatermarks.advance(newConnectionId(), 'publish v1', noon - 1_000, 'other'),
    ];

    expect(answers).toEqual([true, true]);
  });

  it('the resource order keeps the latest of many simultaneous updates', async () => {
    const times = [3, 9, 1, 7, 5, 2, 8, 4, 6];

    await Promise.all(
      times.map((second) =>
        resourceWatermarks.advance(connection, 'publish v1', noon + second * 1_000, `e${second}`),
      ),
    );

    expect(await known()).toBe('e9');
  });
});
