/** Bulk reads: pages in sort order without gaps or duplicates, and batches that keep their order. */
import { describe, expect, it } from 'vitest';
import type { Table } from '../../lib/table/table.ts';
import { onEachEngine } from './engines.ts';

/** Items in the partition `a` of the index, named by their sort keys, and one of another partition. */
async function fill(table: Table, sorts: readonly string[]): Promise<void> {
  for (const sort of sorts) {
    await table.put({ pk: `item-${sort}`, sk: 'item' }, { tenantKey: 'a', tenantSort: sort, word: sort });
  }
  await table.put({ pk: 'other', sk: 'item' }, { tenantKey: 'b', tenantSort: 'x#1', word: 'other' });
}

onEachEngine((engine) => {
  describe('a page of an index', () => {
    it('holds the named attributes of each item, in sort order', async () => {
      const table = await engine.newTable();
      await fill(table, ['x#3', 'x#1', 'x#2']);

      const page = await table.page({ index: 'byTenant', partition: 'a', limit: 10 }, ['word']);

      const keys = (sort: string) => ({ pk: `item-${sort}`, sk: 'item', word: sort });
      expect(page).toEqual({ items: [keys('x#1'), keys('x#2'), keys('x#3')], last: undefined });
    });

    it('holds only items whose key begins with the prefix', async () => {
      const table = await engine.newTable();
      await fill(table, ['x#1', 'x1', 'w#1', 'y#1']);

      const page = await table.page({ index: 'byTenant', partition: 'a', sortPrefix: 'x#', limit: 10 }, [
        'word',
      ]);

      expect(page.items.map((item) => item['word'])).toEqual(['x#1']);
    });

    it('continues after the previous page, despite concurrent inserts and deletes', async () => {
      const table = await engine.newTable();
      await fill(table, ['1', '2', '3', '4', '5']);
      const query = { index: 'byTenant', partition: 'a', limit: 2 } as const;

      const first = await table.page(query, ['word']);
      await table.delete({ pk: 'item-2', sk: 'item' }, () => 'attribute_exists(pk)');
      const second = await table.page({ ...query, after: first.last ?? {} }, ['word']);
      const third = await table.page({ ...query, after: second.last ?? {} }, ['word']);

      const words = [first, second, third].map(({ items }) => items.map((item) => item['word']));
      expect(words).toEqual([['1', '2'], ['3', '4'], ['5']]);
      expect(third.last).toBeUndefined();
    });

    it('costs one Query and one BatchGetItem', async () => {
      const table = await engine.newTable();
      await fill(table, ['1', '2', '3']);
      engine.resetCalls();

      await table.page({ index: 'byTenant', partition: 'a', limit: 10 }, ['word']);

      expect(engine.calls().map(({ action, count }) => [action, count])).toEqual([
        ['dynamodb:Query', 1],
        ['dynamodb:BatchGetItem', 1],
      ]);
    });

    it('costs one Query when it is empty', async () => {
      const table = await engine.newTable();
      engine.resetCalls();

      const page = await table.page({ index: 'byTenant', partition: 'a', limit: 10 }, ['word']);

      expect(page).toEqual({ items: [], last: undefined });
      expect(engine.calls().map(({ action }) => action)).toEqual(['dynamodb:Query']);
    });
  });

  describe('a query of the table itself', () => {
    it('returns complete items, newest first on request', async () => {
      const table = await engine.newTable();
      for (const sk of ['0000000001', '0000000002', '0000000010']) await table.put({ pk: 'k', sk }, { sk });

      const oldest = await table.query({ partition: 'k', limit: 10 });
      const newest = await table.query({ partition: 'k', limit: 1, newestFirst: true });

      expect(oldest.items.map((item) => item['sk'])).toEqual(['0000000001', '0000000002', '0000000010']);
      expect(newest.items).toEqual([expect.objectContaining({ pk: 'k', sk: '0000000010' })]);
      expect(newest.last).toEqual({ pk: 'k', sk: '0000000010' });
    });
  });

  describe('a batch', () => {
    it('returns a hundred items in key order and omits missing ones', async () => {
      const table = await engine.newTable();
      const keys = Array.from({ length: 100 }, (_each, index) => ({
        pk: `i-${(index * 37) % 100}`,
        sk: 's',
      }));
      const there = keys.filter((_key, index) => index !== 50);
      await Promise.all(there.map((key) => table.put(key, { word: key.pk, unread: 'x' })));

      const items = await table.batchGet(keys, ['word']);

      expect(items).toEqual(there.map((key) => ({ ...key, word: key.pk })));
    });

    it('distinguishes keys whose concatenated texts are equal', async () => {
      const table = await engine.newTable();
      await table.put({ pk: 'a"', sk: ',"b' }, { word: 'one' });
      await table.put({ pk: 'a', sk: '","b' }, { word: 'two' });

      const items = await table.batchGet(
        [
          { pk: 'a', sk: '","b' },
          { pk: 'a"', sk: ',"b' },
        ],
        ['word'],
      );

      expect(items.map((item) => item['word'])).toEqual(['two', 'one']);
    });
  });
});
