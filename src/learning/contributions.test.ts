import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { contributionOf, itemNumberMax } from './contributions.ts';

const entry = fc.record({ item: fc.nat(30), at: fc.integer({ min: -50, max: 50 }) });
const history = fc.array(entry, { maxLength: 60 });

test('a person without a history contributes nothing', () => {
  expect(contributionOf([])).toEqual(new Int32Array(0));
});

test('the most recent items stay, and at equal times the lower numbers', () => {
  const entries = [
    { item: 5, at: 10 },
    { item: 1, at: 30 },
    { item: 9, at: 20 },
    { item: 7, at: 20 },
    { item: 5, at: 40 },
  ];
  expect(contributionOf(entries, { historyMax: 3 })).toEqual(Int32Array.of(1, 5, 7));
});

test('order and repetition of entries do not matter', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 20 }), (entries, historyMax) => {
      const repeated = [...entries.toReversed(), ...entries];
      expect(contributionOf(repeated, { historyMax })).toEqual(contributionOf(entries, { historyMax }));
    }),
  );
});

test('a contribution is at most historyMax distinct items of the history, ascending', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 20 }), (entries, historyMax) => {
      const items = [...contributionOf(entries, { historyMax })];
      const known = new Set(entries.map(({ item }) => item));
      expect(items).toEqual([...new Set(items)].sort((a, b) => a - b));
      expect(items.length).toBe(Math.min(historyMax, known.size));
      expect(items.every((item) => known.has(item))).toBe(true);
    }),
  );
});

test('excluding an item equals never having had it', () => {
  fc.assert(
    fc.property(history, fc.nat(30), (entries, excluded) => {
      const without = entries.filter(({ item }) => item !== excluded);
      expect(contributionOf(entries, { historyMax: 8, isExcluded: (item) => item === excluded })).toEqual(
        contributionOf(without, { historyMax: 8 }),
      );
    }),
  );
});

test('what is no item number, no time or no bound is refused', () => {
  for (const item of [-1, 0.5, Number.NaN, itemNumberMax + 1]) {
    expect(() => contributionOf([{ item, at: 0 }])).toThrow(/no item number/);
  }
  for (const at of [Number.NaN, Infinity]) expect(() => contributionOf([{ item: 0, at }])).toThrow(/the time/);
  for (const historyMax of [0, 1.5, Number.NaN]) expect(() => contributionOf([], { historyMax })).toThrow(/at most/);
});
