/** In which order deliveries leave: as they came, or with some held back until later ones have gone, as happens in life. */

export interface Order<Item> {
  add(item: Item): void;
  /** Lets so many others go first, where there are as many. */
  addLater(item: Item, others: number): void;
  next(): Item | undefined;
  readonly size: number;
}

export function openOrder<Item>(): Order<Item> {
  const due: Item[] = [];
  let taken = 0;
  let first = 0;
  const held: { readonly item: Item; readonly after: number }[] = [];

  /** Of those held back the one whose time has come, or any when nothing else is left. */
  function release(): Item | undefined {
    const index = held.findIndex(({ after }) => after <= taken || first === due.length);
    return index < 0 ? undefined : held.splice(index, 1)[0]?.item;
  }

  return {
    add: (item) => void due.push(item),
    addLater: (item, others) => void held.push({ item, after: taken + (due.length - first) + others }),
    next() {
      const late = release();
      if (late !== undefined) return late;
      const item = due[first];
      if (item === undefined) return undefined;
      first += 1;
      taken += 1;
      // Delivered entries are removed in batches, not one by one.
      if (first > 1_000) first -= due.splice(0, first).length;
      return item;
    },
    get size() {
      return due.length - first + held.length;
    },
  };
}
