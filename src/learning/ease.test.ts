import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CoOccurrence } from './co-occurrence.ts';
import { solveEase } from './ease.ts';
import { solveLocalRidge } from './local-ridge.ts';
import { defaultRecipe } from './recipe.ts';

const people = fc.array(
  fc.uniqueArray(fc.nat(10), { maxLength: 6 }).map((items) => items.sort((a, b) => a - b)),
  { maxLength: 40 },
);

test('with all items as neighbours, local ridge without intercept is EASE', () => {
  fc.assert(
    fc.property(people, fc.double({ min: 0.5, max: 50, noNaN: true }), (all, lambda) => {
      const sums = new CoOccurrence();
      for (const items of all) sums.add(items);
      // Somebody has everything: items that share nobody are no neighbours in local ridge, and may carry a little weight in EASE.
      sums.add(Array.from({ length: 11 }, (_, item) => item));
      const ease = solveEase(sums, { lambda, ridge: 'root-count', minPeople: 1 });
      const local = solveLocalRidge(sums, defaultRecipe({ lambda, minPeople: 1, intercept: false }));
      const weightOf = (of: typeof ease, target: number, source: number): number => {
        const [start = 0, end = 0] = of.starts.subarray(target, target + 2);
        const found = of.neighbours.subarray(start, end).indexOf(of.items[source] ?? -1);
        return found < 0 ? 0 : (of.weights[start + found] ?? 0);
      };
      expect(ease.items).toEqual(local.items);
      for (let target = 0; target < ease.items.length; target++) {
        for (let source = 0; source < ease.items.length; source++) {
          expect(Math.abs(weightOf(ease, target, source) - weightOf(local, target, source))).toBeLessThanOrEqual(1);
        }
      }
    }),
  );
});

test('the weights solve the ridge equations over all items', () => {
  fc.assert(
    fc.property(people, (all) => {
      const sums = new CoOccurrence();
      for (const items of all) sums.add(items);
      const lambda = 3;
      const { items, starts, neighbours, weights } = solveEase(sums, {
        lambda,
        ridge: 'even',
        minPeople: 1,
        weightBits: 24,
      });
      items.forEach((target, position) => {
        const [start = 0, end = 0] = starts.subarray(position, position + 2);
        for (const row of items) {
          if (row === target) continue;
          let total = 0;
          for (let at = start; at < end; at++) {
            const column = neighbours[at] ?? 0;
            total += (sums.pair(row, column) + (row === column ? lambda : 0)) * ((weights[at] ?? 0) / 2 ** 24);
          }
          expect(total).toBeCloseTo(sums.pair(row, target), 3);
        }
      });
    }),
    { numRuns: 50 },
  );
});

test('a cut that leaves no positive definite system is refused', () => {
  const sums = new CoOccurrence();
  for (let leaf = 1; leaf <= 40; leaf++) for (let person = 0; person < 5; person++) sums.add([0, leaf]);
  sums.addTotals({ people: 0, counts: [[0, -190]], pairs: [] });
  expect(() => solveEase(sums, { lambda: 0.001, ridge: 'even', minPeople: 5 })).toThrow(/not positive definite/);
});
