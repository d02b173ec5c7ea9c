import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';

/** Numbers on both sides of the border between the two layouts. */
const itemNumber = fc.oneof(fc.nat(12), fc.constantFrom(63, 64, 65, 20_000, 20_001, 100_000));
const basket = fc.uniqueArray(itemNumber, { maxLength: 8 }).map((items) => items.sort((a, b) => a - b));
const baskets = fc.array(basket, { maxLength: 15 });

function sumOf(people: readonly number[][]): CoOccurrence {
  const sums = new CoOccurrence();
  for (const items of people) sums.add(items);
  return sums;
}

test('three histories of the Amnesia paper: removing the second equals a rebuild from the other two', () => {
  const sums = sumOf([
    [0, 1, 2],
    [0, 2],
    [1, 2],
  ]);
  expect(sums.pair(0, 2)).toBe(2);
  sums.subtract([0, 2]);
  const rebuilt = sumOf([
    [0, 1, 2],
    [1, 2],
  ]);
  expect(sums.equals(rebuilt)).toBe(true);
  expect([sums.people, sums.count(0), sums.count(1), sums.count(2)]).toEqual([2, 1, 2, 2]);
  expect([sums.pair(0, 1), sums.pair(2, 0), sums.pair(1, 2), sums.pair(2, 2)]).toEqual([1, 1, 2, 2]);
});

test('every count is what counting people by hand gives', () => {
  fc.assert(
    fc.property(baskets, (people) => {
      const sums = sumOf(people);
      const items = [...new Set(people.flat())].sort((a, b) => a - b);
      expect([...sums.itemNumbers()]).toEqual(items);
      expect(sums.people).toBe(people.filter((each) => each.length > 0).length);
      for (const a of items) {
        for (const b of items) {
          expect(sums.pair(a, b)).toBe(people.filter((each) => each.includes(a) && each.includes(b)).length);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('the layout does not show: dense and sparse sums of the same people are equal and encode alike', () => {
  fc.assert(
    fc.property(fc.array(fc.uniqueArray(fc.nat(40), { maxLength: 8 })), (people) => {
      const ordered = people.map((items) => items.sort((a, b) => a - b));
      const dense = sumOf(ordered);
      const sparse = sumOf([[20_000, 30_000], ...ordered]);
      sparse.subtract([20_000, 30_000]);
      expect(sparse.equals(dense) && dense.equals(sparse)).toBe(true);
      expect(sparse.encode()).toEqual(dense.encode());
    }),
  );
});

test('sums that differ in one number are not equal', () => {
  fc.assert(
    fc.property(baskets, basket, (people, more) => {
      fc.pre(more.length > 0);
      expect(sumOf(people).equals(sumOf([...people, more]))).toBe(false);
    }),
  );
  const [ab, cd] = [
    [0, 1],
    [2, 3],
  ];
  const [ac, bd] = [
    [0, 2],
    [1, 3],
  ];
  expect(sumOf([ab, cd]).equals(sumOf([ac, bd]))).toBe(false);
});

test('replacing a contribution equals subtracting the old and adding the new', () => {
  fc.assert(
    fc.property(baskets, basket, basket, (people, before, after) => {
      const sums = sumOf([...people, before]);
      sums.apply({ removed: before, added: after });
      expect(sums.equals(sumOf([...people, after]))).toBe(true);
      sums.apply({ removed: after, added: null });
      expect(sums.equals(sumOf(people))).toBe(true);
    }),
  );
});

test('an empty contribution is nobody', () => {
  expect(sumOf([[], []]).encode()).toEqual(new CoOccurrence().encode());
});

test('totals that were summed elsewhere give the same sums', () => {
  fc.assert(
    fc.property(baskets, (people) => {
      const sums = sumOf(people);
      const items = [...sums.itemNumbers()];
      const pairs = items.flatMap((low) => items.filter((high) => high > low).map((high) => [low, high] as const));
      const rebuilt = new CoOccurrence();
      rebuilt.addTotals({
        people: sums.people,
        counts: items.map((item) => [item, sums.count(item)] as const),
        pairs: pairs.map(([low, high]) => [low, high, sums.pair(low, high)] as const),
      });
      expect(rebuilt.equals(sums)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('contributions that are unordered, repeated or no item numbers are refused and change nothing', () => {
  const sums = new CoOccurrence();
  for (const items of [[1, 0], [1, 1], [-1, 2], [0.5], [2 ** 26], [Number.NaN]]) {
    expect(() => sums.add(items)).toThrow(/lists item/);
  }
  expect(sums.equals(new CoOccurrence())).toBe(true);
});

describe('snapshots that nobody wrote', () => {
  test.each([
    ['a count of zero', [0, 1, 0]],
    ['a number in a longer form', [0x80, 0x00]],
    ['an empty row', [0, 0, 1, 0, 0]],
    ['a pair with itself', [0, 0, 1, 2, 2, 0, 0]],
  ])('%s is refused', (_, body) => {
    expect(() => CoOccurrence.decode(Uint8Array.of(...Buffer.from('FLsum1'), ...body))).toThrow(/This is not/);
  });
});
