/**
 * How often items and suppliers were shown at each placement of late: counts in the memory of one running Fairlead, of places and never of people. Balance
 * reads them so that what was shown least, and whoever has had less than the others, comes up too. What a decision read of them stands in its record.
 */
import { exposureLevelMean } from '../balance.ts';

interface PlacementCounts {
  total: number;
  readonly items: Map<number, number>;
  readonly suppliers: Map<string, number>;
}

/** From so many places on, all counts are halved, so that what is long past fades. */
const placesMax = 2 ** 20;
/** Before so many places have been shown, no supplier has had more than its share. */
const placesToJudge = 100;
const levelMax = 15;

export class Exposure {
  readonly #placements = new Map<string, PlacementCounts>();

  /** Counts a list that was shown. */
  note(placement: string, items: readonly { readonly itemNumber: number; readonly supplier: string | null }[]): void {
    const counts = this.#placements.get(placement) ?? { total: 0, items: new Map(), suppliers: new Map() };
    this.#placements.set(placement, counts);
    for (const { itemNumber, supplier } of items) {
      counts.total += 1;
      counts.items.set(itemNumber, (counts.items.get(itemNumber) ?? 0) + 1);
      if (supplier !== null) counts.suppliers.set(supplier, (counts.suppliers.get(supplier) ?? 0) + 1);
    }
    if (counts.total >= placesMax) halve(counts);
  }

  /**
   * A hexadecimal digit for each item: 0 for one that was never shown, `exposureLevelMean` for one shown 1 to 2 times as often as the average of
   * `itemCount`, one more for each doubling.
   */
  levelsOf(
    placement: string,
    items: readonly ({ readonly itemNumber: number } | undefined)[],
    itemCount: number,
  ): string {
    const counts = this.#placements.get(placement);
    if (counts === undefined) return '0'.repeat(items.length);
    let levels = '';
    for (const item of items) {
      const shown = item === undefined ? 0 : (counts.items.get(item.itemNumber) ?? 0);
      levels += digits[shown === 0 ? 0 : levelOf(shown * itemCount, counts.total + itemCount)] ?? '';
    }
    return levels;
  }

  /** Whether a supplier has had more than a share (in 256ths) of the places. */
  isOverShare(placement: string, supplier: string, shareMax: number): boolean {
    const counts = this.#placements.get(placement);
    if (counts === undefined || counts.total < placesToJudge) return false;
    return (counts.suppliers.get(supplier) ?? 0) * 256 > counts.total * shareMax;
  }
}

const digits = '0123456789abcdef';

function levelOf(ofItem: number, ofAverage: number): number {
  let [own, mean] = [ofItem, ofAverage];
  let level = exposureLevelMean;
  for (; own < mean && level > 1; own *= 2) level -= 1;
  for (; own >= 2 * mean && level < levelMax; mean *= 2) level += 1;
  return level;
}

function halve(counts: PlacementCounts): void {
  counts.total = 0;
  for (const [item, shown] of counts.items) {
    const left = Math.floor(shown / 2);
    counts.total += left;
    if (left === 0) counts.items.delete(item);
    else counts.items.set(item, left);
  }
  for (const [supplier, shown] of counts.suppliers) counts.suppliers.set(supplier, Math.floor(shown / 2));
}
