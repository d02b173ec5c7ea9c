import { expect, test } from 'vitest';
import {
  defaultRecipe,
  encodeRecipe,
  recencyFactor,
  recipeDigest,
  recipeFrom,
  type LocalRidgeRecipe,
} from './recipe.ts';

test('a recipe survives its encoding, and order of settings does not matter', () => {
  const recipe = defaultRecipe({ neighbours: 7, keep: 5, items: [1, 4], recency: [{ afterDays: 30, factor: 128 }] });
  expect(recipeFrom(encodeRecipe(recipe))).toEqual(recipe);
  const reversed = Object.fromEntries(Object.entries(recipe).toReversed()) as unknown as LocalRidgeRecipe; // The same entries.
  expect(encodeRecipe(reversed)).toBe(encodeRecipe(recipe));
  expect(recipeDigest(reversed)).toBe(recipeDigest(recipe));
});

test('another setting is another digest', () => {
  const digests = [
    defaultRecipe(),
    defaultRecipe({ neighbours: 99 }),
    defaultRecipe({ lambda: 10.000001 }),
    defaultRecipe({ keep: 50 }),
    defaultRecipe({ intercept: false }),
    defaultRecipe({ minPeople: 1 }),
    defaultRecipe({ items: [] }),
  ].map(recipeDigest);
  expect(new Set(digests).size).toBe(digests.length);
});

test.each([
  ['neighbours', { neighbours: 0 }],
  ['lambda', { lambda: 0 }],
  ['lambda', { lambda: Number.NaN }],
  ['lambda', { lambda: Infinity }],
  ['keep', { keep: 101 }],
  ['minPeople', { minPeople: 0 }],
  ['historyMax', { historyMax: 0.5 }],
  ['weightBits', { weightBits: 40 }],
  ['recency', { recency: [{ afterDays: 3, factor: 0.5 }] }],
  [
    'recency',
    {
      recency: [
        { afterDays: 3, factor: 2 },
        { afterDays: 3, factor: 1 },
      ],
    },
  ],
  ['items', { items: [2, 1] }],
])('a recipe with %s out of range is refused: %o', (setting, settings) => {
  expect(() => encodeRecipe(defaultRecipe(settings))).toThrow(`recipe's ${setting} is out of range`);
});

test('text that no recipe encodes to is refused', () => {
  for (const text of ['', '{}', 'null', encodeRecipe(defaultRecipe()) + ' ', '{"kind":"local-ridge"}']) {
    expect(() => recipeFrom(text)).toThrow('This is no recipe');
  }
});

test('an item fades by the last step that has passed', () => {
  const recipe = defaultRecipe({
    recency: [
      { afterDays: 30, factor: 128 },
      { afterDays: 90, factor: 0 },
    ],
  });
  expect([0, 29.9, 30, 89, 90, 1000].map((days) => recencyFactor(recipe, days))).toEqual([256, 256, 128, 128, 0, 0]);
});
