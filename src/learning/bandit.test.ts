import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  banditContribution,
  drawnVariant,
  emptyBandit,
  encodeBandit,
  shareOne,
  variantShares,
  type BanditRecipe,
} from './bandit.ts';
import { CellSums } from './cell-sums.ts';
import { describeModel } from './describe-model.ts';

const recipe: BanditRecipe = { kind: 'bandit', variants: ['warm', 'brief', 'plain'], trialsMax: 5, minPeople: 2 };

const trials = fc
  .record({
    variant: fc.constantFrom(...recipe.variants),
    context: fc.constantFrom('home', 'mail'),
    trials: fc.nat(9),
    worked: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ worked, ...rest }) => ({ ...rest, successes: Math.floor(rest.trials * worked) }));

describeModel('bandit', () => ({
  contribution: fc.uniqueArray(trials, { maxLength: 4, selector: ({ variant, context }) => `${variant} ${context}` }),
  empty: emptyBandit,
  add: (sums, person) => sums.add(banditContribution(person, recipe)),
  subtract: (sums, person) => sums.subtract(banditContribution(person, recipe)),
  merge: (sums, other) => sums.merge(other),
  encode: (sums) => sums.encode(),
  decode: (bytes) => CellSums.decode(bytes),
  solve: (sums) => encodeBandit(sums, recipe),
  explain: (sums) => [{ score: shareOne, terms: variantShares(sums, recipe, 'home').map(({ share }) => share) }],
}));

function sharesOf(
  counts: readonly (readonly [trials: number, successes: number])[],
  settings: Partial<BanditRecipe> = {},
): number[] {
  const variants = counts.map((_, at) => `v${at}`);
  const sums = emptyBandit();
  counts.forEach(([shown, successes], at) => {
    sums.add([{ cell: ['home', `v${at}`], amounts: [Math.min(shown, 100), shown, successes] }]);
  });
  return variantShares(sums, { ...recipe, variants, ...settings }, 'home').map(({ share }) => share / shareOne);
}

test('variants that nobody has seen are drawn alike, and one alone always', () => {
  expect(
    sharesOf([
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 0],
    ]),
  ).toEqual([0.25, 0.25, 0.25, 0.25]);
  expect(sharesOf([[7, 0]])).toEqual([1]);
  expect(variantShares(emptyBandit(), { ...recipe, variants: [] }, 'home')).toEqual([]);
});

test('the chance of being the best is what the posteriors give', () => {
  // P(Beta(2,1) > Beta(1,1)) = 2/3; P(Beta(1 + 3, 1) > Beta(1, 1)) = 4/5.
  expect(
    sharesOf(
      [
        [1, 1],
        [0, 0],
      ],
      { minPeople: 1 },
    )[0],
  ).toBeCloseTo(2 / 3, 3);
  expect(
    sharesOf(
      [
        [3, 3],
        [0, 0],
      ],
      { minPeople: 1 },
    )[0],
  ).toBeCloseTo(4 / 5, 3);
  expect(
    sharesOf([
      [50, 5],
      [50, 5],
    ]),
  ).toEqual([0.5, 0.5]);
});

test('better evidence draws more, down to the smallest difference among millions', () => {
  const close =
    sharesOf([
      [1_000_000, 100_000],
      [1_000_000, 100_600],
    ])[1] ?? 0;
  // 600 more of 100,000 are 1.41 deviations: the normal chance is 0.921.
  expect(close).toBeCloseTo(0.921, 2);
  expect(
    sharesOf([
      [10_000, 900],
      [10_000, 1_100],
    ])[1],
  ).toBeGreaterThan(0.999);
  const grows = [10, 100, 1_000].map(
    (n) =>
      sharesOf([
        [n, n * 0.1],
        [n, n * 0.2],
      ])[1] ?? 0,
  );
  expect(grows).toEqual(grows.toSorted((a, b) => a - b));
});

test('a variant that fewer than minPeople have seen counts as unknown', () => {
  const sums = emptyBandit();
  sums.add(banditContribution([{ variant: 'warm', context: 'home', trials: 5, successes: 5 }], recipe));
  const shares = variantShares(sums, recipe, 'home');
  expect(
    Math.max(...shares.map(({ share }) => share)) - Math.min(...shares.map(({ share }) => share)),
  ).toBeLessThanOrEqual(1);
});

test('nobody counts more than trialsMax times', () => {
  expect(
    banditContribution([{ variant: 'warm', context: 'home', trials: 1000, successes: 500 }], recipe)[0]?.amounts,
  ).toEqual([1, 5, 2]);
  expect(() => banditContribution([{ variant: 'warm', context: 'home', trials: 1, successes: 2 }], recipe)).toThrow(
    /no more than trials/,
  );
});

test('every draw falls on one variant, each as often as its share', () => {
  const shares = [
    { variant: 'a', share: 1 },
    { variant: 'b', share: 0 },
    { variant: 'c', share: 65_535 },
  ];
  expect([0, 1, 65_535].map((draw) => drawnVariant(shares, draw))).toEqual(['a', 'c', 'c']);
  expect(drawnVariant(shares, 65_536)).toBe(undefined);
});

test('sums that no people could have are refused', () => {
  const sums = emptyBandit();
  sums.add([{ cell: ['home', 'warm'], amounts: [9, 1, 2] }]);
  expect(() => variantShares(sums, recipe, 'home')).toThrow(/worked more often/);
});
