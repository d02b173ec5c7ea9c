/**
 * The noise of every release: discrete Laplace and discrete Gaussian, drawn exactly. They promise the named distribution itself, not one
 * that floating point came close to (Mironov 2012 and Haney et al. 2022 broke such samplers). Called by `released.ts`; only integers leave.
 *
 * How it is exact and fast at once: every choice is one coin with a rational chance p. Thirty-two random bits are compared with a double
 * that is within 2⁻³² of p; IEEE 754 rounds +, −, × and ÷ correctly, so the bounds below are proofs. Only when the bits fall within that
 * distance, once in 10⁹ coins, do whole numbers decide, with as many further bits as they need.
 */
import type { RandomBits } from './bits.ts';
import { Rational, integerSquareRoot } from './rational.ts';

/**
 * Integers x with probability proportional to exp(−|x| / scale).
 *
 * Guarantee: exact; added to an integer of sensitivity s it is (s / scale)-differentially private (`noise.test.ts`).
 * Formula: P[x] = (1 − e^(−1/b)) / (1 + e^(−1/b)) · e^(−|x|/b) for the scale b.
 * Source: Canonne, Kamath, Steinke 2020, "The discrete Gaussian for differential privacy", algorithm 2.
 * Cost: about 8 words of randomness, 0.2 µs.
 * Limits: numerator and denominator of the scale from 1 to 2³². The time of a draw follows the noise, never the value it is added to.
 */
export class DiscreteLaplace {
  readonly #drawn: Sampler;

  constructor(scale: Rational) {
    this.#drawn = laplaceSampler(scale);
  }

  draw(bits: RandomBits): bigint {
    return BigInt(this.#drawn(bits));
  }

  /** Overwrites every element with a draw of its own. */
  drawInto(target: BigInt64Array, bits: RandomBits): void {
    for (let i = 0; i < target.length; i++) target[i] = BigInt(this.#drawn(bits));
  }
}

/**
 * Integers x with probability proportional to exp(−x² / 2σ²).
 *
 * Guarantee: exact; added to each of many integers whose L2 sensitivity is s it costs s² / 2σ² of zCDP (`noise.test.ts`).
 * Formula: P[x] = e^(−x²/2σ²) / Σ_y e^(−y²/2σ²).
 * Source: Canonne, Kamath, Steinke 2020, algorithm 3 and theorem 4.
 * Cost: about 16 words of randomness, 0.5 µs, whatever σ is.
 * Limits: σ² is a fraction above 0 and σ below 2³². The time of a draw follows the noise, never the value it is added to.
 */
export class DiscreteGaussian {
  readonly #drawn: Sampler;

  constructor(sigmaSquared: Rational) {
    this.#drawn = gaussianSampler(sigmaSquared);
  }

  draw(bits: RandomBits): bigint {
    return BigInt(this.#drawn(bits));
  }

  /** Overwrites every element with a draw of its own. */
  drawInto(target: BigInt64Array, bits: RandomBits): void {
    for (let i = 0; i < target.length; i++) target[i] = BigInt(this.#drawn(bits));
  }
}

/** Whole numbers below 2⁵³ inside this file; the two classes above let integers alone out. */
type Sampler = (bits: RandomBits) => number;

/** A chance as two integers, 0 ≤ numerator ≤ denominator. */
interface Chance {
  numerator: bigint;
  denominator: bigint;
}

const WORD = 2 ** 32;
/** Ends that only a stuck source reaches: 1/1000! and e^−2097152, whatever is being released. The second keeps whole numbers below 2⁵³. */
const TOSSES_MAX = 1000;
const LANDED_MAX = 2 ** 21;
const brokenRandomness = (): RangeError => new RangeError('the source of randomness is broken: its bits do not vary');
const certain = (): Chance => ({ numerator: 1n, denominator: 1n });

function laplaceSampler(scale: Rational): Sampler {
  if (scale.numerator < 1n || scale.numerator > WORD || scale.denominator > WORD) {
    throw new RangeError('a discrete Laplace scale is a fraction of two whole numbers from 1 to 2^32');
  }
  const width = Number(scale.numerator);
  const divisor = Number(scale.denominator);
  let uniform = 0;
  const chance = (): Chance => ({ numerator: BigInt(uniform), denominator: scale.numerator });
  return (bits) => {
    for (;;) {
      uniform = bits.below(width);
      if (!exponentialCoin((uniform * WORD) / width, chance, bits)) continue;
      const magnitude = uniform + width * geometric(bits);
      // Remainder and difference of whole doubles are exact, and so is the quotient of a multiple.
      const size = (magnitude - (magnitude % divisor)) / divisor;
      const isNegative = bits.bit();
      if (isNegative && size === 0) continue;
      return isNegative ? -size : size;
    }
  };
}

/** γ below this is known to 2⁻³⁹, see the bound at its use. */
const GAMMA_MAX = 1024;
/** A γ nearer than this to a whole number is split by whole numbers. */
const WHOLE_DISTANCE = 2 ** -30;

function gaussianSampler(sigmaSquared: Rational): Sampler {
  if (sigmaSquared.numerator <= 0n) throw new RangeError('the variance of noise is above zero');
  const { numerator: a, denominator: b } = sigmaSquared;
  const t = integerSquareRoot(sigmaSquared.floor()) + 1n;
  if (t > WORD) throw new RangeError('the standard deviation of noise is below 2^32');
  const proposal = laplaceSampler(Rational.of(t));
  const variance = sigmaSquared.approximation();
  const centre = variance / Number(t);
  const halfPrecision = 1 / (2 * variance);
  const denominator = 2n * a * b * t * t;
  let size = 0;
  let rest: Chance | undefined;

  /** γ = (|x| − σ²/t)² / 2σ² as a whole number and the chance that is left. */
  const exactGamma = (): { whole: bigint; rest: Chance } => {
    const distance = BigInt(size) * t * b - a;
    const square = distance * distance;
    return { whole: square / denominator, rest: { numerator: square % denominator, denominator } };
  };
  const chance = (): Chance => rest ?? exactGamma().rest;

  return (bits) => {
    for (;;) {
      const proposed = proposal(bits);
      size = Math.abs(proposed);
      rest = undefined;
      // With u = 2⁻⁵³: centre and halfPrecision are within 2.1u of their values, so γ is within u (2.1 |distance|/σ + 7γ) < 2⁻⁴⁹ (1 + γ).
      const distance = size - centre;
      const gamma = distance * distance * halfPrecision;
      let whole = Math.floor(gamma);
      let approximateRest = gamma - whole;
      if (!(gamma < GAMMA_MAX && approximateRest > WHOLE_DISTANCE && approximateRest < 1 - WHOLE_DISTANCE)) {
        const exact = exactGamma();
        rest = exact.rest;
        whole = Number(exact.whole);
        approximateRest = Number((rest.numerator << 53n) / rest.denominator) / 2 ** 53;
      }
      if (haveAllLanded(whole, bits) && exponentialCoin(approximateRest * WORD, chance, bits)) return proposed;
    }
  };
}

/** How often a coin of chance 1/e lands before it fails. */
function geometric(bits: RandomBits): number {
  let landed = 0;
  while (inverseECoin(bits)) if (++landed >= LANDED_MAX) throw brokenRandomness();
  return landed;
}

/** One coin of chance exp(−count). */
function haveAllLanded(count: number, bits: RandomBits): boolean {
  for (let left = count; left > 0; left--) if (!inverseECoin(bits)) return false;
  return true;
}

/** One coin of chance exp(−γ), γ in [0, 1], told as `scaled` ≈ γ·2³² (off by less than ½) and exactly. */
function exponentialCoin(scaled: number, chance: () => Chance, bits: RandomBits): boolean {
  let k = 1;
  while (coin(scaled / k, chance, k, bits)) if (++k > TOSSES_MAX) throw brokenRandomness();
  return (k & 1) === 1;
}

/** One coin of chance exp(−1): the first toss of the loop above, of chance 1/1, is left out. */
function inverseECoin(bits: RandomBits): boolean {
  let k = 2;
  while (coin(WORD / k, certain, k, bits)) if (++k > TOSSES_MAX) throw brokenRandomness();
  return (k & 1) === 1;
}

/** One coin of chance `chance / divisor`; `scaled` is that chance times 2³², off by less than 1. */
function coin(scaled: number, chance: () => Chance, divisor: number, bits: RandomBits): boolean {
  const word = bits.word();
  if (word + 2 <= scaled) return true;
  if (word >= scaled + 1) return false;
  const exact = chance();
  const denominator = exact.denominator * BigInt(divisor);
  const rest = (exact.numerator << 32n) - BigInt(word) * denominator;
  if (rest >= denominator) return true;
  return rest > 0n && bits.belowAny(denominator) < rest;
}
