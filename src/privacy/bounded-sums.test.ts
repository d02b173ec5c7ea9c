import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedSums } from './bounded-sums.ts';

const bounds = { cells: 6, cellsPerPersonMax: 3, amountMax: 4 };
const contribution = fc.array(
  fc.tuple(
    fc.oneof(fc.integer({ min: -2, max: 8 }), fc.constantFrom(NaN, 1.5, Infinity, 2 ** 40)),
    fc.oneof(fc.integer({ min: -3, max: 9 }), fc.constantFrom(NaN, Infinity, -Infinity, 2.7)),
  ),
  { maxLength: 12 },
);

function sumsOf(people: readonly (readonly (readonly [number, number])[])[]): BoundedSums {
  const sums = new BoundedSums(bounds);
  for (const [at, person] of people.entries()) {
    sums.add(
      String(at).padStart(6, '0'),
      person.map(([cell]) => cell),
      person.map(([, amount]) => amount),
    );
  }
  return sums;
}

describe('bounded sums', () => {
  test('one person more moves at most m cells, each by at most the largest amount, whatever they bring', () => {
    fc.assert(
      fc.property(fc.array(contribution, { maxLength: 5 }), contribution, (people, one) => {
        const without = sumsOf(people).exactTotals();
        const moved = sumsOf([...people, one])
          .exactTotals()
          .map((total, cell) => total - (without[cell] ?? 0n));
        expect(moved.every((by) => by >= 0n && by <= 4n)).toBe(true);
        expect(moved.filter((by) => by !== 0n).length).toBeLessThanOrEqual(3);
        const square = moved.reduce((sum, by) => sum + by * by, 0n);
        const length = moved.reduce((sum, by) => sum + by, 0n);
        const { l1, l2Squared } = new BoundedSums(bounds).sensitivity;
        expect(length <= l1 && square <= l2Squared).toBe(true);
      }),
    );
  });

  test('what a person adds does not depend on who came before', () => {
    fc.assert(
      fc.property(fc.array(contribution, { maxLength: 5 }), (people) => {
        const apart = people.map((person) => sumsOf([person]).exactTotals());
        const together = sumsOf(people).exactTotals();
        for (const [cell, total] of together.entries()) {
          expect(total).toBe(apart.reduce((sum, own) => sum + (own[cell] ?? 0n), 0n));
        }
      }),
    );
  });

  test('a repeated cell counts once when no amounts are given, and the first m distinct cells count', () => {
    const sums = new BoundedSums({ cells: 6, cellsPerPersonMax: 3 });
    sums.add('a', [5, 5, 4, 9, 5, 1, 0, 2]);
    expect([...sums.exactTotals()]).toEqual([0n, 1n, 0n, 0n, 1n, 1n]);
  });

  test('nobody is added twice', () => {
    const sums = new BoundedSums(bounds);
    sums.add('b', [1]);
    expect(() => {
      sums.add('b', [1]);
    }).toThrow(RangeError);
    expect(() => {
      sums.add('a', [1]);
    }).toThrow(RangeError);
  });

  test('bounds without meaning are refused, and a person cannot touch more cells than there are', () => {
    for (const bad of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => new BoundedSums({ ...bounds, cells: bad })).toThrow(RangeError);
      expect(() => new BoundedSums({ ...bounds, cellsPerPersonMax: bad })).toThrow(RangeError);
      expect(() => new BoundedSums({ ...bounds, amountMax: bad })).toThrow(RangeError);
    }
    expect(new BoundedSums({ cells: 2, cellsPerPersonMax: 9 }).sensitivity).toEqual({ l1: 2n, l2Squared: 2n });
  });
});
