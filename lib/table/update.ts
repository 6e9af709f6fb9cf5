/**
 * Changes one item by optimistic locking: read it, decide on what was read, write if nobody came between, else read
 * again. So two changes at once never undo each other.
 */
import { IntegrationError } from '../errors.ts';
import { absent, allOf, type Condition, equals, exists } from './condition.ts';
import type { Key } from './keys.ts';
import type { Item, Table } from './table.ts';

/** How an update ended. */
export type Updated<Value> =
  /** Written; the value is what the item says now. */
  | { readonly kind: 'updated'; readonly value: Value }
  /** The decision was to leave it as it is. */
  | { readonly kind: 'unchanged'; readonly value: Value }
  /** There is no item, and the decision was to make none. */
  | { readonly kind: 'absent' }
  /** In every round another writer came first. */
  | { readonly kind: 'conflict' };

/** An item that is changed in this way. */
export interface UpdatableItem<Value> {
  readonly table: Table;
  readonly key: Key;
  /** The attribute that counts the item's changes. A count, because not every engine of DynamoDB's API compares maps. */
  readonly revision: string;
  readonly read: (item: Item) => Value;
  /** The attributes that say this value; those that go missing are removed from the item. */
  readonly write: (value: Value) => Item;
}

/** What an item should say, given what it says; nothing leaves it alone. May run several times, so it only decides. */
export type Decide<Value, Seen = Value> = (seen: Seen) => Value | undefined;

/** A round fails only when another writer succeeded in it. */
const rounds = 10;

/** @throws what `decide` throws; IntegrationError `DATABASE_ERROR`. */
export async function updateItem<Value>(
  target: UpdatableItem<Value>,
  decide: Decide<Value, Value | undefined>,
): Promise<Updated<Value>> {
  const { table, key, revision, read, write } = target;
  for (let round = 0; round < rounds; round += 1) {
    const item = await table.get(key);
    const seen = item && read(item);
    const wanted = decide(seen);
    if (wanted === undefined) {
      return seen === undefined ? { kind: 'absent' } : { kind: 'unchanged', value: seen };
    }
    const before = seen === undefined ? {} : write(seen);
    const set = { ...difference(before, write(wanted)), [revision]: revisionOf(item, revision) + 1 };
    const remove = missingNames(before, write(wanted));
    const written = await table.update(key, { set, remove }, isStill(item, revision));
    if (written) return { kind: 'updated', value: read(written) };
  }
  return { kind: 'conflict' };
}

/** @throws IntegrationError `DATABASE_ERROR` when other writers came first all the time. */
export function requireNoConflict<Value>(
  updated: Updated<Value>,
): Exclude<Updated<Value>, { readonly kind: 'conflict' }> {
  if (updated.kind !== 'conflict') return updated;
  throw new IntegrationError('DATABASE_ERROR', 'Others kept changing the same record. Try again.', {
    retryAfterSeconds: 1,
  });
}

/** An item that was never changed in this way has no revision yet. */
function isStill(item: Item | undefined, revision: string): Condition {
  if (item === undefined) return absent('pk');
  const seen = revisionOf(item, revision);
  return seen === 0 ? allOf(exists('pk'), absent(revision)) : equals(revision, seen);
}

function revisionOf(item: Item | undefined, revision: string): number {
  const seen: unknown = item?.[revision];
  return typeof seen === 'number' ? seen : 0;
}

function difference(before: Item, after: Item): Item {
  return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
}

function missingNames(before: Item, after: Item): readonly string[] {
  return Object.keys(before).filter((name) => after[name] === undefined);
}
