import { expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { solveItemKnn } from './item-knn.ts';

test('each item keeps its most similar items by cosine, and no rare ones', () => {
  const sums = new CoOccurrence();
  for (const items of [[0, 1, 2], [0, 1], [0, 2], [0, 2], [1], [0, 9]]) sums.add(items);
  const { items, starts, neighbours, weights, baselines } = solveItemKnn(sums, {
    neighbours: 1,
    minPeople: 2,
    weightBits: 20,
  });
  expect([...items]).toEqual([0, 1, 2]);
  expect([...starts]).toEqual([0, 1, 2, 3]);
  expect([...neighbours]).toEqual([2, 0, 0]);
  expect([...weights]).toEqual(
    [3 / Math.sqrt(15), 2 / Math.sqrt(15), 3 / Math.sqrt(15)].map((cosine) => Math.round(cosine * 2 ** 20)),
  );
  expect([...baselines]).toEqual([0, 0, 0]);
});
