/**
 * A table that counts what DynamoDB would charge, for more items than an embedded engine takes in and for writes to
 * indexes, which no embedded engine reports. It answers as the product's own table does, from memory.
 */
import { absent, type Condition } from '../../lib/table/condition.ts';
import { type IndexName, indexes, type Key } from '../../lib/table/keys.ts';
import type { Item, Query, Table } from '../../lib/table/table.ts';
import { type Consumption, itemBytes, readUnits, writeUnits } from './refresh-capacity.ts';
import { holds } from './refresh-condition.ts';
import { type ConnectionIdentity, createSortedKeys } from './refresh-sorted-keys.ts';

/** What the product's table adds to every write. */
const writeMark = { writeId: 'AAAAAAAAAAAA' };
const indexNames = Object.keys(indexes) as IndexName[];

interface Stored {
  readonly item: Item;
  readonly bytes: number;
}

export function openCountingStore() {
  const items = new Map<string, Stored>();
  /** An index is built when it is first asked; its cost is counted either way. */
  const built = new Map<IndexName, ReturnType<typeof createSortedKeys>>();

  return {
    /** The table, with what its calls take added to `consumed`. */
    open(consumed: Consumption): Table {
      return {
        async get(key, attributes) {
          const found = items.get(textOf(key));
          count({ itemsRead: found ? 1 : 0, readUnits: readUnits(found?.bytes ?? 0, true) });
          return found && attributes ? project(found.item, attributes) : found?.item;
        },

        put: async (key, item, condition?: Condition) =>
          write(key, condition ?? absent('pk'), () => item) !== undefined,

        async swap(key, item, condition) {
          const written = write(key, condition, () => item);
          return written && { before: written.before ?? 'nothing' };
        },

        async update(key, { set = {}, remove = [] }, condition) {
          const written = write(key, condition, (before = {}) => ({
            ...Object.fromEntries(Object.entries(before).filter(([name]) => !remove.includes(name))),
            ...set,
          }));
          return written?.after;
        },

        delete: async (key, condition) => write(key, condition, () => undefined) !== undefined,
        query: async (query) => read(query),

        async page(query, attributes) {
          const { items: found, last } = read(query);
          const keys = found.map((item) => ({ pk: String(item['pk']), sk: String(item['sk']) }));
          return { items: await this.batchGet(keys, attributes), last };
        },

        async batchGet(keys, attributes) {
          const found = keys.flatMap((key) => items.get(textOf(key)) ?? []);
          const units = found.reduce((sum, { bytes }) => sum + readUnits(bytes, true), 0);
          count({ itemsRead: found.length, readUnits: units + keys.length - found.length });
          return found.map(({ item }) => project(item, ['pk', 'sk', ...attributes]));
        },
      };

      function count(more: Partial<Consumption>): void {
        consumed.calls += 1;
        for (const name of Object.keys(more) as (keyof Consumption)[]) consumed[name] += more[name] ?? 0;
      }

      /** Writes what `change` makes of the item if the condition holds; answers what was there and what is. */
      function write(key: Key, condition: Condition, change: (before: Item | undefined) => Item | undefined) {
        const found = items.get(textOf(key));
        const before = found?.item;
        if (!holds(condition, before)) {
          count({ writeUnits: writeUnits(found?.bytes ?? 0) });
          return undefined;
        }
        const wanted = change(before);
        const after = wanted && stored(key, wanted);
        const bytes = after ? itemBytes(after) : 0;
        count({
          writeUnits: writeUnits(Math.max(found?.bytes ?? 0, bytes)),
          indexWriteUnits: indexNames.reduce((sum, index) => sum + move(index, before, after), 0),
        });
        if (after) items.set(textOf(key), { item: after, bytes });
        else items.delete(textOf(key));
        return { before, after };
      }

      function read(query: Query) {
        const { places, full } = sortedBy(query).read({ ...query, after: placeAt(query) });
        const found = places.map((at) =>
          query.index ? entryOf(query.index, at) : (items.get(textOf(at))?.item ?? {}),
        );
        const bytes = found.reduce((sum, item) => sum + itemBytes(item), 0);
        count({ itemsRead: found.length, readUnits: readUnits(bytes, query.index === undefined) });
        const end = places.at(-1);
        return { items: found, last: full && end ? entryOf(query.index, end) : undefined };
      }
    },
  };

  function sortedBy({ index, partition }: Query) {
    const known = index && built.get(index);
    if (known) return known;
    const fresh = createSortedKeys();
    for (const { item } of items.values()) {
      const at = index ? placeIn(index, item) : placeInTable(item);
      // The table itself is seldom queried, and not worth an order that is kept up.
      if (at && (index || at.partition === partition)) fresh.add(at);
    }
    if (index) built.set(index, fresh);
    return fresh;
  }

  /** Moves an item in an index; answers the units: an entry's to add it or to take it away, twice those to move it. */
  function move(index: IndexName, before: Item | undefined, after: Item | undefined): number {
    const from = before && placeIn(index, before);
    const to = after && placeIn(index, after);
    if (from?.partition === to?.partition && from?.sort === to?.sort) return 0;
    const sorted = built.get(index);
    if (from) sorted?.remove(from);
    if (to) sorted?.add(to);
    return [from, to].reduce((sum, at) => sum + (at ? writeUnits(itemBytes(entryOf(index, at))) : 0), 0);
  }
}

function placeAt({ index, after }: Query): ConnectionIdentity | undefined {
  return after && (index ? placeIn(index, after) : placeInTable(after));
}

/** Where an item stands in an index; nowhere without both of its attributes. */
function placeIn(index: IndexName, item: Item): ConnectionIdentity | undefined {
  const partition: unknown = item[indexes[index].partition];
  const sort: unknown = item[indexes[index].sort];
  if (typeof partition !== 'string' || typeof sort !== 'string') return undefined;
  return { partition, sort, pk: String(item['pk']), sk: String(item['sk']) };
}

function placeInTable(item: Item): ConnectionIdentity {
  const [pk, sk] = [String(item['pk']), String(item['sk'])];
  return { partition: pk, sort: sk, pk, sk };
}

/** What an index holds of an item: the keys of both. */
function entryOf(index: IndexName | undefined, { partition, sort, pk, sk }: ConnectionIdentity): Item {
  return index ? { [indexes[index].partition]: partition, [indexes[index].sort]: sort, pk, sk } : { pk, sk };
}

/** As marshalling leaves it: without what is undefined. */
function stored(key: Key, item: Item): Item {
  const defined = Object.entries({ ...item, ...key, ...writeMark }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(defined);
}

function project(item: Item, attributes: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name)));
}

function textOf({ pk, sk }: { readonly pk: string; readonly sk: string }): string {
  return `${pk} ${sk}`;
}
