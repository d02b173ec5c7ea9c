/**
 * Sums over people in which nobody weighs more than was said beforehand: at most so many cells each, at most so much in a cell. The noise
 * of a release is worth nothing without such a bound, so releases take these sums and no others. Called by whoever prepares a release.
 */
import { AscendingPeople } from './internal/ascending-people.ts';

export interface ContributionBounds {
  /** How many cells there are (items, answers, bands); their numbers are 0 to cells − 1, known without looking at people. */
  cells: number;
  /** The most cells that one person adds to, m. */
  cellsPerPersonMax: number;
  /** The most that one person adds to a cell; 1 when left out. */
  amountMax?: number;
}

/**
 * Adds people up, one at a time.
 *
 * Guarantee: adding or leaving out any one person moves at most m cells, each by 0 to `amountMax` (`bounded-sums.test.ts`, and
 * `released.test.ts`, where taking away any one of the bounds is found out).
 * Formula: L1 sensitivity m · amountMax, L2 sensitivity √m · amountMax.
 * Cost: O(cells of the person).
 * Limits: a person's first m distinct cells count, in the order they are given in; what lies outside the declared cells is left out, amounts
 * are cut to whole numbers from 0 to `amountMax`, because a refusal would tell about the person.
 */
export class BoundedSums {
  readonly bounds: Readonly<Required<ContributionBounds>>;
  readonly #totals: Float64Array;
  /** What the present person adds to each cell; zero between people. */
  readonly #own: Float64Array;
  readonly #touched: number[] = [];
  readonly #people = new AscendingPeople();

  /** Throws RangeError on bounds that are no positive whole numbers. */
  constructor(bounds: ContributionBounds) {
    const { cells, cellsPerPersonMax, amountMax = 1 } = bounds;
    for (const bound of [cells, cellsPerPersonMax, amountMax]) {
      if (!Number.isSafeInteger(bound) || bound < 1)
        throw new RangeError('contribution bounds are whole numbers above zero');
    }
    this.bounds = Object.freeze({ cells, cellsPerPersonMax: Math.min(cells, cellsPerPersonMax), amountMax });
    this.#totals = new Float64Array(cells);
    this.#own = new Float64Array(cells);
  }

  /**
   * Adds one person. Ids must ascend, as `order by person_id` returns them: so nobody is added twice, without a list of who was.
   * Throws RangeError when they do not.
   */
  add(personId: string, cells: ArrayLike<number>, amounts?: ArrayLike<number>): void {
    const { cellsPerPersonMax, amountMax } = this.bounds;
    this.#people.next(personId, amountMax);
    const touched = this.#touched;
    for (let at = 0; at < cells.length; at++) {
      const cell = cells[at] ?? -1;
      const amount = amounts === undefined ? 1 : Math.floor(amounts[at] ?? 0);
      const before = this.#own[cell];
      if (before === undefined || !(amount > 0)) continue;
      if (before === 0 && touched.length === cellsPerPersonMax) continue;
      if (before === 0) touched.push(cell);
      this.#own[cell] = Math.min(before + amount, amountMax);
    }
    for (const cell of touched) {
      this.#totals[cell] = (this.#totals[cell] ?? 0) + (this.#own[cell] ?? 0);
      this.#own[cell] = 0;
    }
    touched.length = 0;
  }

  get cells(): number {
    return this.bounds.cells;
  }

  /** The bounds in words, as a release states them. */
  get boundsText(): string {
    const { cells, cellsPerPersonMax, amountMax } = this.bounds;
    return `at most ${cellsPerPersonMax} of ${cells} cells a person, at most ${amountMax} in each`;
  }

  /** The most that one person moves the sums by: added up over cells, and as the square of the Euclidean length. */
  get sensitivity(): { l1: bigint; l2Squared: bigint } {
    const [cells, amount] = [BigInt(this.bounds.cellsPerPersonMax), BigInt(this.bounds.amountMax)];
    return { l1: cells * amount, l2Squared: cells * amount * amount };
  }

  /** The sums themselves, without noise: not for anyone outside. */
  exactTotals(): BigInt64Array {
    const totals = new BigInt64Array(this.#totals.length);
    for (let cell = 0; cell < totals.length; cell++) totals[cell] = BigInt(this.#totals[cell] ?? 0);
    return totals;
  }
}
