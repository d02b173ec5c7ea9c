/**
 * The one mint of `Released`, and the noise that goes before it. `released.ts` and `released-sums.ts` call it; nothing outside this room.
 */
import { concentratedEpsilon } from '../accountant.ts';
import { type RandomBits } from '../bits.ts';
import { type Payment, usePayment } from '../budget.ts';
import { DiscreteGaussian, DiscreteLaplace } from '../noise.ts';
import { Rational, integerSquareRoot } from '../rational.ts';

declare const minted: unique symbol;

/** What may be in a release: whole numbers, fractions, words and bytes. No floating-point number comes out of a mechanism. */
export type Releasable =
  | bigint
  | string
  | boolean
  | Rational
  | BigInt64Array
  | Uint8Array
  | readonly Releasable[]
  | { readonly [name: string]: Releasable };

/** One addition of noise. `spread` is σ² of a discrete Gaussian or the scale of a discrete Laplace. */
export interface NoiseStep {
  readonly of: string;
  readonly noise: 'discrete Gaussian' | 'discrete Laplace';
  readonly spread: Rational;
  readonly microRho: bigint;
  /** L2, squared, for a discrete Gaussian; L1 for a discrete Laplace. */
  readonly sensitivity: bigint;
}

export interface Released<Value extends Releasable> {
  readonly [minted]: true;
  readonly release: string;
  readonly value: Value;
  /** What everybody's risk grows by at most: the factor e^ε, except with probability δ. */
  readonly epsilon: Rational;
  readonly delta: Rational;
  /** Whose presence or absence is hidden: all that one person contributed. */
  readonly unit: 'person';
  /** In words: what one person may contribute at most. */
  readonly bounds: string;
  readonly mechanism: readonly NoiseStep[];
  readonly period: string;
  readonly share: string;
  /** Of the share's budget in the period, in millionths of ρ, with this release. */
  readonly spent: bigint;
  readonly remaining: bigint;
}

const registry = new WeakSet<object>();

/** Whether this was made by a release function in this process, and not put together elsewhere. */
export function isReleased(value: unknown): value is Released<Releasable> {
  return typeof value === 'object' && value !== null && registry.has(value);
}

/** Adds noise for which `payment` pays to each value, in place, and uses the payment up. */
export function addNoise(step: {
  of: string;
  values: BigInt64Array;
  sensitivity: { l1: bigint; l2Squared: bigint };
  noise: NoiseStep['noise'];
  payment: Payment;
  bits: RandomBits;
}): NoiseStep {
  const { of, values, sensitivity, noise, payment, bits } = step;
  const isGaussian = noise === 'discrete Gaussian';
  const spread = isGaussian
    ? gaussianVariance(sensitivity.l2Squared, payment.microRho)
    : Rational.of(sensitivity.l1).over(pureEpsilon(payment.microRho)).roundedUp(1024n);
  const sampler = isGaussian ? new DiscreteGaussian(spread) : new DiscreteLaplace(spread);
  usePayment(payment);
  const drawn = new BigInt64Array(values.length);
  sampler.drawInto(drawn, bits);
  for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0n) + (drawn[at] ?? 0n);
  return Object.freeze({
    of,
    noise,
    spread,
    microRho: payment.microRho,
    sensitivity: isGaussian ? sensitivity.l2Squared : sensitivity.l1,
  });
}

/** σ² = Δ² / 2ρ. */
export function gaussianVariance(l2Squared: bigint, microRho: bigint): Rational {
  return Rational.of(l2Squared * 1_000_000n, 2n * microRho);
}

/** The largest ε in millionths with ε²/2 ≤ ρ: what a pure ε-private mechanism may use when ρ is paid (Bun and Steinke 2016). */
export function pureEpsilon(microRho: bigint): Rational {
  return Rational.of(integerSquareRoot(2n * microRho * 1_000_000n), 1_000_000n);
}

/** Mints a release out of the steps that made it; `payment` is the one that the steps were paid from. */
export function mint<Value extends Releasable>(made: {
  value: Value;
  bounds: string;
  mechanism: readonly NoiseStep[];
  payment: Payment;
}): Released<Value> {
  const { value, bounds, mechanism, payment } = made;
  const microRho = mechanism.reduce((sum, step) => sum + step.microRho, 0n);
  if (microRho > payment.microRho) throw new RangeError('a release may not use more than was paid for it');
  const isPure = mechanism.length === 1 && mechanism[0]?.noise === 'discrete Laplace';
  return enrolled({
    release: payment.release,
    value: frozen(value),
    epsilon: isPure ? pureEpsilon(payment.microRho) : epsilonUp(payment.microRho, payment.delta),
    delta: isPure ? Rational.of(0n) : payment.delta,
    unit: 'person',
    bounds,
    mechanism: Object.freeze([...mechanism]),
    period: payment.period,
    share: payment.share,
    spent: payment.spentMicroRho,
    remaining: payment.remainingMicroRho,
  });
}

/** The same release with a value that was computed from its value: what is computed from noised figures alone costs nothing more. */
export function remint<From extends Releasable, To extends Releasable>(
  released: Released<From>,
  value: To,
): Released<To> {
  if (!isReleased(released)) throw new RangeError('only a release can be worked on further');
  return enrolled({ ...released, value: frozen(value) });
}

/** ε at δ for ρ, in millionths, rounded up. */
export function epsilonUp(microRho: bigint, delta: Rational): Rational {
  const epsilon = concentratedEpsilon({ rho: Number(microRho) / 1e6, delta: delta.approximation() });
  return Rational.of(BigInt(Math.ceil(epsilon * 1e6)), 1_000_000n);
}

function enrolled<Value extends Releasable>(fields: Omit<Released<Value>, typeof minted>): Released<Value> {
  const released = Object.freeze({ ...fields }) as Released<Value>; // the mint: the brand exists for the compiler only
  registry.add(released);
  return released;
}

/** Frozen to its depths; typed arrays cannot be frozen, their bytes are covered by the ledger's signature. */
function frozen<Value extends Releasable>(value: Value): Value {
  if (typeof value !== 'object' || value instanceof Rational || ArrayBuffer.isView(value)) return value;
  // Arrays are long and mostly of whole numbers, which need no visit.
  for (const part of Array.isArray(value) ? value : Object.values(value)) if (typeof part === 'object') frozen(part);
  return Object.freeze(value);
}
