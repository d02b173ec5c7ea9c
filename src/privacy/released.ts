/**
 * The only way out for an aggregate: counts, histograms and rankings with exact noise, paid for at the privacy ledger. They promise that
 * the noise fits the payment and the bounds, because both are read off the arguments and not told. Called by the rooms that publish.
 */
import { type ByteSource, RandomBits } from './bits.ts';
import { type BoundedSums } from './bounded-sums.ts';
import { type Payment } from './budget.ts';
import { type NoiseStep, type Releasable, type Released, addNoise, mint, remint } from './internal/mint.ts';
import { Rational } from './rational.ts';
import { type UnitNormCounts } from './unit-norm-sums.ts';

export { type NoiseStep, type Releasable, type Released, isReleased } from './internal/mint.ts';

export interface ReleaseOf {
  sums: BoundedSums | UnitNormCounts;
  payment: Payment;
  random: ByteSource;
  /** The discrete Gaussian when left out; the discrete Laplace gives δ = 0 at about one and a half times the spread for one count. */
  noise?: NoiseStep['noise'];
}

/**
 * Every cell with noise, unbiased, so that some may be below zero.
 *
 * Guarantee: (ε, δ)-private per person, and ρ-zCDP for the ρ that was paid (`released.test.ts`: nine votes over worst-case neighbours).
 * Formula: discrete Gaussian with σ² = Δ₂² / 2ρ in each cell, or discrete Laplace with scale Δ₁ / ε and ε²/2 ≤ ρ.
 * Source: Canonne, Kamath, Steinke 2020, theorem 4; Bun and Steinke 2016, proposition 1.4.
 * Cost: 0.4 µs a cell.
 * Limits: cells must be known without looking at people; the time it takes follows the noise and the number of cells alone.
 */
export function releasedCounts(options: ReleaseOf): Released<readonly bigint[]> {
  return noisedCells(options);
}

/**
 * Cells with their names and no count below zero; the last rule is applied after the noise, so it costs nothing.
 * Guarantee, formula, source and cost: as `releasedCounts`. Throws RangeError unless there is one name for each cell.
 */
export function releasedHistogram(
  options: ReleaseOf & { names: readonly string[] },
): Released<readonly { readonly name: string; readonly count: bigint }[]> {
  const { names } = options;
  requireNames(names, options.sums);
  const counts = noisedCells(options);
  return remint(
    counts,
    counts.value.map((count, cell) => ({ name: names[cell] ?? '', count: count < 0n ? 0n : count })),
  );
}

/**
 * The `top` names by noised count, highest first; at equal counts the lower cell number comes first. The counts stay behind.
 * Guarantee, formula, source and cost: as `releasedCounts`. Throws RangeError unless there is one name for each cell.
 */
export function releasedRanking(
  options: ReleaseOf & { names: readonly string[]; top: number },
): Released<readonly string[]> {
  const { names, top } = options;
  requireNames(names, options.sums);
  const counts = noisedCells(options);
  const order = names.map((_, cell) => cell);
  order.sort((a, b) => sign((counts.value[b] ?? 0n) - (counts.value[a] ?? 0n)) || a - b);
  return remint(
    counts,
    order.slice(0, Math.max(0, top)).map((cell) => names[cell] ?? ''),
  );
}

/** One number: how many people there are, or how much they come to. Throws RangeError unless the sums have one cell. */
export function releasedCount(options: ReleaseOf): Released<bigint> {
  if (options.sums.cells !== 1) throw new RangeError('a single count has one cell');
  const counts = noisedCells(options);
  return remint(counts, counts.value[0] ?? 0n);
}

/**
 * A release of something that is computed from a release and from nothing else, at no further cost (closure under post-processing).
 * Limits: `compute` must look at its argument alone; that no other personal data reaches it is for the caller's review.
 */
export function derivedRelease<From extends Releasable, To extends Releasable>(
  released: Released<From>,
  compute: (value: From) => To,
): Released<To> {
  return remint(released, compute(released.value));
}

/** A release as JSON for files, pages and signatures: exact numbers as text, bytes as base64, keys in a fixed order. */
export function releaseText(released: Released<Releasable>): string {
  const { release, value, epsilon, delta, unit, bounds, mechanism, period, share, spent, remaining } = released;
  return JSON.stringify({
    release,
    value: plain(value),
    epsilon: epsilon.toString(),
    delta: delta.toString(),
    unit,
    bounds,
    mechanism: mechanism.map((step) => ({
      of: step.of,
      noise: step.noise,
      spread: step.spread.toString(),
      sensitivity: step.sensitivity.toString(),
      microRho: step.microRho.toString(),
    })),
    period,
    share,
    spentMicroRho: spent.toString(),
    remainingMicroRho: remaining.toString(),
  });
}

function noisedCells(options: ReleaseOf): Released<readonly bigint[]> {
  const { sums, payment, random, noise = 'discrete Gaussian' } = options;
  const values = sums.exactTotals();
  const step = addNoise({
    of: 'counts',
    values,
    sensitivity: sums.sensitivity,
    noise,
    payment,
    bits: new RandomBits(random),
  });
  return mint({ value: Array.from(values), bounds: sums.boundsText, mechanism: [step], payment });
}

function requireNames(names: readonly string[], sums: ReleaseOf['sums']): void {
  if (names.length !== sums.cells) throw new RangeError('there is one name for each cell');
}

function sign(value: bigint): -1 | 0 | 1 {
  return value < 0n ? -1 : value > 0n ? 1 : 0;
}

function plain(value: Releasable): unknown {
  if (typeof value === 'bigint' || value instanceof Rational) return value.toString();
  if (typeof value !== 'object') return value;
  if (value instanceof BigInt64Array || value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
