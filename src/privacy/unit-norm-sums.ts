/**
 * Sums over people in which everybody weighs the same, however long their history: what a person adds is scaled down, in whole numbers, until
 * its Euclidean length is at most one unit. Nothing is left out, which keeps far more of a model than cutting histories does. Called by
 * `released-sums.ts` and by whoever releases a ranking.
 */
import { AscendingPeople } from './internal/ascending-people.ts';
import { integerSquareRoot } from './rational.ts';

/** One unit is 2²⁰: a person with 1,000 items still adds 1,482 to each pair, so rounding down costs less than 0.1 %. */
export const unit = 2 ** 20;

const unitSquared = BigInt(unit) ** 2n;

/**
 * For each item, how much of them all it makes up.
 *
 * Guarantee: one person more or fewer moves the counts by a vector no longer than one unit (`unit-norm-sums.test.ts`).
 * Formula: a person with m items adds ⌊2²⁰ / √m⌋ to each of theirs.
 * Cost: O(m).
 * Limits: items outside 0 … cells − 1 and repeated ones are left out; people are added by ascending id, once each.
 */
export class UnitNormCounts {
  readonly cells: number;
  readonly #totals: Float64Array;
  readonly #people = new AscendingPeople();
  readonly #distinct: DistinctItems;

  constructor(cells: number) {
    if (!Number.isSafeInteger(cells) || cells < 1) throw new RangeError('there is at least one cell');
    this.cells = cells;
    this.#totals = new Float64Array(cells);
    this.#distinct = new DistinctItems(cells);
  }

  add(personId: string, items: ArrayLike<number>): void {
    this.#people.next(personId, unit);
    const own = this.#distinct.of(items);
    if (own.length === 0) return;
    const amount = amountFor(own.length);
    for (const item of own) this.#totals[item] = (this.#totals[item] ?? 0) + amount;
  }

  get boundsText(): string {
    return `all of a person's items together a vector of length 1, in units of 2^-20`;
  }

  /** The longest that a person's own vector can be, and how much its entries can add up to when it has that length. */
  get sensitivity(): { l1: bigint; l2Squared: bigint } {
    return { l1: integerSquareRoot(unitSquared * BigInt(this.cells)), l2Squared: unitSquared };
  }

  /** The sums themselves, without noise: not for anyone outside. */
  exactTotals(): BigInt64Array {
    return whole(this.#totals);
  }
}

/**
 * For each pair of supported items, each item with itself, and the people as a whole, how much of them all it makes up.
 *
 * Guarantee: one person more or fewer moves all of it together by a vector no longer than one unit (`unit-norm-sums.test.ts`).
 * Formula: a person with m supported items adds ⌊2²⁰ / √(m(m+1)/2 + 1)⌋ to each of their m(m+1)/2 cells and to the people.
 * Cost: m²/2 additions; 4 n² bytes for n supported items.
 * Limits: as `UnitNormCounts`. The support is known without looking at people, or comes from noised counts.
 */
export class UnitNormPairs {
  readonly support: Int32Array;
  /** Triangle by rows, `cellOf(high, low)`; after it the people. */
  readonly #totals: Float64Array;
  readonly #positions: Int32Array;
  readonly #people = new AscendingPeople();
  readonly #distinct: DistinctItems;

  /** The support is ascending item numbers. Throws RangeError when it is not. */
  constructor(support: Int32Array) {
    if (support.some((item, at) => item < 0 || (at > 0 && item <= (support[at - 1] ?? 0)))) {
      throw new RangeError('supported items are item numbers in ascending order');
    }
    this.support = support.slice();
    this.#positions = new Int32Array((support.at(-1) ?? -1) + 1).fill(-1);
    for (const [position, item] of support.entries()) this.#positions[item] = position;
    this.#totals = new Float64Array(cellOf(support.length, 0) + 1);
    this.#distinct = new DistinctItems(support.length);
  }

  add(personId: string, items: ArrayLike<number>): void {
    this.#people.next(personId, unit);
    const positions: number[] = [];
    for (let at = 0; at < items.length; at++) {
      const position = this.#positions[items[at] ?? -1];
      if (position !== undefined && position >= 0) positions.push(position);
    }
    const own = Int32Array.from(this.#distinct.of(positions)).sort();
    if (own.length === 0) return;
    const amount = amountFor((own.length * (own.length + 1)) / 2 + 1);
    const totals = this.#totals;
    for (let high = 0; high < own.length; high++) {
      const row = cellOf(own[high] ?? 0, 0);
      for (let low = 0; low <= high; low++) {
        const cell = row + (own[low] ?? 0);
        totals[cell] = (totals[cell] ?? 0) + amount;
      }
    }
    totals[totals.length - 1] = (totals.at(-1) ?? 0) + amount;
  }

  get boundsText(): string {
    return `all of a person's pairs of ${this.support.length} items together a vector of length 1, in units of 2^-20`;
  }

  get sensitivity(): { l1: bigint; l2Squared: bigint } {
    return { l1: integerSquareRoot(unitSquared * BigInt(this.#totals.length)), l2Squared: unitSquared };
  }

  /** The sums themselves, without noise: not for anyone outside. */
  exactTotals(): BigInt64Array {
    return whole(this.#totals);
  }
}

/** Where the pair of two positions stands in a triangle by rows, `high` ≥ `low`. */
export function cellOf(high: number, low: number): number {
  return (high * (high + 1)) / 2 + low;
}

/** The largest whole number that `cells` times, as a vector, is no longer than one unit. */
function amountFor(cells: number): number {
  const known = amounts.get(cells);
  if (known !== undefined) return known;
  const amount = Number(integerSquareRoot(unitSquared / BigInt(cells)));
  amounts.set(cells, amount);
  return amount;
}

/** Square roots of large integers take microseconds, and histories have few lengths. */
const amounts = new Map<number, number>();

/** Takes repeated and undeclared numbers out of a list, keeping its order. */
class DistinctItems {
  readonly #seen: Uint32Array;
  #round = 0;

  constructor(limit: number) {
    this.#seen = new Uint32Array(limit);
  }

  of(items: ArrayLike<number>): number[] {
    this.#round++;
    const own: number[] = [];
    for (let at = 0; at < items.length; at++) {
      const item = items[at] ?? -1;
      const seen = this.#seen[item];
      if (seen === undefined || seen === this.#round) continue;
      this.#seen[item] = this.#round;
      own.push(item);
    }
    return own;
  }
}

function whole(totals: Float64Array): BigInt64Array {
  const values = new BigInt64Array(totals.length);
  for (let cell = 0; cell < values.length; cell++) values[cell] = BigInt(totals[cell] ?? 0);
  return values;
}
