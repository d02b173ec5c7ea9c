import { expect, test } from 'vitest';
import { draftPropensity, evaluatePropensity, figuresOf, type LabelledPerson } from './propensity-evaluation.ts';
import { seededRandom } from './seeded-random.ts';

/** Somebody buys when exactly one of two things holds; what they wear does not matter. */
function peopleOf(count: number): LabelledPerson[] {
  const random = seededRandom(3);
  return Array.from({ length: count }, () => {
    const age = Math.floor(20 + random() * 40);
    const job = random() < 0.5 ? 'baker' : 'sailor';
    const hat = random() < 0.5 ? 'red' : 'blue';
    const chance = age >= 40 === (job === 'baker') ? 0.6 : 0.1;
    return { values: { age, job, hat }, happened: random() < chance, group: job };
  });
}

test('AUC: perfect order 1, reversed 0, all alike one half, known value between', () => {
  const people = [0, 1, 2, 3].map((score) => ({ score, probability: 0.5, happened: score >= 2 }));
  expect(figuresOf(people).auc).toBe(1);
  expect(figuresOf(people.map((person) => ({ ...person, score: -person.score }))).auc).toBe(0);
  expect(figuresOf(people.map((person) => ({ ...person, score: 7 }))).auc).toBe(0.5);
  // Of the four pairs of one who did and one who did not, two are won, one is lost and one is a tie.
  const scores = [0, 2, 1, 2];
  expect(figuresOf(people.map((person, at) => ({ ...person, score: scores[at] ?? 0 }))).auc).toBe(0.625);
});

test('calibration error: who is told what happens has none, who is told the opposite has all', () => {
  const people = Array.from({ length: 100 }, (_, at) => ({
    score: at,
    probability: at >= 50 ? 1 : 0,
    happened: at >= 50,
  }));
  expect(figuresOf(people).calibrationError).toBe(0);
  expect(figuresOf(people).logLoss).toBeCloseTo(-Math.log(0.999), 12);
  const wrong = people.map((person) => ({ ...person, probability: 1 - person.probability }));
  expect(figuresOf(wrong).calibrationError).toBe(1);
});

test('a draft finds the pair of features that counts together, and is then better than chance and calibrated', () => {
  const people = peopleOf(4000);
  const options = { trainingShare: 0.7, random: seededRandom(1) };
  const recipe = draftPropensity(people.slice(0, 2000), { ...options, lambda: 5 });
  expect(recipe.features.map(({ name }) => name)).toEqual(['age', 'hat', 'job']);
  expect(recipe.interactions).toContainEqual(['age', 'job']);
  const figures = evaluatePropensity(people.slice(2000), recipe, { trainingShare: 0.7, random: seededRandom(2) });
  expect(figures.auc).toBeGreaterThan(0.72);
  expect(figures.calibrationError).toBeLessThan(0.06);
  expect(figures.groups.map(({ group, people: count }) => [group, count > 200])).toEqual([
    ['baker', true],
    ['sailor', true],
  ]);
  const alone = evaluatePropensity(
    people.slice(2000),
    { ...recipe, interactions: [] },
    { trainingShare: 0.7, random: seededRandom(2) },
  );
  expect(alone.auc).toBeLessThan(0.6);
});

test('people who all did the same cannot be ordered', () => {
  const people = Array.from({ length: 20 }, () => ({ values: { age: 3 }, happened: true }));
  const recipe = {
    kind: 'propensity',
    features: [{ name: 'age', kind: 'number', edges: [] }],
    interactions: [],
    lambda: 1,
    minPeople: 1,
    weightBits: 16,
  } as const;
  expect(() => evaluatePropensity(people, recipe, { trainingShare: 0.5, random: seededRandom(1) })).toThrow(
    /all did the same/,
  );
});
