/** The table under every store: conditional writes that report the winner, complete reads, and one kind of error. */
import { describe, expect, it } from 'vitest';
import {
  absent,
  allOf,
  anyOf,
  equals,
  exists,
  greaterThan,
  unconditional,
} from '../../lib/table/condition.ts';
import { onEachEngine } from './engines.ts';

const key = { pk: 'a', sk: 'a' };

onEachEngine((engine) => {
  describe('a put', () => {
    it('stores the item if none exists, and keeps an existing one', async () => {
      const table = await engine.newTable();

      const first = await table.put(key, { word: 'first' });
      const second = await table.put(key, { word: 'second' });

      expect([first, second]).toEqual([true, false]);
      expect(await table.get(key)).toMatchObject({ ...key, word: 'first' });
    });

    it('replaces the whole item under a condition that holds, and nothing under one that does not', async () => {
      const table = await engine.newTable();
      await table.put(key, { word: 'first', extra: true });

      const refused = await table.put(key, { word: 'wrong' }, equals('word', 'other'));
      const replaced = await table.put(key, { word: 'second' }, equals('word', 'first'));

      expect([refused, replaced]).toEqual([false, true]);
      expect(await table.get(key)).not.toHaveProperty('extra');
      expect(await table.get(key)).toMatchObject({ word: 'second' });
    });

    it('writes unconditionally when the caller asks for it', async () => {
      const table = await engine.newTable();

      await table.put(key, { word: 'first' }, unconditional);
      await table.put(key, { word: 'second' }, unconditional);

      expect(await table.get(key)).toMatchObject({ word: 'second' });
    });

    it('lets exactly one of twenty concurrent writers succeed', async () => {
      const table = await engine.newTable();
      const rivals = Array.from({ length: 20 }, (_each, rival) => rival);

      const won = await Promise.all(rivals.map((rival) => table.put(key, { rival })));

      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await table.get(key)).toMatchObject({ rival: won.indexOf(true) });
    });

    it('keeps its key, whatever key attributes the item holds', async () => {
      const table = await engine.newTable();

      await table.put(key, { pk: 'forged', sk: 'forged', word: 'hello' });

      expect(await table.get(key)).toMatchObject({ ...key, word: 'hello' });
      expect(await table.get({ pk: 'forged', sk: 'forged' })).toBeUndefined();
    });

    it('keeps bytes, numbers, lists, maps and reserved words as they are', async () => {
      const table = await engine.newTable();
      const item = {
        bytes: Uint8Array.of(0, 255),
        size: 1.5,
        list: ['a', 2],
        map: { name: 'x' },
        status: 'y',
      };

      await table.put(key, { ...item, missing: undefined });

      const stored = await table.get(key, Object.keys(item));
      expect(stored).toEqual(item);
    });
  });

  describe('an update', () => {
    it('returns the item after the change, without removed attributes', async () => {
      const table = await engine.newTable();
      await table.put(key, { status: 'old', name: 'gone', size: 3 });

      const item = await table.update(
        key,
        { set: { status: 'new', nothing: undefined }, remove: ['name'] },
        equals('status', 'old'),
      );

      expect(item).toMatchObject({ ...key, status: 'new', size: 3 });
      expect(item).not.toHaveProperty('name');
      expect(await table.get(key)).toEqual(item);
    });

    it('returns undefined and changes nothing when the condition fails', async () => {
      const table = await engine.newTable();
      await table.put(key, { status: 'old' });

      const item = await table.update(key, { set: { status: 'new' } }, equals('status', 'other'));

      expect(item).toBeUndefined();
      expect(await table.get(key)).toMatchObject({ status: 'old' });
    });

    it('does not create a missing item', async () => {
      const table = await engine.newTable();

      const item = await table.update(key, { set: { status: 'new' } }, exists('pk'));

      expect(item).toBeUndefined();
      expect(await table.get(key)).toBeUndefined();
    });

    it.each([
      ['greater than', greaterThan('size', 2), true],
      ['not greater than', greaterThan('size', 3), false],
      ['bytes', equals('bytes', Uint8Array.of(1, 2)), true],
      ['other bytes', equals('bytes', Uint8Array.of(1, 3)), false],
      ['absent', absent('name'), true],
      ['all of them', allOf(exists('size'), exists('name')), false],
      ['any of them', allOf(anyOf(exists('size'), exists('name')), exists('map')), true],
      ['any before all', allOf(anyOf(exists('size'), exists('map')), exists('name')), false],
    ])('goes by the condition: %s', async (_name, condition, holds) => {
      const table = await engine.newTable();
      await table.put(key, { size: 3, bytes: Uint8Array.of(1, 2), map: {} });

      const item = await table.update(key, { set: { word: 'new' } }, condition);

      expect(item !== undefined).toBe(holds);
    });
  });

  describe('a delete', () => {
    it('removes the item under a condition that holds, and only then', async () => {
      const table = await engine.newTable();
      await table.put(key, { generation: 2 });

      const wrong = await table.delete(key, equals('generation', 1));
      const right = await table.delete(key, equals('generation', 2));
      const again = await table.delete(key, equals('generation', 2));

      expect([wrong, right, again]).toEqual([false, true, false]);
      expect(await table.get(key)).toBeUndefined();
    });

    it('reports the deletion to exactly one of twenty concurrent callers', async () => {
      const table = await engine.newTable();
      await table.put(key, { generation: 1 });

      const gone = await Promise.all(
        Array.from({ length: 20 }, () => table.delete(key, equals('generation', 1))),
      );

      expect(gone.filter(Boolean)).toHaveLength(1);
    });
  });
});
