import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { describeModel } from './describe-model.ts';
import { kernelSystem } from './kernels/kernel-system.ts';
import {
  binInWords,
  binningOf,
  decodePropensity,
  encodePropensity,
  propensityContribution,
  propensityDigest,
  propensityScorer,
  solvePropensity,
  type FeatureValues,
  type PropensityRecipe,
} from './propensity.ts';
import { seededRandom } from './seeded-random.ts';

const recipe: PropensityRecipe = {
  kind: 'propensity',
  features: [
    { name: 'age', kind: 'number', edges: [30, 40] },
    { name: 'job', kind: 'code', oneOf: ['baker', 'sailor'] },
    { name: 'visits', kind: 'number', edges: [1] },
  ],
  interactions: [['age', 'job']],
  lambda: 2,
  minPeople: 2,
  weightBits: 16,
};

const binning = binningOf(recipe);

const values: fc.Arbitrary<FeatureValues> = fc.record({
  age: fc.option(fc.constantFrom(-5, 29.9, 30, 39, 40, 1e9, Number.NaN, Infinity)),
  job: fc.option(fc.constantFrom('baker', 'sailor', 'king', 'NaN', 'toString')),
  visits: fc.option(fc.nat(2)),
});

describeModel('propensity', () => ({
  contribution: fc.record({ values, happened: fc.boolean() }),
  empty: () => new CoOccurrence(),
  add: (sums, person) => sums.add(propensityContribution(binning, person.values, person.happened)),
  subtract: (sums, person) => sums.subtract(propensityContribution(binning, person.values, person.happened)),
  merge: (sums, other) => sums.merge(other),
  encode: (sums) => sums.encode(),
  decode: (bytes) => CoOccurrence.decode(bytes),
  solve: (sums) => encodePropensity(solvePropensity(sums, recipe)),
  explain: (sums, person) => {
    const { score, terms } = propensityScorer(solvePropensity(sums, recipe), recipe)(person.values);
    return [{ score, terms: terms.map(({ points }) => points) }];
  },
}));

function sumOf(people: Iterable<{ values: FeatureValues; happened: boolean }>): CoOccurrence {
  const sums = new CoOccurrence();
  for (const person of people) sums.add(propensityContribution(binning, person.values, person.happened));
  return sums;
}

test('everybody falls into one bin of each range, whatever their values', () => {
  fc.assert(
    fc.property(values, fc.boolean(), (person, happened) => {
      const { ranges } = binning;
      const bins = [...propensityContribution(binning, person, happened)];
      const outcome = 4 + 3 + 3 + 12;
      expect(bins.includes(outcome)).toBe(happened);
      for (const { first, count } of ranges) {
        expect(bins.filter((bin) => bin >= first && bin < first + count).length).toBe(1);
      }
      expect(bins.length).toBe(ranges.length + (happened ? 1 : 0));
    }),
  );
});

test('bins read as words', () => {
  const words = (person: FeatureValues): string[] =>
    [...propensityContribution(binning, person, false)].map((bin) => binInWords(recipe, bin));
  expect(words({ age: 30, job: 'sailor' })).toEqual([
    'age from 30 to below 40',
    'job: sailor',
    'visits: not known',
    'age from 30 to below 40, job: sailor',
  ]);
  expect(words({ age: 12, job: 'king', visits: 1 })).toEqual([
    'age below 30',
    'job: something else',
    'visits from 1',
    'age below 30, job: something else',
  ]);
  expect(() => binInWords(recipe, 22)).toThrow(/no bin 22/);
});

test('one feature alone: everybody gets the share of their bin, for want of a ridge', () => {
  const alone: PropensityRecipe = {
    ...recipe,
    features: [{ name: 'job', kind: 'code', oneOf: ['baker'] }],
    interactions: [],
    lambda: 0.001,
    minPeople: 1,
  };
  const sums = new CoOccurrence();
  for (let person = 0; person < 100; person++) {
    const job = person < 40 ? 'baker' : 'king';
    sums.add(propensityContribution(binningOf(alone), { job }, person % 4 === 0 || person >= 80));
  }
  const score = propensityScorer(solvePropensity(sums, alone), alone);
  expect(score({ job: 'baker' }).probability).toBeCloseTo(0.25, 3);
  expect(score({ job: 'king' }).probability).toBeCloseTo(30 / 60, 1);
});

test('probabilities are calibrated: of those told p, about p do it', () => {
  const random = seededRandom(11);
  const people = Array.from({ length: 20_000 }, () => {
    const age = 20 + random() * 40;
    const job = random() < 0.5 ? 'baker' : 'sailor';
    const chance =
      0.1 + (age > 40 ? 0.25 : 0) + (job === 'sailor' ? 0.1 : 0) + (age < 30 && job === 'sailor' ? 0.2 : 0);
    return { values: { age, job }, chance, happened: random() < chance };
  });
  const score = propensityScorer(solvePropensity(sumOf(people.slice(0, 10_000)), recipe), recipe);
  for (const { values: person, chance } of people.slice(10_000)) {
    expect(Math.abs(score(person).probability - chance)).toBeLessThan(0.05);
  }
});

test('the kernel gives the bytes of the plain solver', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ values, happened: fc.boolean() }), { maxLength: 40 }), (people) => {
      const sums = sumOf(people);
      expect(propensityDigest(solvePropensity(sums, recipe, { systemSolver: kernelSystem }))).toBe(
        propensityDigest(solvePropensity(sums, recipe)),
      );
    }),
    { numRuns: 30 },
  );
});

test('parameters survive their bytes, and other bytes are refused', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ values, happened: fc.boolean() }), { maxLength: 40 }), fc.nat(), (people, at) => {
      const parameters = solvePropensity(sumOf(people), recipe);
      const bytes = encodePropensity(parameters);
      expect(decodePropensity(bytes)).toEqual(parameters);
      expect(() => decodePropensity(bytes.subarray(0, at % bytes.length))).toThrow(/This is not a scorecard/);
    }),
    { numRuns: 30 },
  );
});

test('fewer than minPeople who did it are as good as none', () => {
  const people = Array.from({ length: 30 }, (_, at) => ({ values: { age: at }, happened: at === 3 }));
  expect(solvePropensity(sumOf(people), recipe).points.every((points) => points === 0)).toBe(true);
});

test.each([
  ['twice', { features: [recipe.features[0], recipe.features[0]] }],
  ['out of order', { features: [{ name: 'a', kind: 'number', edges: [2, 1] }], interactions: [] }],
  ['out of order', { features: [{ name: 'a', kind: 'number', edges: [Number.NaN] }], interactions: [] }],
  ['does not name two features', { interactions: [['age', 'age']] }],
  ['does not name two features', { interactions: [['age', 'shoe']] }],
  ['0 bins', { features: [], interactions: [] }],
])('a recipe is refused: %s', (message, settings) => {
  const broken = { ...recipe, ...settings } as PropensityRecipe; // Broken on purpose.
  expect(() => binningOf(broken)).toThrow(message);
});

test('a recipe without a ridge is refused', () => {
  expect(() => solvePropensity(new CoOccurrence(), { ...recipe, lambda: 0 })).toThrow(/needs a ridge/);
});
