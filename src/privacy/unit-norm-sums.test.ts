import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnitNormCounts, UnitNormPairs, cellOf, unit } from './unit-norm-sums.ts';

const unitSquared = BigInt(unit) ** 2n;
const history = fc.array(fc.oneof(fc.integer({ min: -3, max: 30 }), fc.constantFrom(NaN, 1.5, Infinity)), {
  maxLength: 60,
});
const support = Int32Array.of(0, 2, 3, 5, 8, 13, 21);

function lengthSquared(left: BigInt64Array, right: BigInt64Array): bigint {
  let sum = 0n;
  for (const [cell, value] of left.entries()) sum += (value - (right[cell] ?? 0n)) ** 2n;
  return sum;
}

describe('sums of unit length', () => {
  test('one person more moves counts by a vector of length 1 at most, and by nearly 1 when they have anything', () => {
    fc.assert(
      fc.property(fc.array(history, { maxLength: 4 }), history, (others, one) => {
        const make = (people: readonly (readonly number[])[]): BigInt64Array => {
          const counts = new UnitNormCounts(25);
          for (const [at, items] of people.entries()) counts.add(`p${at}`, items);
          return counts.exactTotals();
        };
        const moved = lengthSquared(make([...others, one]), make(others));
        expect(moved <= new UnitNormCounts(25).sensitivity.l2Squared).toBe(true);
        const hasAny = one.some((item) => Number.isInteger(item) && item >= 0 && item < 25);
        expect(hasAny ? moved * 100n > unitSquared * 99n : moved === 0n).toBe(true);
      }),
    );
  });

  test('and pairs, with the people among them, by a vector of length 1 at most', () => {
    fc.assert(
      fc.property(fc.array(history, { maxLength: 4 }), history, (others, one) => {
        const make = (people: readonly (readonly number[])[]): BigInt64Array => {
          const pairs = new UnitNormPairs(support);
          for (const [at, items] of people.entries()) pairs.add(`p${at}`, items);
          return pairs.exactTotals();
        };
        const moved = lengthSquared(make([...others, one]), make(others));
        expect(moved <= new UnitNormPairs(support).sensitivity.l2Squared).toBe(true);
        expect(support.some((item) => one.includes(item)) ? moved * 100n > unitSquared * 99n : moved === 0n).toBe(true);
      }),
    );
  });

  test('hold the weight of every pair that somebody has, once, at its place in the triangle', () => {
    const pairs = new UnitNormPairs(support);
    pairs.add('a', [8, 2, 99, 8]);
    const totals = pairs.exactTotals();
    // Two supported items: three cells and the people, so a half each.
    const half = BigInt(unit) / 2n;
    const expected = new BigInt64Array(cellOf(support.length, 0) + 1);
    for (const cell of [cellOf(1, 1), cellOf(4, 1), cellOf(4, 4), expected.length - 1]) expected[cell] = half;
    expect(totals).toEqual(expected);
  });

  test('take nobody twice and no support out of order', () => {
    const counts = new UnitNormCounts(3);
    counts.add('b', [1]);
    expect(() => {
      counts.add('b', [1]);
    }).toThrow(RangeError);
    expect(() => new UnitNormPairs(Int32Array.of(3, 2))).toThrow(RangeError);
    expect(() => new UnitNormPairs(Int32Array.of(-1, 2))).toThrow(RangeError);
    expect(() => new UnitNormCounts(0)).toThrow(RangeError);
  });
});
