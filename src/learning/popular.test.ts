import { expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { solvePopular } from './popular.ts';
import { scorer } from './scoring.ts';

test('what more people have comes first, and equal items by number', () => {
  const sums = new CoOccurrence();
  for (const items of [[3, 5], [3], [3, 4, 5], [4], [9]]) sums.add(items);
  const found = scorer(solvePopular(sums, { minPeople: 2 })).score(new Int32Array(0), { limit: 5 });
  expect(found.map(({ item }) => item)).toEqual([3, 4, 5]);
  expect(found[0]?.terms).toEqual([{ of: 'everyone', points: found[0]?.score }]);
});
