/**
 * The sum that recommenders are solved from: how many people there are, how many of them each item, and each pair of items, belongs to.
 * Integers only, so adding and subtracting people is exact in any order. Called by the fold, by `verify` and by every solver here.
 */
import { requireContribution } from './contributions.ts';
import { ByteReader } from './internal/byte-reader.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { DenseTriangle, SparseTable, denseItemMax, type PairStore } from './internal/pair-store.ts';
import { LearningError } from './learning-error.ts';

/** One person's change: what they contributed until now and what they contribute from now on; null for nothing. */
export interface ContributionChange {
  removed: ArrayLike<number> | null;
  added: ArrayLike<number> | null;
}

const mark = 'FLsum1';

/**
 * N, c = Σ x and G = Σ x xᵀ over people, where x is a person's contribution as zeros and ones.
 *
 * Guarantee: subtract undoes add bit for bit, order does not matter, merge is associative, decode undoes encode (co-occurrence.test.ts).
 * Formula: N = Σ 1, cᵢ = Σ xᵢ, gᵢⱼ = Σ xᵢ xⱼ.
 * Source: summation form, Chu et al. 2006; forgetting by subtraction, Cao & Yang 2015, and Schelter's Amnesia, CIDR 2020.
 * Cost: m²/2 additions for a person with m items; 0.8 GB below 20,000 items, beyond that 24 to 48 bytes for each pair that occurs.
 * Limits: an empty contribution is nobody and changes nothing. Counts may be negative for a while when changes arrive out of order;
 * a solver refuses them.
 */
export class CoOccurrence {
  #people = 0;
  #counts = new Int32Array(new SharedArrayBuffer(64 * 4));
  #pairs: PairStore = new DenseTriangle();

  /** How many people with at least one item are in the sum. */
  get people(): number {
    return this.#people;
  }

  /** How many people have each item; index is the item number. A view: it follows the sum until the sum grows. */
  get counts(): Int32Array {
    return this.#counts;
  }

  /** The pairs as they are stored, for solvers of this room. */
  get pairs(): PairStore {
    return this.#pairs;
  }

  /** How many people have the item. */
  count(item: number): number {
    return this.#counts[item] ?? 0;
  }

  /** How many people have both items; the count of the item when they are the same. */
  pair(a: number, b: number): number {
    if (a === b) return this.count(a);
    return a < b ? this.#pairs.get(a, b) : this.#pairs.get(b, a);
  }

  /** Adds one person. */
  add(items: ArrayLike<number>): void {
    requireContribution(items);
    this.#addPerson(items, 1);
  }

  /** Takes one person out again: the same items that were added. */
  subtract(items: ArrayLike<number>): void {
    requireContribution(items);
    this.#addPerson(items, -1);
  }

  /** Replaces one person's contribution by another. */
  apply(change: ContributionChange): void {
    if (change.removed !== null) this.subtract(change.removed);
    if (change.added !== null) this.add(change.added);
  }

  /** Adds totals that were summed elsewhere, for example by SQL. Each pair once, its lower item first. */
  addTotals(totals: {
    people: number;
    counts: Iterable<readonly [item: number, count: number]>;
    pairs: Iterable<readonly [low: number, high: number, count: number]>;
  }): void {
    this.#people += totals.people;
    for (const [item, count] of totals.counts) {
      requireContribution([item]);
      this.#grow(item);
      this.#addCount(item, count);
    }
    for (const [low, high, count] of totals.pairs) {
      requireContribution([low, high]);
      this.#grow(high);
      this.#pairs.add(low, high, count);
    }
  }

  /** Adds the sum of other people, in place. */
  merge(other: CoOccurrence): void {
    this.#people += other.#people;
    other.#counts.forEach((count, item) => {
      if (count === 0) return;
      this.#grow(item);
      this.#addCount(item, count);
    });
    other.#pairs.forEach((low, high, count) => {
      this.#grow(high);
      this.#pairs.add(low, high, count);
    });
  }

  /** Whether both hold the same numbers, however they are stored. */
  equals(other: CoOccurrence): boolean {
    if (this.#people !== other.#people) return false;
    const itemCount = Math.max(this.#counts.length, other.#counts.length);
    for (let item = 0; item < itemCount; item++) if (this.count(item) !== other.count(item)) return false;
    return this.#holdsPairsOf(other) && other.#holdsPairsOf(this);
  }

  /** The item numbers that somebody has, ascending. */
  itemNumbers(): Int32Array {
    const present: number[] = [];
    this.#counts.forEach((count, item) => {
      if (count !== 0) present.push(item);
    });
    return Int32Array.from(present);
  }

  /** A snapshot: canonical bytes, equal exactly when the sums are. */
  encode(): Uint8Array {
    const writer = new ByteWriter();
    writer.mark(mark);
    writer.signed(this.#people);
    let before = 0;
    this.#counts.forEach((count, item) => {
      if (count === 0) return;
      writer.unsigned(item + 1 - before);
      writer.signed(count);
      before = item + 1;
    });
    writer.unsigned(0);
    let row = 0;
    let column = 0;
    this.#pairs.forEach((low, high, count) => {
      if (high !== row) {
        if (row !== 0) writer.unsigned(0);
        writer.unsigned(high - row);
        row = high;
        column = 0;
      }
      writer.unsigned(low + 1 - column);
      writer.signed(count);
      column = low + 1;
    });
    if (row !== 0) writer.unsigned(0);
    writer.unsigned(0);
    return writer.finish();
  }

  /** Reads what `encode` wrote; `learning.unreadable` for anything else. */
  static decode(bytes: Uint8Array): CoOccurrence {
    const reader = new ByteReader(bytes, 'a snapshot of sums');
    reader.mark(mark);
    const sums = new CoOccurrence();
    sums.#people = reader.signed();
    let item = -1;
    for (let step = reader.unsigned(); step !== 0; step = reader.unsigned()) {
      item += step;
      sums.addTotals({ people: 0, counts: [[item, nonZero(reader)]], pairs: [] });
    }
    let high = 0;
    for (let rowStep = reader.unsigned(); rowStep !== 0; rowStep = reader.unsigned()) {
      high += rowStep;
      let low = -1;
      for (let step = reader.unsigned(); step !== 0; step = reader.unsigned()) {
        low += step;
        if (low >= high) throw reader.refusal('pairs an item with a higher one twice');
        sums.#grow(high);
        sums.#pairs.add(low, high, nonZero(reader));
      }
      if (low === -1) throw reader.refusal('has an empty row');
    }
    reader.end();
    return sums;
  }

  #addPerson(items: ArrayLike<number>, by: 1 | -1): void {
    if (items.length === 0) return;
    this.#people += by;
    this.#grow(items[items.length - 1] ?? 0);
    for (let at = 0; at < items.length; at++) this.#addCount(items[at] ?? 0, by);
    this.#pairs.addAll(items, by);
  }

  #addCount(item: number, by: number): void {
    this.#counts[item] = (this.#counts[item] ?? 0) + by;
  }

  #grow(item: number): void {
    if (item >= this.#counts.length) {
      let size = this.#counts.length;
      while (size <= item) size *= 2;
      const larger = new Int32Array(new SharedArrayBuffer(size * 4));
      larger.set(this.#counts);
      this.#counts = larger;
    }
    if (item >= denseItemMax && this.#pairs instanceof DenseTriangle) {
      const sparse = new SparseTable();
      this.#pairs.forEach((low, high, count) => sparse.add(low, high, count));
      this.#pairs = sparse;
    }
  }

  #holdsPairsOf(other: CoOccurrence): boolean {
    let holds = true;
    other.#pairs.forEach((low, high, count) => {
      if (this.#pairs.get(low, high) !== count) holds = false;
    });
    return holds;
  }
}

function nonZero(reader: ByteReader): number {
  const count = reader.signed();
  if (count === 0 || Math.abs(count) >= 2 ** 31) throw reader.refusal('holds a count that no sum writes');
  return count;
}

/** Throws `learning.impossible` when the counts could not come from a set of people. Solvers call it first. */
export function requirePossible(sums: CoOccurrence): void {
  if (sums.people >= 0 && sums.counts.every((count) => count >= 0 && count <= sums.people)) return;
  throw new LearningError(
    'learning.impossible',
    'The sums hold an item with fewer than no people or more than there are',
    'A change was applied twice or not at all: rebuild the sums from the contribution rows.',
  );
}
