import { expect, test, vi } from 'vitest';
import { CoOccurrence } from '../co-occurrence.ts';
import { encodeParameters, parametersDigest, solveLocalRidge } from '../local-ridge.ts';
import { defaultRecipe, type LocalRidgeRecipe } from '../recipe.ts';
import { seededRandom, shuffledIndices } from '../seeded-random.ts';
import { syntheticHistories } from '../synthetic.ts';
import { kernelSystem } from './kernel-system.ts';
import { solveInWorkers } from './solve-in-workers.ts';
import { solveSoonest } from './solve-soonest.ts';

// Starting threads takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const people = [...syntheticHistories({ seed: 3, people: 250, items: 140, medianItems: 24 })].map((items) =>
  items.toSorted(),
);

function sumOf(contributions: readonly Int32Array[]): CoOccurrence {
  const sums = new CoOccurrence();
  for (const items of contributions) sums.add(items);
  return sums;
}

const recipes: LocalRidgeRecipe[] = [
  defaultRecipe({ neighbours: 60 }),
  defaultRecipe({ neighbours: 50, keep: 21, lambda: 1.5, minPeople: 9 }),
  defaultRecipe({ neighbours: 139, intercept: false, minPeople: 1, weightBits: 20 }),
];

test.each(recipes)('workers, the kernel and the plain solver give the same bytes: %o', async (recipe) => {
  const sums = sumOf(people);
  const plain = parametersDigest(solveLocalRidge(sums, recipe));
  expect(parametersDigest(solveLocalRidge(sums, recipe, { systemSolver: kernelSystem }))).toBe(plain);
  expect(parametersDigest(await solveSoonest(sums, recipe))).toBe(plain);
  for (const workers of [1, 2, 3]) {
    expect(parametersDigest(await solveInWorkers(sums, recipe, { workers }))).toBe(plain);
  }
});

test('forgetting a batch of people gives the bytes of a training without them, in any order', async () => {
  const recipe = defaultRecipe({ neighbours: 40 });
  const sums = sumOf(people);
  const order = shuffledIndices(people.length, seededRandom(5));
  const gone = new Set(order.subarray(0, 40));
  for (const person of gone) sums.subtract(people[person] ?? []);
  const others = [...order].filter((person) => !gone.has(person)).map((person) => people[person] ?? new Int32Array(0));
  const forgotten = encodeParameters(await solveInWorkers(sums, recipe, { workers: 2 }));
  expect(forgotten).toEqual(encodeParameters(await solveInWorkers(sumOf(others), recipe, { workers: 1 })));
  expect(forgotten).not.toEqual(encodeParameters(await solveInWorkers(sumOf(people), recipe)));
});

test('sums may change while a solve goes on: it answers for the moment it was asked', async () => {
  const recipe = defaultRecipe({ neighbours: 40 });
  const sums = sumOf(people);
  const asked = solveInWorkers(sums, recipe);
  for (const items of people.slice(0, 120)) sums.subtract(items);
  expect(parametersDigest(await asked)).toBe(parametersDigest(solveLocalRidge(sumOf(people), recipe)));
});

test('progress counts every item once, and no items are no work', async () => {
  const seen: number[] = [];
  const { items } = await solveInWorkers(sumOf(people), recipes[0] ?? defaultRecipe(), {
    onProgress: ({ done }) => seen.push(done),
  });
  expect(seen.at(-1)).toBe(items.length);
  expect((await solveInWorkers(new CoOccurrence(), defaultRecipe())).items.length).toBe(0);
});

test('a solve that is asked to stop says so', async () => {
  const already = AbortSignal.abort();
  await expect(solveInWorkers(sumOf(people), defaultRecipe(), { signal: already })).rejects.toThrow('was stopped');
  const stop = new AbortController();
  const asked = solveInWorkers(sumOf(people), defaultRecipe(), { workers: 1, signal: stop.signal });
  // Now it runs: its threads take some 50 ms to start, so that it is asked in good time on any machine.
  stop.abort();
  await expect(asked).rejects.toThrow('was stopped');
});

test('a refusal inside a worker arrives as it was', async () => {
  // Two items that everybody shares, of which a third goes with one only: hardly any ridge, so weights of some millions either way.
  const sums = new CoOccurrence();
  sums.addTotals({
    people: 2e8,
    counts: [
      [0, 1e8],
      [1, 1e8],
      [2, 1e8],
    ],
    pairs: [
      [0, 1, 1e8],
      [0, 2, 1e8],
      [1, 2, 5e7],
    ],
  });
  const recipe = defaultRecipe({ lambda: 0.001, weightBits: 24 });
  const refusal = {
    code: 'learning.unsolvable',
    message: 'A weight does not fit its fixed point',
    remedy: 'Raise lambda.',
  };
  await expect(solveInWorkers(sums, recipe)).rejects.toMatchObject(refusal);
  expect(() => solveLocalRidge(sums, recipe)).toThrow(refusal.message);
});
