/**
 * Signed counts of unordered pairs of items, in one of two layouts. The dense triangle holds every pair below 20,000 items in 0.8 GB
 * whatever the number of people; the table holds only the pairs that occur. Both live in shared memory, so that workers read them without a copy.
 */

export interface PairStore {
  /** The count of the pair; 0 for a pair never seen. */
  get(low: number, high: number): number;
  /** Adds `by` to each pair of the ascending items. */
  addAll(items: ArrayLike<number>, by: number): void;
  add(low: number, high: number, by: number): void;
  /** Calls back for each pair with a count other than 0, ordered by its higher item, then its lower. */
  forEach(visit: (low: number, high: number, count: number) => void): void;
}

/** Items from this number on make the store sparse: 20,000 items take 199,990,000 pairs of four bytes. */
export const denseItemMax = 20_000;

/** Where the row of the higher item begins in the triangle: pairs are ordered by higher, then lower item. */
export function triangleRow(high: number): number {
  return (high * (high - 1)) / 2;
}

export class DenseTriangle implements PairStore {
  #itemCapacity = 0;
  #counts = new Int32Array(new SharedArrayBuffer(0));

  /** The triangle as it lies in shared memory, row after row of the higher item. */
  get counts(): Int32Array<SharedArrayBuffer> {
    return this.#counts;
  }

  get itemCapacity(): number {
    return this.#itemCapacity;
  }

  /**
   * Makes room for items below `itemCount`. Rows keep their place, so growing is one copy; doubling the items keeps the old and the new
   * triangle together below 1.25 times the new one, and untouched pages cost no memory.
   */
  grow(itemCount: number): void {
    if (itemCount <= this.#itemCapacity) return;
    this.#itemCapacity = Math.min(denseItemMax, Math.max(64, itemCount, this.#itemCapacity * 2));
    const larger = new Int32Array(new SharedArrayBuffer(triangleRow(this.#itemCapacity) * 4));
    larger.set(this.#counts);
    this.#counts = larger;
  }

  get(low: number, high: number): number {
    return high < this.#itemCapacity ? (this.#counts[triangleRow(high) + low] ?? 0) : 0;
  }

  add(low: number, high: number, by: number): void {
    this.grow(high + 1);
    const at = triangleRow(high) + low;
    this.#counts[at] = (this.#counts[at] ?? 0) + by;
  }

  addAll(items: ArrayLike<number>, by: number): void {
    if (items.length < 2) return;
    this.grow((items[items.length - 1] ?? 0) + 1);
    const counts = this.#counts;
    for (let upper = 1; upper < items.length; upper++) {
      const row = triangleRow(items[upper] ?? 0);
      for (let lower = 0; lower < upper; lower++) {
        const at = row + (items[lower] ?? 0);
        counts[at] = (counts[at] ?? 0) + by;
      }
    }
  }

  forEach(visit: (low: number, high: number, count: number) => void): void {
    for (let high = 1; high < this.#itemCapacity; high++) {
      const row = triangleRow(high);
      for (let low = 0; low < high; low++) {
        const count = this.#counts[row + low] ?? 0;
        if (count !== 0) visit(low, high, count);
      }
    }
  }
}

const noKey = -1;
const keyBase = 2 ** 26;

/** Open addressing with linear probing, at most half full. Pairs back at 0 keep their slot until the table grows. */
export class SparseTable implements PairStore {
  #keys = new Float64Array(1024).fill(noKey);
  #counts = new Int32Array(1024);
  #used = 0;

  get(low: number, high: number): number {
    return this.#counts[this.#slot(low, high)] ?? 0;
  }

  add(low: number, high: number, by: number): void {
    if (this.#used * 2 >= this.#keys.length) this.#rehash();
    const slot = this.#slot(low, high);
    if (this.#keys[slot] === noKey) {
      this.#keys[slot] = high * keyBase + low;
      this.#used++;
    }
    this.#counts[slot] = (this.#counts[slot] ?? 0) + by;
  }

  addAll(items: ArrayLike<number>, by: number): void {
    for (let upper = 1; upper < items.length; upper++) {
      for (let lower = 0; lower < upper; lower++) this.add(items[lower] ?? 0, items[upper] ?? 0, by);
    }
  }

  forEach(visit: (low: number, high: number, count: number) => void): void {
    const present = this.#keys.filter((key, slot) => key !== noKey && this.#counts[slot] !== 0).sort();
    for (const key of present) {
      const high = Math.floor(key / keyBase);
      const low = key - high * keyBase;
      visit(low, high, this.get(low, high));
    }
  }

  #slot(low: number, high: number): number {
    const key = high * keyBase + low;
    const mask = this.#keys.length - 1;
    let slot = mixed(low, high) & mask;
    for (;;) {
      const there = this.#keys[slot];
      if (there === key || there === noKey) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    const keys = this.#keys;
    const counts = this.#counts;
    const live = counts.reduce((total, count) => total + (count === 0 ? 0 : 1), 0);
    let size = 1024;
    while (size < live * 4) size *= 2;
    this.#keys = new Float64Array(size).fill(noKey);
    this.#counts = new Int32Array(size);
    this.#used = 0;
    keys.forEach((key, slot) => {
      const count = counts[slot] ?? 0;
      if (key === noKey || count === 0) return;
      const high = Math.floor(key / keyBase);
      this.add(key - high * keyBase, high, count);
    });
  }
}

/** Spreads neighbouring item numbers over the table; odd multipliers as in Knuth's multiplicative hashing. */
function mixed(low: number, high: number): number {
  let hash = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}
