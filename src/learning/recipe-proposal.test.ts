import { expect, test } from 'vitest';
import { solveLocalRidge } from './local-ridge.ts';
import { proposeRecipe, type ProposalOptions } from './recipe-proposal.ts';
import { syntheticHistories } from './synthetic.ts';

const histories = [...syntheticHistories({ seed: 6, people: 150, items: 60, medianItems: 12 })].map((items) =>
  Array.from(items, (item, at) => ({ item, at })),
);

function optionsOf(settings: Partial<ProposalOptions> = {}): ProposalOptions {
  return {
    protocol: 'strong',
    folds: 2,
    seed: 1,
    clock: () => 0,
    base: { minPeople: 2, weightBits: 20 },
    neighbours: [2, 20],
    lambdas: [0.5, 5, 5000],
    intercepts: [true],
    cuts: [0.5],
    solve: (sums, recipe) => solveLocalRidge(sums, recipe),
    ...settings,
  };
}

test('the proposal is the best point of its curve, keeps the rest of the recipe, and repeats', async () => {
  const proposal = await proposeRecipe(histories, optionsOf());
  expect(proposal.curve.slice(0, 6).map(({ neighbours, lambda }) => [neighbours, lambda])).toEqual([
    [2, 0.5],
    [2, 5],
    [2, 5000],
    [20, 0.5],
    [20, 5],
    [20, 5000],
  ]);
  // Then half of the neighbours, and other numbers of people, of which the one below the base is there for its cost alone.
  expect(proposal.curve.slice(6).map(({ minPeople }) => minPeople)).toEqual([2, 1, 4, 8]);
  const allowed = proposal.curve.filter(({ minPeople }) => minPeople >= 2);
  const best = allowed.toSorted((a, b) => b.ndcg100.mean - a.ndcg100.mean)[0];
  expect(proposal.recipe.minPeople).toBeGreaterThanOrEqual(2);
  expect(proposal.recipe).toMatchObject({
    neighbours: best?.neighbours,
    keep: best?.keep,
    lambda: best?.lambda,
    minPeople: best?.minPeople,
    weightBits: 20,
  });
  expect(proposal.people).toBe(150);
  expect(await proposeRecipe(histories, optionsOf())).toEqual(proposal);
});

test('at equal quality fewer neighbours and the larger ridge are proposed', async () => {
  const nothing = {
    weightBits: 16,
    items: new Int32Array(0),
    baselines: new Int32Array(0),
    starts: new Uint32Array(1),
    neighbours: new Int32Array(0),
    weights: new Int32Array(0),
  };
  const { recipe } = await proposeRecipe(histories, optionsOf({ solve: () => nothing }));
  expect([recipe.neighbours, recipe.lambda]).toEqual([2, 5000]);
  const both = await proposeRecipe(histories, optionsOf({ solve: () => nothing, intercepts: [false, true] }));
  expect(both.curve.length).toBe(16);
  expect(both.recipe.intercept).toBe(false);
});

test('recency is proposed where old things mislead, and not where they do not', async () => {
  // Everybody moves on from one half of the shop to the other: what they had a year ago says nothing of what comes next.
  const people = Array.from({ length: 200 }, (_, person) => {
    const [old, now] = [person % 4, (person >> 2) % 4];
    return [
      ...[0, 1, 2].map((step) => ({ item: old * 5 + ((person + step) % 5), at: step })),
      ...[0, 1, 2].map((step) => ({ item: 20 + now * 5 + ((person + step) % 5), at: 400 * 86_400_000 + step })),
    ];
  });
  const recencies = [[{ afterDays: 30, factor: 0 }]];
  const moved = await proposeRecipe(people, optionsOf({ protocol: 'next', folds: 1, recencies, lambdas: [5] }));
  expect(moved.recipe.recency).toEqual(recencies[0]);
  const still = people.map((history) => history.map(({ item }) => ({ item, at: 0 })));
  const kept = await proposeRecipe(still, optionsOf({ folds: 1, recencies, lambdas: [5] }));
  expect(kept.recipe.recency).toEqual([]);
});
