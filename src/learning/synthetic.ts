/**
 * Made-up people with planted tastes, in the shape of MovieLens-1M: for benches and tests that need many people and may ship with the code.
 * The same seed gives the same people on every machine. No real person stands behind any of them.
 */
import { seededRandom, type RandomSource } from './seeded-random.ts';

export interface SyntheticOptions {
  seed: number;
  /** 6,040 as in MovieLens-1M. */
  people?: number;
  /** 3,676 as in MovieLens-1M after rare titles. */
  items?: number;
  /** The middle number of items that a person has; some have twenty, some fifteen times the middle. */
  medianItems?: number;
}

/**
 * One history after the other: distinct item numbers in the order in which the person came to them.
 *
 * Guarantee: deterministic; people are independent draws, so the first n of more people are the same n (synthetic.test.ts).
 * Formula: an item has a popularity, a genre, a niche within it, and a little of its own; a person has two interests. The chance of an
 * item is its popularity times the sum over interests of exp(affinity), drawn without replacement. Exponentials are (1 + x/1024)^1024, normals sums of twelve.
 * Cost: about half a millisecond for a person over 3,676 items.
 * Limits: made to be as hard as MovieLens-1M (popularity, neighbourhoods, EASE land within a few points of the published figures), not to be real.
 */
export function* syntheticHistories(options: SyntheticOptions): Generator<Int32Array> {
  const { seed, people = 6040, items: itemCount = 3676, medianItems = 96 } = options;
  const shop = new Shop(itemCount, seededRandom(seed));
  for (let person = 0; person < people; person++) {
    // A sequence of its own for each person, so that no person depends on those before.
    yield shop.historyOf(seededRandom((seed + Math.imul(person + 1, 0x2545f491)) >>> 0), medianItems);
  }
}

const genreCount = 18;
const nichesPerGenre = 12;
const tasteLength = 24;
const interestCount = 2;

class Shop {
  readonly #popularity: Float64Array;
  /** tasteLength numbers for each item. */
  readonly #places: Float64Array;
  readonly #cumulative: Float64Array;

  constructor(itemCount: number, random: RandomSource) {
    const genres = Array.from({ length: genreCount }, () => vector(1, random));
    const niches = Array.from({ length: genreCount * nichesPerGenre }, () => vector(1, random));
    this.#popularity = new Float64Array(itemCount);
    this.#places = new Float64Array(itemCount * tasteLength);
    this.#cumulative = new Float64Array(itemCount);
    for (let item = 0; item < itemCount; item++) {
      this.#popularity[item] = exponential(1.8 * normal(random));
      const genre = Math.floor(random() ** 2 * genreCount);
      const niche = genre * nichesPerGenre + Math.floor(random() * nichesPerGenre);
      for (let at = 0; at < tasteLength; at++) {
        this.#places[item * tasteLength + at] =
          0.5 * (genres[genre]?.[at] ?? 0) + 0.9 * (niches[niche]?.[at] ?? 0) + 0.2 * normal(random);
      }
    }
  }

  historyOf(random: RandomSource, medianItems: number): Int32Array {
    const itemCount = this.#popularity.length;
    const least = Math.min(20, medianItems / 2);
    const wanted = least + (medianItems - least) * exponential(1.13 * normal(random));
    const length = Math.max(1, Math.min(Math.floor(wanted), Math.floor(itemCount / 3), medianItems * 15));
    const interests = Array.from({ length: interestCount }, () => vector(0.46, random));
    let total = 0;
    for (let item = 0; item < itemCount; item++) {
      const liking = interests.reduce((sum, taste) => sum + exponential(this.#affinity(taste, item)), 0);
      total += (this.#popularity[item] ?? 0) * liking;
      this.#cumulative[item] = total;
    }
    const chosen = new Set<number>();
    while (chosen.size < length) chosen.add(this.#itemAt(random() * total));
    return Int32Array.from(chosen);
  }

  #affinity(taste: Float64Array, item: number): number {
    let affinity = 0;
    for (let at = 0; at < tasteLength; at++)
      affinity += (taste[at] ?? 0) * (this.#places[item * tasteLength + at] ?? 0);
    return Math.max(-6, Math.min(6, affinity));
  }

  #itemAt(point: number): number {
    let low = 0;
    let high = this.#cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#cumulative[middle] ?? 0) > point) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function vector(scale: number, random: RandomSource): Float64Array {
  return Float64Array.from({ length: tasteLength }, () => scale * normal(random));
}

/** Near enough to normal, from additions alone: the sum of twelve even draws has variance 1. */
function normal(random: RandomSource): number {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += random();
  return sum;
}

/** Math.exp may differ in its last bit among machines; ten squarings do not. Within 4 % for |x| ≤ 9, which is all that is asked of it. */
function exponential(x: number): number {
  let power = 1 + x / 1024;
  for (let squaring = 0; squaring < 10; squaring++) power *= power;
  return power;
}
