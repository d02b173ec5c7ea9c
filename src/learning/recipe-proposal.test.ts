import { expect, test } from 'vitest';
import { solveLocalRidge } from './local-ridge.ts';
import { proposeRecipe, type ProposalOptions } from './recipe-proposal.ts';
import { seededRandom } from './seeded-random.ts';
import { syntheticHistories } from './synthetic.ts';

const histories = [...syntheticHistories({ seed: 6, people: 150, items: 60, medianItems: 12 })].map((items) =>
  Array.from(items, (item, at) => ({ item, at })),
);

function optionsOf(settings: Partial<ProposalOptions> = {}): ProposalOptions {
  return {
    protocol: 'strong',
    folds: 2,
    random: seededRandom(1),
    clock: () => 0,
    base: { minPeople: 2, weightBits: 20 },
    neighbours: [2, 20],
    lambdas: [0.5, 5, 5000],
    intercepts: [true],
    solve: (sums, recipe) => solveLocalRidge(sums, recipe),
    ...settings,
  };
}

test('the proposal is the best point of its curve, keeps the rest of the recipe, and repeats', async () => {
  const proposal = await proposeRecipe(histories, optionsOf());
  expect(proposal.curve.map(({ neighbours, lambda }) => [neighbours, lambda])).toEqual([
    [2, 0.5],
    [2, 5],
    [2, 5000],
    [20, 0.5],
    [20, 5],
    [20, 5000],
  ]);
  const best = proposal.curve.toSorted((a, b) => b.ndcg100.mean - a.ndcg100.mean)[0];
  expect(proposal.recipe).toMatchObject({
    neighbours: best?.neighbours,
    lambda: best?.lambda,
    minPeople: 2,
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
  expect(both.curve.length).toBe(12);
  expect(both.recipe.intercept).toBe(false);
});
