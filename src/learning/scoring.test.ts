import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { scorer, type ScoredItem, type ScoreOptions } from './scoring.ts';

const whole = fc.integer({ min: -300, max: 300 });

/** Any parameters at all, with neighbours among the items, as every solver leaves them. */
const parameters: fc.Arbitrary<LocalRidgeParameters> = fc
  .uniqueArray(fc.oneof(fc.nat(15), fc.constant(1_000_000)), { maxLength: 12 })
  .chain((numbers) => {
    const items = Int32Array.from(numbers).sort();
    const target = fc.record({
      baseline: whole,
      weights: fc.dictionary(
        fc.constantFrom(...(numbers.length === 0 ? [0] : numbers)).map(String),
        whole.filter((weight) => weight !== 0),
        { maxKeys: 6 },
      ),
    });
    return fc.array(target, { minLength: items.length, maxLength: items.length }).map((targets) => {
      const columns = targets.map(({ weights }) => Object.entries(weights).sort(([a], [b]) => Number(a) - Number(b)));
      const starts = new Uint32Array(items.length + 1);
      columns.forEach((column, at) => (starts[at + 1] = (starts[at] ?? 0) + column.length));
      return {
        weightBits: 16,
        items,
        baselines: Int32Array.from(targets, ({ baseline }) => baseline),
        starts,
        neighbours: Int32Array.from(columns.flat(), ([item]) => Number(item)),
        weights: Int32Array.from(columns.flat(), ([, weight]) => weight),
      };
    });
  });
const history = fc.uniqueArray(fc.nat(15), { maxLength: 8 }).map((items) => Int32Array.from(items).sort());

/** Law 4 by hand: every term of every item, summed, sorted, cut. */
function expected(model: LocalRidgeParameters, items: Int32Array, options: ScoreOptions): ScoredItem[] {
  const scored = [...model.items].map((item, at): ScoredItem => {
    const [start = 0, end = 0] = model.starts.subarray(at, at + 2);
    const everyone = { of: 'everyone' as const, points: (model.baselines[at] ?? 0) * 256 };
    const terms = [...items].map((of, place) => {
      const found = model.neighbours.subarray(start, end).indexOf(of);
      return { of, points: found < 0 ? 0 : (model.weights[start + found] ?? 0) * (options.factors?.[place] ?? 256) };
    });
    const present = [everyone, ...terms].filter(({ points }) => points !== 0);
    return { item, score: present.reduce((sum, { points }) => sum + points, 0), terms: present };
  });
  return scored
    .filter(
      ({ item }) => options.exclude?.(item) !== true && (options.includeHistory === true || !items.includes(item)),
    )
    .sort((a, b) => b.score - a.score || a.item - b.item)
    .slice(0, options.limit);
}

test('scores, terms and order equal summing by hand', () => {
  const question = history.chain((items) =>
    fc.record({
      items: fc.constant(items),
      limit: fc.nat(14),
      barred: fc.uniqueArray(fc.nat(15)),
      includeHistory: fc.boolean(),
      factors: fc.option(fc.array(fc.nat(512), { minLength: items.length, maxLength: items.length })),
    }),
  );
  fc.assert(
    fc.property(parameters, fc.array(question, { minLength: 1, maxLength: 3 }), (model, questions) => {
      const { score } = scorer(model);
      // One scorer answers several questions: nothing of one may stay for the next.
      for (const { items, limit, barred, includeHistory, factors } of questions) {
        const options: ScoreOptions = {
          limit,
          includeHistory,
          exclude: (item) => barred.includes(item),
          ...(factors === null ? {} : { factors }),
        };
        expect(score(items, options)).toEqual(expected(model, items, options));
      }
    }),
    { numRuns: 300 },
  );
});

test('one point is one part of pointsPerOne', () => {
  const model = {
    weightBits: 16,
    items: Int32Array.of(4),
    baselines: Int32Array.of(2 ** 16),
    starts: Uint32Array.of(0, 0),
    neighbours: new Int32Array(0),
    weights: new Int32Array(0),
  };
  const { score, pointsPerOne } = scorer(model);
  expect(score(Int32Array.of(1), { limit: 1 })).toEqual([
    { item: 4, score: pointsPerOne, terms: [{ of: 'everyone', points: pointsPerOne }] },
  ]);
});

test('histories out of order and factors that are not whole are refused', () => {
  fc.assert(
    fc.property(parameters, (model) => {
      const { score } = scorer(model);
      expect(() => score(Int32Array.of(2, 1), { limit: 1 })).toThrow(/ascending order/);
      expect(() => score(Int32Array.of(1, 1), { limit: 1 })).toThrow(/ascending order/);
      expect(() => score(Int32Array.of(1), { limit: 1, factors: [0.5] })).toThrow(/whole factor/);
      expect(() => score(Int32Array.of(1), { limit: 1, factors: [] })).toThrow(/whole factor/);
    }),
    { numRuns: 5 },
  );
});
