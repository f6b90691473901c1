/** A random sample of a stream of unknown length: each item has the same chance to be in it. */
export interface Sample<Item> {
  readonly items: readonly Item[];
  /** Number of items offered. */
  readonly offered: number;
  offer(item: Item): void;
}

/**
 * Reservoir sampling.
 * @param random from 0 to just below 1
 */
export function createSample<Item>(size: number, random: () => number = Math.random): Sample<Item> {
  const items: Item[] = [];
  let offered = 0;
  return {
    items,
    get offered() {
      return offered;
    },
    offer: (item) => {
      offered += 1;
      if (items.length < size) items.push(item);
      else {
        const place = Math.floor(random() * offered);
        if (place < size) items[place] = item;
      }
    },
  };
}
