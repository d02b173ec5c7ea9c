import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CellSums } from './cell-sums.ts';
import { describeModel } from './describe-model.ts';
import {
  emptyHistograms,
  encodeLevels,
  histogramContribution,
  levelInWords,
  levelOf,
  solveLevels,
  type SegmentRecipe,
} from './histogram-segments.ts';

const recipe: SegmentRecipe = {
  kind: 'segments',
  features: [
    { name: 'days since last order', unit: 'days', edges: [7, 14, 30, 90], isLessBetter: true },
    { name: 'orders', unit: '', edges: [1, 2, 3, 5, 8] },
    { name: 'spent', unit: '€', edges: [10, 50, 100] },
  ],
  levels: 3,
  minPeople: 2,
};

const person = fc.record({
  'days since last order': fc.option(fc.nat(120)),
  orders: fc.option(fc.nat(10)),
  spent: fc.option(fc.constantFrom(-1, 0, 9.99, 10, 99, 1e9, Number.NaN)),
});

describeModel('segments', () => ({
  contribution: person,
  empty: emptyHistograms,
  add: (sums, values) => sums.add(histogramContribution(recipe, values)),
  subtract: (sums, values) => sums.subtract(histogramContribution(recipe, values)),
  merge: (sums, other) => sums.merge(other),
  encode: (sums) => sums.encode(),
  decode: (bytes) => CellSums.decode(bytes),
  solve: (sums) => encodeLevels(solveLevels(sums, recipe), recipe),
  explain: (sums, values) => {
    const levels = solveLevels(sums, recipe);
    const terms = Object.entries(values).map(([name, value]) => (value === null ? 0 : levelOf(levels, name, value)));
    return [{ score: terms.reduce((total, level) => total + level, 0), terms }];
  },
}));

function sumsOf(people: readonly Readonly<Record<string, number | null>>[]): CellSums {
  const sums = emptyHistograms();
  for (const values of people) sums.add(histogramContribution(recipe, values));
  return sums;
}

test('levels of a feature do not overlap, follow each other, and hold everybody that is counted', () => {
  fc.assert(
    fc.property(fc.array(person, { maxLength: 60 }), (people) => {
      const levels = solveLevels(sumsOf(people), { ...recipe, minPeople: 1 });
      for (const { name } of recipe.features) {
        const known = people
          .map((values) => new Map(Object.entries(values)).get(name) ?? null)
          .filter((value) => value !== null && !Number.isNaN(value));
        const own = levels.filter(({ feature }) => feature === name);
        expect(own.reduce((sum, { people: count }) => sum + count, 0)).toBe(known.length);
        for (const { level, people: count } of own) {
          expect(known.filter((value) => levelOf(levels, name, value ?? 0) === level).length).toBe(count);
        }
        if (own.length > 0) expect(own.at(-1)?.level).toBe(recipe.levels);
      }
    }),
  );
});

test('more orders and fewer days are better', () => {
  const people = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((orders) => ({
    orders,
    'days since last order': orders * 12,
    spent: null,
  }));
  const levels = solveLevels(sumsOf(people), { ...recipe, minPeople: 1 });
  expect([0, 4, 8].map((orders) => levelOf(levels, 'orders', orders))).toEqual([1, 2, 3]);
  expect([0, 40, 100].map((days) => levelOf(levels, 'days since last order', days))).toEqual([3, 1, 1]);
  expect(levelOf(levels, 'spent', 5)).toBe(0);
});

test('levels read as words', () => {
  const levels = solveLevels(
    sumsOf([3, 3, 10, 10, 200, 200].map((days) => ({ 'days since last order': days, orders: null, spent: null }))),
    recipe,
  );
  expect(levels.map((level) => levelInWords(recipe, level))).toEqual([
    'days since last order from 90 days (level 1 of 3, 2 people)',
    'days since last order from 7 days to below 90 days (level 2 of 3, 2 people)',
    'days since last order below 7 days (level 3 of 3, 2 people)',
  ]);
});

test('a bin of fewer than minPeople counts as empty', () => {
  expect(solveLevels(sumsOf([{ orders: 4, 'days since last order': null, spent: null }]), recipe)).toEqual([]);
});

test('recipes without order are refused', () => {
  const twice = { ...recipe, features: [...recipe.features, ...recipe.features] };
  const descending = { ...recipe, features: [{ name: 'x', unit: '', edges: [2, 1] }] };
  for (const broken of [twice, descending, { ...recipe, levels: 0 }]) {
    expect(() => solveLevels(emptyHistograms(), broken)).toThrow(/ascending edges/);
  }
});
