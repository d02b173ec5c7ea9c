/**
 * Sums of small whole numbers by cell, where a cell is a tuple of words: what bandits, segments and uplift are solved from. Adding and
 * subtracting people is exact in any order, as with co-occurrence. Called by the fold and by the solvers here.
 */
import { ByteReader } from './internal/byte-reader.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { LearningError } from './learning-error.ts';

/** What one person adds to one cell: as many whole numbers as the sums are wide. */
export interface CellAmounts {
  cell: readonly string[];
  amounts: readonly number[];
}

const mark = 'FLcel1';
const amountMax = 2 ** 20;

/**
 * For each cell a row of totals.
 *
 * Guarantee: subtract undoes add bit for bit, order does not matter, merge is associative, decode undoes encode (describe-model.ts, run by
 * bandit.test.ts, histogram-segments.test.ts and uplift.test.ts); different tuples are different cells (cell-sums.test.ts).
 * Cost: a look-up for each cell of a contribution.
 * Limits: amounts are whole, within 2²⁰ either way, so that a billion people fit; anything else is `learning.malformed`.
 */
export class CellSums {
  /** Amounts a cell. */
  readonly width: number;
  readonly #totals = new Map<string, Float64Array>();

  constructor(width: number) {
    this.width = width;
  }

  add(contribution: Iterable<CellAmounts>): void {
    this.#addAll(contribution, 1);
  }

  subtract(contribution: Iterable<CellAmounts>): void {
    this.#addAll(contribution, -1);
  }

  /** Adds the sum of other people, in place. */
  merge(other: CellSums): void {
    if (other.width !== this.width)
      throw malformed(`Sums of ${other.width} amounts a cell do not fit those of ${this.width}`);
    for (const [key, totals] of other.#totals) totals.forEach((total, at) => this.#addTo(key, at, total));
    this.#dropEmpty(other.#totals.keys());
  }

  /** The cell's totals; all 0 for a cell that nobody has. */
  totals(cell: readonly string[]): readonly number[] {
    return [...(this.#totals.get(keyOf(cell)) ?? new Float64Array(this.width))];
  }

  /** The cells that hold anything, in order of their words. */
  cells(): string[][] {
    return this.#orderedKeys().map(cellOf);
  }

  equals(other: CellSums): boolean {
    return Buffer.from(this.encode()).equals(other.encode());
  }

  /** A snapshot: canonical bytes, equal exactly when the sums are. */
  encode(): Uint8Array {
    const writer = new ByteWriter();
    writer.mark(mark);
    writer.unsigned(this.width);
    const keys = this.#orderedKeys();
    writer.unsigned(keys.length);
    for (const key of keys) {
      const bytes = Buffer.from(key);
      writer.unsigned(bytes.length);
      writer.mark(bytes.toString('latin1'));
      for (const total of this.#totals.get(key) ?? []) writer.signed(total);
    }
    return writer.finish();
  }

  /** Reads what `encode` wrote; `learning.unreadable` for anything else. */
  static decode(bytes: Uint8Array): CellSums {
    const reader = new ByteReader(bytes, 'a snapshot of cells');
    reader.mark(mark);
    const sums = new CellSums(reader.unsigned());
    let before = '';
    for (let left = reader.unsigned(); left > 0; left--) {
      const key = Buffer.from(reader.text(reader.unsigned()), 'latin1').toString();
      if (key <= before) throw reader.refusal('has cells out of order');
      const totals = Float64Array.from({ length: sums.width }, () => reader.signed());
      if (totals.every((total) => total === 0)) throw reader.refusal('has an empty cell');
      sums.#totals.set(key, totals);
      before = key;
    }
    reader.end();
    return sums;
  }

  #addAll(contribution: Iterable<CellAmounts>, by: 1 | -1): void {
    const all = [...contribution];
    for (const { amounts } of all) {
      const holds =
        amounts.length === this.width && amounts.every((n) => Number.isInteger(n) && Math.abs(n) <= amountMax);
      if (!holds) throw malformed(`A contribution is not ${this.width} whole numbers within ${amountMax} a cell`);
    }
    for (const { cell, amounts } of all) {
      const key = keyOf(cell);
      amounts.forEach((amount, at) => this.#addTo(key, at, by * amount));
    }
    this.#dropEmpty(all.map(({ cell }) => keyOf(cell)));
  }

  #addTo(key: string, at: number, amount: number): void {
    const totals = this.#totals.get(key) ?? new Float64Array(this.width);
    // Adding 0 turns −0 into 0, so that equal sums have equal bytes.
    totals[at] = (totals[at] ?? 0) + amount + 0;
    this.#totals.set(key, totals);
  }

  #dropEmpty(keys: Iterable<string>): void {
    for (const key of keys) if (this.#totals.get(key)?.every((total) => total === 0) === true) this.#totals.delete(key);
  }

  #orderedKeys(): string[] {
    return [...this.#totals.keys()].sort();
  }
}

/** JSON, so that the words of a tuple cannot run into each other. */
function keyOf(cell: readonly string[]): string {
  return JSON.stringify(cell);
}

function cellOf(key: string): string[] {
  return JSON.parse(key) as string[]; // What keyOf wrote.
}

function malformed(message: string): LearningError {
  return new LearningError('learning.malformed', message, 'Make contributions with the function of their model.');
}
