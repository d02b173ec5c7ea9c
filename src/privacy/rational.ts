/**
 * Exact fractions for everything that decides about privacy: noise scales, budgets, the ε of a release. They promise that no rounding
 * happens unless its name says which way it goes. Called by the whole room and by the privacy ledger.
 */

/** A fraction in lowest terms with a positive denominator; equal values print equally. */
export class Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
    Object.freeze(this);
  }

  /** `numerator / denominator`. Throws RangeError when the denominator is zero. */
  static of(numerator: bigint, denominator = 1n): Rational {
    if (denominator === 0n) throw new RangeError('a fraction needs a denominator other than zero');
    const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
    return new Rational(numerator / divisor, denominator / divisor);
  }

  /** Reads `3`, `-0.25`, `1e-6` or `2/3` without any rounding. Throws RangeError on anything else. */
  static parse(text: string): Rational {
    const fraction = /^(-?\d{1,400})\/(\d{1,400})$/.exec(text);
    if (fraction) return Rational.of(BigInt(fraction[1] ?? ''), BigInt(fraction[2] ?? ''));
    const decimal = /^(-?)(\d{1,400})(?:\.(\d{1,400}))?(?:e([+-]?\d{1,3}))?$/i.exec(text);
    if (!decimal) throw new RangeError('a fraction is written like 3, -0.25, 1e-6 or 2/3');
    const [, sign = '', whole = '', part = '', exponent = '0'] = decimal;
    const digits = BigInt(sign + whole + part);
    const power = Number(exponent) - part.length;
    return power >= 0 ? Rational.of(digits * 10n ** BigInt(power)) : Rational.of(digits, 10n ** BigInt(-power));
  }

  plus(other: Rational): Rational {
    return Rational.of(
      this.numerator * other.denominator + other.numerator * this.denominator,
      this.denominator * other.denominator,
    );
  }

  minus(other: Rational): Rational {
    return this.plus(Rational.of(-other.numerator, other.denominator));
  }

  times(other: Rational): Rational {
    return Rational.of(this.numerator * other.numerator, this.denominator * other.denominator);
  }

  /** Throws RangeError when `other` is zero. */
  over(other: Rational): Rational {
    return Rational.of(this.numerator * other.denominator, this.denominator * other.numerator);
  }

  /** Negative, zero or positive, as `this` is below, equal to or above `other`. */
  compare(other: Rational): -1 | 0 | 1 {
    const difference = this.numerator * other.denominator - other.numerator * this.denominator;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  /** The largest integer that is not above this. */
  floor(): bigint {
    const quotient = this.numerator / this.denominator;
    return this.numerator < 0n && quotient * this.denominator !== this.numerator ? quotient - 1n : quotient;
  }

  /** The smallest integer that is not below this. */
  ceiling(): bigint {
    return -Rational.of(-this.numerator, this.denominator).floor();
  }

  /** The smallest multiple of `1 / parts` that is not below this. */
  roundedUp(parts: bigint): Rational {
    return Rational.of(this.times(Rational.of(parts)).ceiling(), parts);
  }

  /** The largest multiple of `1 / parts` that is not above this. */
  roundedDown(parts: bigint): Rational {
    return Rational.of(this.times(Rational.of(parts)).floor(), parts);
  }

  /** The nearest double or one beside it: for figures on a page, never for a decision. */
  approximation(): number {
    const bitsKept = 64;
    const size = (value: bigint): number => value.toString(2).length;
    const shift = BigInt(Math.max(0, bitsKept - size(this.numerator) + size(this.denominator)));
    return Number((this.numerator << shift) / this.denominator) / 2 ** Number(shift);
  }

  /** A decimal when it ends (`0.25`), else the fraction (`1/3`); `parse` reads both. */
  toString(): string {
    let denominator = this.denominator;
    let places = 0;
    while (denominator % 10n === 0n) [denominator, places] = [denominator / 10n, places + 1];
    while (denominator % 5n === 0n) [denominator, places] = [denominator / 5n, places + 1];
    while (denominator % 2n === 0n) [denominator, places] = [denominator / 2n, places + 1];
    if (denominator !== 1n) return `${this.numerator}/${this.denominator}`;
    const digits = (this.numerator * 10n ** BigInt(places)) / this.denominator;
    const unsigned = (digits < 0n ? -digits : digits).toString().padStart(places + 1, '0');
    const whole = unsigned.slice(0, unsigned.length - places);
    const part = unsigned.slice(unsigned.length - places).replace(/0+$/, '');
    return `${digits < 0n ? '-' : ''}${whole}${part === '' ? '' : `.${part}`}`;
  }
}

/** The largest integer whose square is not above `value`. Throws RangeError below zero. */
export function integerSquareRoot(value: bigint): bigint {
  if (value < 0n) throw new RangeError('a negative number has no square root');
  if (value < 2n) return value;
  // Newton's method from a start that is not below the root falls until it stands on the floor.
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [larger, smaller] = [left < 0n ? -left : left, right < 0n ? -right : right];
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger === 0n ? 1n : larger;
}
