/**
 * Popularity as a model: every item's score is the share of people who have it. It is the baseline that any recommender must beat and,
 * from a released ranking, the list for everyone. Called by `evaluate` and where there are too few people for anything else.
 */
import type { CoOccurrence } from './co-occurrence.ts';
import { packItems } from './internal/solve-matrix.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';

/**
 * Parameters without neighbours whose baselines are the items' shares of people.
 *
 * Guarantee: deterministic, and ordered as the counts are up to the fixed point (popular.test.ts).
 * Formula: s_j = c_j / N, rounded to 2^−weightBits; items with fewer than minPeople are left out.
 * Cost: one pass over the counts.
 * Limits: `learning.impossible` for sums that no people could have.
 */
export function solvePopular(
  sums: CoOccurrence,
  recipe: { minPeople: number; weightBits?: number },
): LocalRidgeParameters {
  const { minPeople, weightBits = 24 } = recipe;
  const { people, items, counts } = packItems(sums, { minPeople });
  return {
    weightBits,
    items,
    baselines: counts.map((count) => Math.floor((count * 2 ** weightBits) / people + 0.5)),
    starts: new Uint32Array(items.length + 1),
    neighbours: new Int32Array(0),
    weights: new Int32Array(0),
  };
}
