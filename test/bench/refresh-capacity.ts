/**
 * What DynamoDB charges, by its own rules: an item's size, and the units that reading and writing it take. Rules:
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
import type { Item } from '../../lib/table/table.ts';

/** What calls have taken. Kept by whoever makes them; a store adds to it. */
export interface Consumption {
  calls: number;
  /** Items and index entries that were looked at. */
  itemsRead: number;
  readUnits: number;
  /** Written to the table itself. */
  writeUnits: number;
  /** Written to its indexes. */
  indexWriteUnits: number;
}

export function nothingConsumed(): Consumption {
  return { calls: 0, itemsRead: 0, readUnits: 0, writeUnits: 0, indexWriteUnits: 0 };
}

/** Of several together. */
export function sumOf(consumptions: readonly Consumption[]): Consumption {
  const sum = nothingConsumed();
  for (const each of consumptions) {
    for (const name of Object.keys(sum) as (keyof Consumption)[]) sum[name] += each[name];
  }
  return sum;
}

/** Bytes of an item: the names and the values of its attributes. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

/** Units of reading so many bytes: 4 KB each, half as much where what is read may be a moment old. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4_096)) * (consistent ? 1 : 0.5);
}

/** Units of writing so many bytes: 1 KB each; a write that fails its condition takes them too. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / 1_024));
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return numberBytes(value);
  if (value instanceof Uint8Array) return value.byteLength;
  // Lists and maps: three bytes, and one more for each element.
  if (Array.isArray(value)) return value.reduce((sum: number, entry) => sum + 1 + valueBytes(entry), 3);
  if (typeof value !== 'object' || value === null) return 1;
  return Object.entries(value).reduce(
    (sum, [name, entry]) => sum + 1 + Buffer.byteLength(name) + valueBytes(entry),
    3,
  );
}

/** A byte for two digits, in pairs counted from the decimal point, and one more; zeros at either end are not kept. */
function numberBytes(value: number): number {
  if (value === 0) return 1;
  const [mantissa = '', exponent = '0'] = Math.abs(value).toExponential().split('e');
  const digits = mantissa.replace('.', '').length;
  const straddles = digits % 2 === 0 && Number(exponent) % 2 === 0;
  return 1 + Math.ceil(digits / 2) + (straddles ? 1 : 0) + (value < 0 ? 1 : 0);
}
