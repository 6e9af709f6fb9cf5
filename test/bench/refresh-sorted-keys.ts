/** Keys of items in the order of an index: partitions, each sorted by its sort key and then by the item's own key. */

/** Where an item stands in an index, and which item it is. */
export interface ConnectionIdentity {
  readonly partition: string;
  readonly sort: string;
  readonly pk: string;
  readonly sk: string;
}

interface Partition {
  readonly places: ConnectionIdentity[];
  /** Until it is first read it is only filled, and sorted once. */
  sorted: boolean;
}

export interface Range {
  readonly partition: string;
  readonly sortPrefix?: string;
  /** Included. */
  readonly upTo?: string;
  /** Included. */
  readonly from?: string;
  /** Not included, and need not exist. */
  readonly after?: Omit<ConnectionIdentity, 'partition'> | undefined;
  readonly newestFirst?: boolean;
  readonly limit: number;
}

export function createSortedKeys() {
  const partitions = new Map<string, Partition>();

  return {
    add(place: ConnectionIdentity): void {
      const known = partitions.get(place.partition) ?? { places: [], sorted: false };
      partitions.set(place.partition, known);
      if (known.sorted) known.places.splice(positionOf(known.places, place), 0, place);
      else known.places.push(place);
    },

    remove(place: ConnectionIdentity): void {
      const places = sorted(place.partition);
      const at = positionOf(places, place);
      const found = places[at];
      if (found && order(found, place) === 0) places.splice(at, 1);
    },

    /** The places in a range, at most `limit`, and whether that was the limit's doing. */
    read({ partition, sortPrefix = '', upTo, from, after, newestFirst = false, limit }: Range) {
      const places = sorted(partition);
      const inside = ({ sort }: ConnectionIdentity) =>
        sort.startsWith(sortPrefix) && (upTo === undefined || sort <= upTo);
      const step = newestFirst ? -1 : 1;
      const found: ConnectionIdentity[] = [];
      let at = newestFirst
        ? places.length - 1
        : positionOf(places, { sort: from ?? sortPrefix, pk: '', sk: '' });
      if (after) {
        at = positionOf(places, after);
        const here = places[at];
        const isHere = here !== undefined && order(here, after) === 0;
        if (newestFirst) at -= 1;
        else if (isHere) at += 1;
      }
      for (let place = places[at]; place && found.length < limit; place = places[at]) {
        if (inside(place)) found.push(place);
        else if (!newestFirst) break;
        at += step;
      }
      return { places: found, full: found.length === limit };
    },
  };

  function sorted(partition: string): ConnectionIdentity[] {
    const known = partitions.get(partition);
    if (!known) return [];
    if (!known.sorted) known.places.sort(order);
    known.sorted = true;
    return known.places;
  }
}

/** How many places stand before this one. */
function positionOf(
  places: readonly ConnectionIdentity[],
  place: Omit<ConnectionIdentity, 'partition'>,
): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = places[middle];
    if (found && order(found, place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function order(
  left: Omit<ConnectionIdentity, 'partition'>,
  right: Omit<ConnectionIdentity, 'partition'>,
): number {
  return compare(left.sort, right.sort) || compare(left.pk, right.pk) || compare(left.sk, right.sk);
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
