import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { HistoryEntry } from './contributions.ts';
import {
  estimateOf,
  evaluate,
  giniOf,
  withAtLeast,
  type EvaluatedModel,
  type EvaluationOptions,
} from './evaluation.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { solvePopular } from './popular.ts';
import { seededRandom } from './seeded-random.ts';
import { syntheticHistories } from './synthetic.ts';

const popular: EvaluatedModel = { name: 'popular', recipe: {}, solve: (sums) => solvePopular(sums, { minPeople: 1 }) };

function optionsOf(settings: Partial<EvaluationOptions> = {}): EvaluationOptions {
  return { protocol: 'strong', folds: 5, historyMax: 200, random: seededRandom(1), clock: () => 0, ...settings };
}

/** A model that has `weight` for each pair that `isPair` names. */
function pairing(itemCount: number, isPair: (target: number, source: number) => boolean): LocalRidgeParameters {
  const items = Int32Array.from({ length: itemCount }, (_, item) => item);
  const columns = Array.from(items, (target) => [...items].filter((source) => isPair(target, source)));
  const starts = new Uint32Array(itemCount + 1);
  columns.forEach((column, at) => (starts[at + 1] = (starts[at] ?? 0) + column.length));
  const neighbours = Int32Array.from(columns.flat());
  return {
    weightBits: 8,
    items,
    baselines: new Int32Array(itemCount),
    starts,
    neighbours,
    weights: neighbours.map(() => 1),
  };
}

/** Every person has one block of ten items. */
const blocks = Array.from({ length: 50 }, (_, person) =>
  Array.from({ length: 10 }, (_, at): HistoryEntry => ({ item: (person % 20) * 10 + at, at })),
);
const oracle: EvaluatedModel = {
  name: 'oracle',
  recipe: {},
  solve: () =>
    pairing(200, (target, source) => target !== source && Math.floor(target / 10) === Math.floor(source / 10)),
};
const contrary: EvaluatedModel = {
  name: 'contrary',
  recipe: {},
  solve: () => pairing(200, (target, source) => Math.floor(target / 10) !== Math.floor(source / 10)),
};

test('a model that knows the answer scores 1, one that knows the opposite scores 0', async () => {
  for (const protocol of ['strong', 'next'] as const) {
    const { models } = await evaluate(blocks, [oracle, contrary], optionsOf({ protocol }));
    for (const figure of ['recall20', 'recall50', 'ndcg100'] as const) {
      expect(models[0]?.[figure]).toEqual({ mean: 1, se: 0 });
      expect(models[1]?.[figure]).toEqual({ mean: 0, se: 0 });
    }
  }
});

test('hits count by rank: one held-out item in second place', async () => {
  // Three people have 0 and 1, one has 1 and 2; whoever is tested on 2 finds 0 first.
  const histories = [
    [0, 1],
    [0, 1],
    [0, 1],
    [2, 1],
    [0, 3],
  ].map((items) => items.map((item, at) => ({ item, at: -at })));
  const { models, people, items, interactions } = await evaluate(histories, [popular], optionsOf({ protocol: 'next' }));
  expect({ people, items, interactions }).toEqual({ people: 5, items: 4, interactions: 10 });
  // Known: 1, 1, 1, 1, 3. Lists: without 1: 3, for the last: 1. Nobody's last item is known to the sums, so nothing is found.
  expect(models[0]?.ndcg100.mean).toBe(0);
  const reversed = histories.map((history) => history.map(({ item, at }) => ({ item, at: -at })));
  // Known: 0, 0, 0, 2, 0; held out: 1, 1, 1, 1, 3.
  expect((await evaluate(reversed, [popular], optionsOf({ protocol: 'next' }))).models[0]?.recall20.mean).toBe(0);
});

test('equal seeds give equal figures, other seeds others', async () => {
  const histories = [...syntheticHistories({ seed: 2, people: 120, items: 90, medianItems: 20 })].map((items) =>
    Array.from(items, (item, at) => ({ item, at })),
  );
  const first = await evaluate(histories, [popular], optionsOf());
  expect(await evaluate(histories, [popular], optionsOf())).toEqual(first);
  const other = await evaluate(histories, [popular], optionsOf({ random: seededRandom(2) }));
  expect(other.models[0]?.ndcg100).not.toEqual(first.models[0]?.ndcg100);
  expect(other.models[0]?.ndcg100.mean).toBeCloseTo(first.models[0]?.ndcg100.mean ?? 0, 1);
});

test('each person is tested once over all folds, on items that were not shown to the model', async () => {
  const asked: number[] = [];
  const spy: EvaluatedModel = {
    name: 'spy',
    recipe: {},
    solve: (sums) => {
      asked.push(sums.people);
      return solvePopular(sums, { minPeople: 1 });
    },
  };
  await evaluate(blocks, [spy], optionsOf());
  expect(asked).toEqual([40, 40, 40, 40, 40]);
});

test('histories are cut for sums and scores as in the recipe', async () => {
  const biggest: number[] = [];
  const spy: EvaluatedModel = {
    name: 'spy',
    recipe: {},
    solve: (sums) => {
      biggest.push(sums.itemNumbers().length);
      return solvePopular(sums, { minPeople: 1 });
    },
  };
  const one = [Array.from({ length: 50 }, (_, at) => ({ item: at, at }))];
  await evaluate(one, [spy], optionsOf({ protocol: 'next', historyMax: 7 }));
  expect(biggest).toEqual([7]);
});

test('who cannot be tested is not, and nobody to test is refused', async () => {
  await expect(evaluate([[{ item: 1, at: 0 }], []], [popular], optionsOf())).rejects.toThrow(/Nobody has two items/);
  await expect(evaluate(blocks, [popular], optionsOf({ folds: 6 }))).rejects.toThrow(/5 parts/);
});

test('people and items with too few of each other are dropped until nothing changes', () => {
  const history = fc.array(fc.record({ item: fc.nat(8), at: fc.nat(9) }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(history, { maxLength: 20 }), (histories) => {
      const kept = withAtLeast(histories, { itemsPerPerson: 2, peoplePerItem: 3 });
      for (const each of kept) expect(new Set(each.map(({ item }) => item)).size).toBeGreaterThanOrEqual(2);
      for (const item of new Set(kept.flat().map((entry) => entry.item))) {
        expect(kept.filter((each) => each.some((entry) => entry.item === item)).length).toBeGreaterThanOrEqual(3);
      }
      expect(withAtLeast(kept, { itemsPerPerson: 2, peoplePerItem: 3 })).toEqual(kept);
    }),
  );
});

test('the standard error of 1, 2, 3, 4 is √(5/12)', () => {
  expect(estimateOf([1, 2, 3, 4]).mean).toBe(2.5);
  expect(estimateOf([1, 2, 3, 4]).se).toBeCloseTo(Math.sqrt(5 / 12), 12);
  expect(estimateOf([7])).toEqual({ mean: 7, se: 0 });
});

test("Gini's coefficient: all alike 0, one takes all 1 − 1/n, known value between", () => {
  expect(giniOf([3, 3, 3], 3)).toBe(0);
  expect(giniOf([5], 10)).toBeCloseTo(0.9, 12);
  expect(giniOf([1, 2, 3], 3)).toBeCloseTo(2 / 9, 12);
  expect(giniOf([], 4)).toBe(0);
});

test('what is old fades as the recipe says, counted to the item that comes next', async () => {
  const day = 86_400_000;
  // Each person had 0 long ago and 1 lately; 2 follows from 0, 3 from 1, and 2 comes next.
  const histories = Array.from({ length: 6 }, () => [
    { item: 0, at: 0 },
    { item: 1, at: 99 * day },
    { item: 2, at: 100 * day },
    { item: 3, at: 200 * day },
  ]).map((history, person) => history.slice(0, person === 0 ? 3 : 2).concat(person === 0 ? [] : history.slice(3)));
  const solve = (): LocalRidgeParameters => ({
    ...pairing(4, (target, source) => (target === 2 && source === 0) || (target === 3 && source === 1)),
    weights: Int32Array.of(3, 2),
  });
  const recency = [{ afterDays: 50, factor: 128 }];
  const fading = { name: 'fading', recipe: {}, solve, recency };
  const { models } = await evaluate(histories, [{ ...fading, recency: [] }, fading], optionsOf({ protocol: 'next' }));
  // Without fading 2 comes first for all six; with it 3 comes first, unless 1 is old too: 100 days before 3 for five of them, so both halve.
  expect(models.map(({ ndcg100 }) => Number(ndcg100.mean.toFixed(4)))).toEqual([
    Number(((1 + 5 / Math.log2(3)) / 6).toFixed(4)),
    Number(((1 / Math.log2(3) + 5 / Math.log2(3)) / 6).toFixed(4)),
  ]);
});
