import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { describeModel } from './describe-model.ts';
import { decodeParameters, encodeParameters, parametersDigest, solveLocalRidge } from './local-ridge.ts';
import { defaultRecipe, type LocalRidgeRecipe } from './recipe.ts';
import { scorer } from './scoring.ts';
import { syntheticHistories } from './synthetic.ts';

function sumOf(people: readonly ArrayLike<number>[]): CoOccurrence {
  const sums = new CoOccurrence();
  for (const items of people) sums.add(items);
  return sums;
}

const basketOf = (items: fc.Arbitrary<number>): fc.Arbitrary<Int32Array> =>
  fc.uniqueArray(items, { maxLength: 7 }).map((chosen) => Int32Array.from(chosen).sort());

const recipes: [string, fc.Arbitrary<number>, LocalRidgeRecipe][] = [
  ['local ridge', fc.nat(11), defaultRecipe({ minPeople: 1 })],
  [
    'local ridge with a cut, few neighbours and a refit',
    fc.nat(11),
    defaultRecipe({ neighbours: 4, keep: 2, lambda: 0.5, minPeople: 3 }),
  ],
  [
    'local ridge without intercept, over large item numbers',
    fc.nat(7).map((n) => (n < 3 ? n : 20_000 + n)),
    defaultRecipe({ intercept: false, minPeople: 2 }),
  ],
];

describe.each(recipes)('%s', (name, items, recipe) => {
  describeModel(name, () => ({
    contribution: basketOf(items),
    empty: () => new CoOccurrence(),
    add: (sums, contribution) => sums.add(contribution),
    subtract: (sums, contribution) => sums.subtract(contribution),
    merge: (sums, other) => sums.merge(other),
    encode: (sums) => sums.encode(),
    decode: (bytes) => CoOccurrence.decode(bytes),
    solve: (sums) => encodeParameters(solveLocalRidge(sums, recipe)),
    explain: (sums, contribution) =>
      scorer(solveLocalRidge(sums, recipe))
        .score(contribution, { limit: 100 })
        .map(({ score, terms }) => ({ score, terms: terms.map(({ points }) => points) })),
  }));
});

test('three histories of the Amnesia paper: forgetting the second gives the parameters of the other two', () => {
  const recipe = defaultRecipe({ minPeople: 1 });
  const sums = sumOf([
    [0, 1, 2],
    [0, 2],
    [1, 2],
  ]);
  const before = parametersDigest(solveLocalRidge(sums, recipe));
  sums.subtract([0, 2]);
  const after = parametersDigest(solveLocalRidge(sums, recipe));
  expect(after).toBe(
    parametersDigest(
      solveLocalRidge(
        sumOf([
          [1, 2],
          [0, 1, 2],
        ]),
        recipe,
      ),
    ),
  );
  expect(after).not.toBe(before);
});

test('forgetting each of 1,000 people gives the bytes of a training without them', () => {
  const recipe = defaultRecipe({ neighbours: 12, keep: 8 });
  const people = [...syntheticHistories({ seed: 2, people: 1000, items: 40, medianItems: 6 })].map((items) =>
    items.sort(),
  );
  const whole = sumOf(people);
  const unchanged = parametersDigest(solveLocalRidge(whole, recipe));
  for (const person of people) {
    whole.subtract(person);
    const forgotten = parametersDigest(solveLocalRidge(whole, recipe));
    const without = sumOf(people.filter((other) => other !== person));
    expect(forgotten).toBe(parametersDigest(solveLocalRidge(without, recipe)));
    whole.add(person);
  }
  expect(parametersDigest(solveLocalRidge(whole, recipe))).toBe(unchanged);
}, 60_000);

test('two items: the weight is their shared count over the ridged count, and the baseline is what is left', () => {
  const people = [...Array.from({ length: 16 }, () => [0, 1]), ...Array.from({ length: 9 }, () => [0])];
  const { weights, baselines, neighbours } = solveLocalRidge(sumOf(people), defaultRecipe({ lambda: 2 }));
  const unit = 2 ** 16;
  const [toFirst, toSecond] = [16 / (16 + 2 * 4), 16 / (25 + 2 * 5)];
  expect([...neighbours]).toEqual([1, 0]);
  expect([...weights]).toEqual([Math.round(toFirst * unit), Math.round(toSecond * unit)]);
  expect([...baselines]).toEqual([
    Math.round(unit - (16 / 25) * Math.round(toFirst * unit)),
    Math.round((16 / 25) * unit - Math.round(toSecond * unit)),
  ]);
});

test('with all items as neighbours the weights solve the ridge equations', () => {
  const people = fc.array(basketOf(fc.nat(9)), { minLength: 3, maxLength: 40 });
  fc.assert(
    fc.property(people, fc.double({ min: 0.5, max: 20, noNaN: true }), (all, lambda) => {
      const sums = sumOf(all);
      const { items, starts, neighbours, weights } = solveLocalRidge(
        sums,
        defaultRecipe({ minPeople: 1, lambda, weightBits: 24 }),
      );
      items.forEach((target, position) => {
        const [start = 0, end = 0] = starts.subarray(position, position + 2);
        const known = [...neighbours.subarray(start, end)];
        for (const row of known) {
          const total = known.reduce((sum, column, place) => {
            const ridge = row === column ? lambda * Math.sqrt(sums.count(row)) : 0;
            return sum + (sums.pair(row, column) + ridge) * ((weights[start + place] ?? 0) / 2 ** 24);
          }, 0);
          expect(total).toBeCloseTo(sums.pair(row, target), 3);
        }
      });
    }),
  );
});

test('items and pairs that fewer than minPeople share leave no trace, whoever they were', () => {
  const common = Array.from({ length: 6 }, () => [0, 1, 2]);
  const recipe = defaultRecipe({ minPeople: 5 });
  const rare = solveLocalRidge(sumOf([...common, [0, 7], [0, 7], [0, 7], [0, 7]]), recipe);
  const otherRare = solveLocalRidge(sumOf([...common, [0, 8], [0, 8], [0, 9], [0]]), recipe);
  expect([...rare.items]).toEqual([0, 1, 2]);
  expect(encodeParameters(rare)).toEqual(encodeParameters(otherRare));
});

test('a cut of rare pairs that leaves no positive definite system is answered by a larger ridge, not by nonsense', () => {
  // One item shared five times with each of forty others, which share at most four with each other: cut, they form a star.
  const people = Array.from({ length: 40 }, (_, leaf) => Array.from({ length: 5 }, () => [0, leaf + 1])).flat();
  const shared = people.map((items, at) => (at % 2 === 0 ? items : [...items, 41]));
  const { weights } = solveLocalRidge(sumOf(shared), defaultRecipe({ lambda: 0.01, minPeople: 5 }));
  expect(weights.length).toBeGreaterThan(0);
  expect(weights.every((weight) => Math.abs(weight) <= 4 * 2 ** 16)).toBe(true);
});

test('with fewer items kept than neighbours, the kept ones are solved for again', () => {
  const people = Array.from({ length: 60 }, (_, at) =>
    Int32Array.from({ length: 6 }, (_, n) => (at * (n + 1) * 7) % 13).sort(),
  );
  const sums = sumOf(people.map((items) => [...new Set(items)]));
  const recipe = defaultRecipe({ neighbours: 8, keep: 3, minPeople: 1 });
  const { items, starts, neighbours, weights } = solveLocalRidge(sums, recipe);
  items.forEach((target, position) => {
    const [start = 0, end = 0] = starts.subarray(position, position + 2);
    expect(end - start).toBeLessThanOrEqual(3);
    const kept = [...neighbours.subarray(start, end), target].sort((a, b) => a - b);
    const again = solveLocalRidge(sums, { ...recipe, items: kept, neighbours: 3 });
    const at = again.items.indexOf(target);
    expect([...weights.subarray(start, end)]).toEqual([
      ...again.weights.subarray(again.starts[at], again.starts[at + 1]),
    ]);
  });
});

test('sums that no people could have are refused', () => {
  const negative = new CoOccurrence();
  negative.subtract([0, 1]);
  expect(() => solveLocalRidge(negative, defaultRecipe())).toThrow(/fewer than no people/);
  const tooMany = new CoOccurrence();
  tooMany.addTotals({ people: 5, counts: [[0, 6]], pairs: [] });
  expect(() => solveLocalRidge(tooMany, defaultRecipe())).toThrow(/more than there are/);
  const pairTooLarge = new CoOccurrence();
  pairTooLarge.addTotals({
    people: 9,
    counts: [
      [0, 6],
      [1, 6],
    ],
    pairs: [[0, 1, 7]],
  });
  expect(() => solveLocalRidge(pairTooLarge, defaultRecipe())).toThrow(/people share/);
});

test('nobody, one person, one item and an item that everybody has are answered', () => {
  const recipe = defaultRecipe({ minPeople: 1 });
  expect(solveLocalRidge(new CoOccurrence(), recipe).items.length).toBe(0);
  expect(solveLocalRidge(sumOf([[3]]), recipe).baselines).toEqual(Int32Array.of(2 ** 16));
  expect(solveLocalRidge(sumOf([[0, 1, 2]]), recipe).weights.length).toBe(6);
  expect(
    solveLocalRidge(
      sumOf([
        [0, 1],
        [0, 1],
        [0, 2],
      ]),
      recipe,
    ).weights.every(Number.isFinite),
  ).toBe(true);
});

test('progress ends at the number of items', () => {
  const seen: string[] = [];
  const sums = sumOf(Array.from({ length: 150 }, (_, item) => [item]));
  solveLocalRidge(sums, defaultRecipe({ minPeople: 1 }), {
    onProgress: ({ done, total }) => seen.push(`${done}/${total}`),
  });
  expect(seen.at(0)).toBe('16/150');
  expect(seen.at(-1)).toBe('150/150');
});

test('parameters survive their bytes, and other bytes are refused', () => {
  fc.assert(
    fc.property(fc.array(basketOf(fc.nat(15)), { maxLength: 30 }), fc.nat(), (people, at) => {
      const parameters = solveLocalRidge(sumOf(people), defaultRecipe({ minPeople: 1 }));
      const bytes = encodeParameters(parameters);
      expect(decodeParameters(bytes)).toEqual(parameters);
      expect(() => decodeParameters(bytes.subarray(0, at % bytes.length))).toThrow(/This is not/);
      expect(() => decodeParameters(Uint8Array.of(...bytes, 0))).toThrow(/This is not/);
    }),
  );
});
