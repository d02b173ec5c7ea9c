import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CellSums } from './cell-sums.ts';
import { describeModel } from './describe-model.ts';
import { seededRandom } from './seeded-random.ts';
import {
  armOf,
  emptyUplift,
  encodeLift,
  solveUplift,
  upliftContribution,
  withdrawalOutcome,
  type Arm,
  type UpliftRecipe,
} from './uplift.ts';

const recipe: UpliftRecipe = { kind: 'uplift', experiment: 'home', heldOutPerTenThousand: 1000, minPeople: 3 };
const arm = fc.constantFrom<Arm>('shown', 'held out');

describeModel('uplift', () => ({
  contribution: fc.record({ arm, goal: fc.boolean() }),
  empty: emptyUplift,
  add: (sums, person) => sums.add(upliftContribution(recipe, person.arm, person.goal)),
  subtract: (sums, person) => sums.subtract(upliftContribution(recipe, person.arm, person.goal)),
  merge: (sums, other) => sums.merge(other),
  encode: (sums) => sums.encode(),
  decode: (bytes) => CellSums.decode(bytes),
  solve: (sums) => encodeLift(solveUplift(sums, recipe)),
  explain: (sums) => {
    const found = solveUplift(sums, recipe);
    return found === null ? [] : [{ score: found.lift, terms: [found.rate.shown, -found.rate['held out']] }];
  },
}));

function sumsOf(shown: [people: number, goals: number], heldOut: [people: number, goals: number]): CellSums {
  const sums = emptyUplift();
  sums.add([
    { cell: ['home', 'shown'], amounts: [...shown, 0] },
    { cell: ['home', 'held out'], amounts: [...heldOut, 0] },
  ]);
  return sums;
}

test("a published example of Newcombe's method 10: 56/70 against 48/80 gives 0.0524 to 0.3339", () => {
  const lift = solveUplift(sumsOf([70, 56], [80, 48]), recipe);
  expect(lift?.lift).toBe(200_000);
  expect((lift?.from ?? 0) / 1e6).toBeCloseTo(0.0524, 4);
  expect((lift?.to ?? 0) / 1e6).toBeCloseTo(0.3339, 4);
});

test('with too few people in an arm there is no lift to tell', () => {
  expect(solveUplift(sumsOf([100, 10], [2, 1]), recipe)).toBe(null);
  expect(solveUplift(emptyUplift(), recipe)).toBe(null);
});

test('nobody and everybody reaching the goal have intervals within one', () => {
  const lift = solveUplift(sumsOf([10, 10], [10, 0]), recipe);
  expect(lift?.lift).toBe(1_000_000);
  expect(lift?.to).toBe(1_000_000);
  expect(lift?.from).toBeGreaterThan(500_000);
});

test('the interval covers the truth in about 95 of 100 experiments', () => {
  const random = seededRandom(8);
  let covered = 0;
  for (let round = 0; round < 2000; round++) {
    const goalsOf = (people: number, rate: number): number =>
      Array.from({ length: people }, random).filter((draw) => draw < rate).length;
    const lift = solveUplift(sumsOf([120, goalsOf(120, 0.15)], [60, goalsOf(60, 0.1)]), recipe);
    if (lift !== null && lift.from <= 50_000 && 50_000 <= lift.to) covered++;
  }
  // Four standard errors of 2,000 experiments are 2 points.
  expect(covered / 2000).toBeGreaterThan(0.93);
  expect(covered / 2000).toBeLessThan(0.98);
});

test('a person stays in their arm, as many are held out as asked, and another experiment draws anew', () => {
  const key = Buffer.alloc(32, 1);
  const people = Array.from(
    { length: 5_000 },
    (_, at) => `01890a5d-ac96-774b-bcce-${at.toString(16).padStart(12, '0')}`,
  );
  const arms = people.map((person) => armOf(key, recipe, person));
  expect(people.slice(0, 50).map((person) => armOf(key, recipe, person.toUpperCase()))).toEqual(arms.slice(0, 50));
  const heldOut = arms.filter((each) => each === 'held out').length;
  // Five deviations of a tenth of 5,000.
  expect(Math.abs(heldOut - 500)).toBeLessThan(5 * Math.sqrt(450));
  const anew = people.map((person) => armOf(key, { ...recipe, experiment: 'other' }, person));
  const both = anew.filter((each, at) => each === 'held out' && arms[at] === 'held out').length;
  expect(Math.abs(both - 50)).toBeLessThan(5 * Math.sqrt(50));
});

test('a withdrawal is counted in its arm and leaves nothing else', () => {
  const sums = sumsOf([99, 50], [100, 40]);
  const someone = upliftContribution(recipe, 'shown', true);
  sums.add(someone);
  sums.subtract(someone);
  sums.add(withdrawalOutcome(recipe, 'shown'));
  const lift = solveUplift(sums, recipe);
  expect(lift?.withdrawals).toEqual({ shown: 10_000, 'held out': 0 });
  expect(lift?.rate).toEqual(solveUplift(sumsOf([99, 50], [100, 40]), recipe)?.rate);
});

test('sums that no people could have are refused', () => {
  expect(() => solveUplift(sumsOf([10, 11], [10, 0]), recipe)).toThrow(/More people/);
});
