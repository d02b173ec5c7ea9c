/**
 * The sums of a recommender as a release: what a browser or another controller may have of a model. It promises that one person's whole
 * history is covered by the ε it states, and that every setting was fixed before anybody looked at the data. Called by `models/`, which
 * brings the histories twice, and solves what comes out.
 */
import { type ByteSource, RandomBits } from './bits.ts';
import { type Payment, partsOf } from './budget.ts';
import { eigenpairsAbove } from './internal/largest-eigenpairs.ts';
import { type NoiseStep, type Released, addNoise, mint, remint } from './internal/mint.ts';
import { UnitNormCounts, UnitNormPairs, cellOf, unit } from './unit-norm-sums.ts';

/**
 * Chosen once on the made-up people of `learning/synthetic.ts` and never tuned on real ones, because looking at data costs too.
 * 4 % of ρ choose the items; those count whose noised weight is 7 standard deviations and more; a cut of fewer than 100 items is no model.
 */
export const releaseSettings = Object.freeze({
  countsWeight: 4n,
  pairsWeight: 96n,
  supportSpreads: 7,
  supportMin: 100,
  supportMax: 4096,
  /** The ridge of the solve is the trace of the sums divided by this, at the mean count. */
  ridgeDivisor: 1200,
});

/** In units of 2⁻²⁰ people; what is noise may be below zero. */
export type ReleasedSums = {
  /** The item numbers that the rest is about, ascending. */
  readonly items: readonly bigint[];
  readonly people: bigint;
  readonly counts: BigInt64Array;
  /** A triangle by rows without its diagonal: pairs (1,0), (2,0), (2,1), (3,0), … of positions in `items`. */
  readonly pairs: BigInt64Array;
};

/**
 * A release in two passes over the same people: first all of them through `addToCounts`, then `chooseItems`, then all through `addToPairs`,
 * then `release`. Calls in another order throw RangeError.
 *
 * Guarantee: ρ-zCDP for the ρ that was paid, whatever a history holds (`released-sums.test.ts`).
 * Formula: c = Σ x_u / √m_u and G = Σ x_u x_uᵀ / √(m(m+1)/2 + 1) over the chosen items, both in whole numbers and with discrete Gaussian noise.
 * Source: noise on a sum of bounded matrices, Dwork, Talwar, Thakurta, Zhang 2014, "Analyze Gauss"; the sampler as in `noise.ts`.
 * Cost: two passes, n²/2 draws for n chosen items: 1 s for 2,000.
 * Limits: at least 5,000 people at ε = 1; below that `chooseItems` says that it is not useful, and a ranking is the better release. The
 * noise leaves no more than `supportMax` items room.
 */
export class SumsRelease {
  readonly #payment: Payment;
  readonly #parts: Record<'counts' | 'pairs', Payment>;
  readonly #bits: RandomBits;
  readonly #counts: UnitNormCounts;
  #pairs: UnitNormPairs | undefined;
  readonly #steps: NoiseStep[] = [];

  constructor(options: { payment: Payment; random: ByteSource; itemCount: number }) {
    const { countsWeight, pairsWeight } = releaseSettings;
    this.#payment = options.payment;
    this.#parts = partsOf(options.payment, { counts: countsWeight, pairs: pairsWeight });
    this.#bits = new RandomBits(options.random);
    this.#counts = new UnitNormCounts(options.itemCount);
  }

  addToCounts(personId: string, items: ArrayLike<number>): void {
    if (this.#pairs !== undefined) throw new RangeError('the items have been chosen; counting is over');
    this.#counts.add(personId, items);
  }

  /** The items that the noised counts support, and whether they are enough for a model that is better than a ranking. */
  chooseItems(): { items: Int32Array; isUseful: boolean } {
    if (this.#pairs !== undefined) throw new RangeError('the items have been chosen already');
    const { supportSpreads, supportMin, supportMax } = releaseSettings;
    const values = this.#counts.exactTotals();
    const step = this.#noised('counts', values, this.#counts.sensitivity);
    const least = supportSpreads * Math.sqrt(step.spread.approximation());
    const items = Int32Array.from(values.keys())
      .filter((item) => Number(values[item]) >= least)
      .toSorted((a, b) => Number(values[b]) - Number(values[a]) || a - b)
      .slice(0, supportMax)
      .sort();
    this.#pairs = new UnitNormPairs(items);
    return { items, isUseful: items.length >= supportMin };
  }

  addToPairs(personId: string, items: ArrayLike<number>): void {
    if (this.#pairs === undefined) throw new RangeError('the items have not been chosen yet');
    this.#pairs.add(personId, items);
  }

  release(): Released<ReleasedSums> {
    const pairs = this.#pairs;
    if (pairs === undefined || this.#steps.length !== 1)
      throw new RangeError('a release is made once, after both passes');
    const values = pairs.exactTotals();
    this.#noised('pairs', values, pairs.sensitivity);
    const size = pairs.support.length;
    const counts = new BigInt64Array(size);
    const apart = new BigInt64Array((size * (size - 1)) / 2);
    for (let high = 0; high < size; high++) {
      counts[high] = values[cellOf(high, high)] ?? 0n;
      apart.set(values.subarray(cellOf(high, 0), cellOf(high, high)), cellOf(high - 1, 0));
    }
    return mint({
      value: { items: Array.from(pairs.support, BigInt), people: values.at(-1) ?? 0n, counts, pairs: apart },
      bounds: `${this.#counts.boundsText}; ${pairs.boundsText}`,
      mechanism: this.#steps,
      payment: this.#payment,
    });
  }

  #noised(of: 'counts' | 'pairs', values: BigInt64Array, sensitivity: UnitNormCounts['sensitivity']): NoiseStep {
    const step = addNoise({
      of,
      values,
      sensitivity,
      noise: 'discrete Gaussian',
      payment: this.#parts[of],
      bits: this.#bits,
    });
    this.#steps.push(step);
    return step;
  }
}

/**
 * The same sums with what is surely noise taken out, as counts that people could have: nothing below zero, no pair above either of its items.
 * Costs no privacy, since it reads the release alone.
 *
 * Guarantee: nearer to the truth than the release wherever a taste is shared by enough people (`released-sums.test.ts`).
 * Formula: eigenvalues λ of the noised matrix up to 2σ√n, where noise alone reaches, become 0, the others √(λ² − 4σ²n); the diagonal stays as
 * released where that is larger.
 * Source: Wigner 1958 for the bound; Gavish and Donoho 2017, "Optimal shrinkage of singular values", for the shrinkage under Frobenius loss.
 * Cost: 0.5 s for 1,000 items, half a minute for 3,000.
 */
export function cleanedSums(released: Released<ReleasedSums>): Released<ReleasedSums> {
  const { items, people, counts, pairs } = released.value;
  const size = items.length;
  const sigma = Math.sqrt(released.mechanism.find(({ of }) => of === 'pairs')?.spread.approximation() ?? 0) / unit;
  const matrix = new Float64Array(size * size);
  for (let high = 0; high < size; high++) {
    matrix[high * size + high] = Number(counts[high]) / unit;
    for (let low = 0; low < high; low++) {
      const value = Number(pairs[cellOf(high - 1, low)]) / unit;
      matrix[high * size + low] = value;
      matrix[low * size + high] = value;
    }
  }
  const edge = 2 * sigma * Math.sqrt(size);
  const { values, vectors } = eigenpairsAbove({ matrix, size, bound: edge });
  const cleaned = new Float64Array(size * size);
  for (const [rank, value] of values.entries()) {
    const weight = Math.sqrt(value * value - edge * edge);
    addOuterProduct(cleaned, vectors.subarray(rank * size, (rank + 1) * size), weight);
  }
  const own = Float64Array.from(counts, (count, at) =>
    Math.max(Number(count) / unit, cleaned[at * size + at] ?? 0, sigma),
  );
  const shared = new BigInt64Array(pairs.length);
  for (let high = 0; high < size; high++) {
    for (let low = 0; low < high; low++) {
      const most = Math.min(own[high] ?? 0, own[low] ?? 0);
      const value = Math.max(0, Math.min(most, cleaned[high * size + low] ?? 0));
      shared[cellOf(high - 1, low)] = BigInt(Math.floor(value * unit));
    }
  }
  const whole = Math.max(Number(people) / unit, ...own);
  return remint(released, {
    items,
    people: BigInt(Math.ceil(whole * unit)),
    counts: BigInt64Array.from(own, (count) => BigInt(Math.ceil(count * unit))),
    pairs: shared,
  });
}

/** The lower triangle of weight · v vᵀ. */
function addOuterProduct(target: Float64Array, vector: Float64Array, weight: number): void {
  const size = vector.length;
  for (let high = 0; high < size; high++) {
    const factor = weight * (vector[high] ?? 0);
    const row = high * size;
    for (let low = 0; low <= high; low++) target[row + low] = target[row + low] + factor * vector[low];
  }
}
