import { expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { solveLocalRidge } from './local-ridge.ts';
import { placeNewItems, type CatalogueItem } from './new-items.ts';
import { defaultRecipe } from './recipe.ts';
import { scorer } from './scoring.ts';

/** Cups are 0 to 4, lamps 10 to 14; people like one or the other. */
const sums = new CoOccurrence();
for (let person = 0; person < 60; person++) {
  const first = person % 2 === 0 ? 0 : 10;
  sums.add([0, 1, 2, 3, 4].filter((at) => (person + at) % 3 !== 0).map((at) => first + at));
}
const model = solveLocalRidge(sums, defaultRecipe({ neighbours: 8 }));
const known: CatalogueItem[] = [...model.items].map((item) => ({
  item,
  attributes: { category: item < 5 ? 'cups' : 'lamps', supplier: item % 2 === 0 ? 'even' : 'odd' },
}));

test('a newcomer is suggested to those who like what it resembles, with terms that add up', () => {
  const cup = { item: 7, attributes: { category: 'cups', supplier: 'new' } };
  const { parameters, placed } = placeNewItems(model, { known, newcomers: [cup] }, { likeMax: 5 });
  expect([...placed]).toEqual([7]);
  const { score } = scorer(parameters);
  const scoreOf = (history: number[]): number =>
    score(Int32Array.from(history), { limit: 20 }).find(({ item }) => item === 7)?.score ?? Number.NaN;
  expect(scoreOf([0, 1])).toBeGreaterThan(scoreOf([10, 11]));
  const found = score(Int32Array.of(0, 1), { limit: 20 }).find(({ item }) => item === 7);
  expect(found?.terms.reduce((sum, { points }) => sum + points, 0)).toBe(found?.score);
});

test('what the model knew keeps its numbers', () => {
  const newcomers = [5, 20].map((item) => ({ item, attributes: { category: 'lamps' } }));
  const { parameters } = placeNewItems(model, { known, newcomers });
  expect([...parameters.items]).toEqual([...model.items, 5, 20].sort((a, b) => a - b));
  model.items.forEach((item, before) => {
    const after = parameters.items.indexOf(item);
    expect(parameters.baselines[after]).toBe(model.baselines[before]);
    expect(parameters.weights.slice(parameters.starts[after], parameters.starts[after + 1])).toEqual(
      model.weights.slice(model.starts[before], model.starts[before + 1]),
    );
  });
});

test('a newcomer like one item alone takes its numbers over', () => {
  const twin = { item: 30, attributes: { category: 'cups', supplier: 'odd', shelf: '9' } };
  const { parameters } = placeNewItems(model, { known, newcomers: [twin] }, { likeMax: 1 });
  const [at, of] = [parameters.items.indexOf(30), model.items.indexOf(1)];
  expect(parameters.baselines[at]).toBe(model.baselines[of]);
  expect(parameters.neighbours.slice(parameters.starts[at], parameters.starts[at + 1])).toEqual(
    model.neighbours.slice(model.starts[of], model.starts[of + 1]),
  );
});

test('items that are known, or like nothing, are not placed', () => {
  const newcomers: CatalogueItem[] = [
    { item: 0, attributes: { category: 'lamps' } },
    { item: 8, attributes: { category: 'boats' } },
    { item: 9, attributes: { category: '', supplier: null } },
    { item: 15, attributes: { toString: 'cups' } },
  ];
  const { parameters, placed } = placeNewItems(model, { known, newcomers });
  expect(placed.length).toBe(0);
  expect(parameters).toEqual(model);
});
