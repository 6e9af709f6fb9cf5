/** Reads several partitions of the due index as one sequence, the longest due first, a page at a time. */
import type { ConnectionStore, DueEntry } from '../../connections/connection-store.ts';
import type { Item } from '../../table/table.ts';

/** Sort keys, both included; from the beginning where `from` is absent. */
export interface DueRange {
  readonly from: string | undefined;
  readonly upTo: string;
}

/** A partition, and what is to be read of it, in order. */
export interface Lane {
  readonly partition: string;
  readonly ranges: readonly DueRange[];
}

export interface LaneEntry extends DueEntry {
  readonly lane: Lane;
}

type Source = AsyncGenerator<LaneEntry, undefined, undefined>;

/**
 * The entries of all lanes in order of their sort keys. First pages are read at once, later ones when they are needed,
 * so that a caller who stops early has read at most one page of each lane too many.
 */
export async function* mergeLanes(
  connections: Pick<ConnectionStore, 'due'>,
  lanes: readonly Lane[],
  pageSize: number,
): AsyncGenerator<LaneEntry, undefined, undefined> {
  const sources = lanes.map((lane) => readLane(connections, lane, pageSize));
  const heads = await Promise.all(sources.map(async (source) => nextOf(source)));
  for (;;) {
    const earliest = heads.filter((head) => head !== undefined).reduce(earlier, undefined);
    if (!earliest) return;
    yield earliest.entry;
    heads[heads.indexOf(earliest)] = await nextOf(earliest.source);
  }
}

interface Head {
  readonly entry: LaneEntry;
  readonly source: Source;
}

async function nextOf(source: Source): Promise<Head | undefined> {
  const { value } = await source.next();
  return value && { entry: value, source };
}

function earlier(one: Head | undefined, other: Head): Head {
  return one === undefined || other.entry.sort < one.entry.sort ? other : one;
}

async function* readLane(connections: Pick<ConnectionStore, 'due'>, lane: Lane, limit: number): Source {
  for (const range of lane.ranges) {
    let after: Item | undefined;
    do {
      const page = await connections.due({ partition: lane.partition, ...range, limit, after });
      for (const entry of page.entries) yield { ...entry, lane };
      after = page.last;
    } while (after);
  }
  return undefined;
}
