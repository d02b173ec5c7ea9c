import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Rational, integerSquareRoot } from './rational.ts';

const wide = fc.oneof(fc.constantFrom(0n, 1n, -1n, 2n ** 64n, -(10n ** 40n)), fc.bigInt(-(10n ** 30n), 10n ** 30n));
const fraction = fc
  .tuple(
    wide,
    wide.filter((value) => value !== 0n),
  )
  .map(([numerator, denominator]) => Rational.of(numerator, denominator));

describe('fractions', () => {
  test('add, subtract, multiply and divide without any rounding', () => {
    fc.assert(
      fc.property(fraction, fraction, (left, right) => {
        expect(left.plus(right).minus(right)).toEqual(left);
        if (right.numerator !== 0n) expect(left.times(right).over(right)).toEqual(left);
      }),
    );
  });

  test('are written so that reading gives the same fraction', () => {
    fc.assert(
      fc.property(fraction, (value) => {
        expect(Rational.parse(value.toString())).toEqual(value);
      }),
    );
    expect(Rational.parse('1e-6').toString()).toBe('0.000001');
    expect(Rational.parse('-0.250').toString()).toBe('-0.25');
    expect(Rational.parse('12e3').toString()).toBe('12000');
    expect(Rational.of(1n, -3n).toString()).toBe('-1/3');
  });

  test('refuse a zero denominator and any other spelling', () => {
    expect(() => Rational.of(1n, 0n)).toThrow(RangeError);
    expect(() => Rational.of(1n).over(Rational.of(0n))).toThrow(RangeError);
    for (const text of ['', '.5', '1.', 'NaN', 'Infinity', '1/0', '0x10', ' 1', '1e9999']) {
      expect(() => Rational.parse(text)).toThrow(RangeError);
    }
  });

  test('round the way the name says, by less than one part', () => {
    fc.assert(
      fc.property(fraction, fc.bigInt(1n, 10n ** 9n), (value, parts) => {
        const part = Rational.of(1n, parts);
        const above = value.roundedUp(parts);
        const below = value.roundedDown(parts);
        expect(above.compare(value)).toBeGreaterThanOrEqual(0);
        expect(below.compare(value)).toBeLessThanOrEqual(0);
        expect(above.minus(value).compare(part)).toBe(-1);
        expect(value.minus(below).compare(part)).toBe(-1);
      }),
    );
  });

  test('have an approximation that is off by no more than two roundings', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1 }), (numerator, denominator) => {
        const near = Rational.of(BigInt(numerator), BigInt(denominator)).approximation();
        expect(Math.abs(near - numerator / denominator)).toBeLessThanOrEqual(
          (Math.abs(numerator) / denominator) * 2 ** -51,
        );
      }),
    );
  });
});

test('the integer square root is the largest integer whose square fits', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 2n ** 200n), (value) => {
      const root = integerSquareRoot(value);
      expect(root * root <= value && (root + 1n) * (root + 1n) > value).toBe(true);
    }),
  );
  for (const value of [0n, 1n, 2n, 3n, 4n, 8n, 9n]) {
    expect(integerSquareRoot(value)).toBe(BigInt(Math.floor(Math.sqrt(Number(value)))));
  }
  expect(() => integerSquareRoot(-1n)).toThrow(RangeError);
});
