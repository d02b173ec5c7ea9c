/**
 * Item neighbourhoods as a model: the oldest recommender that is still hard to beat, here as a baseline for `evaluate`. A score is the sum
 * of the similarities between an item and what is in the history.
 */
import type { CoOccurrence } from './co-occurrence.ts';
import { BestPositions } from './internal/best-positions.ts';
import { matrixReader, packMatrix } from './internal/solve-matrix.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';

export interface ItemKnnRecipe {
  /** How many of its most similar items speak for an item. */
  neighbours: number;
  minPeople: number;
  weightBits?: number;
}

/**
 * Parameters whose weights are the cosine similarities of each item's nearest items.
 *
 * Guarantee: deterministic; each item keeps its `neighbours` most similar, ties by item number (item-knn.test.ts).
 * Formula: wᵢⱼ = gᵢⱼ / √(cᵢ cⱼ) for the nearest i of j, else 0; no baseline.
 * Source: Sarwar et al., "Item-based collaborative filtering recommendation algorithms" (2001).
 * Cost: n² similarities.
 * Limits: pairs and items with fewer than minPeople count as zero; `learning.impossible` for sums that no people could have.
 */
export function solveItemKnn(sums: CoOccurrence, recipe: ItemKnnRecipe): LocalRidgeParameters {
  const { neighbours: most, minPeople, weightBits = 16 } = recipe;
  const matrix = packMatrix(sums, { minPeople });
  const reader = matrixReader(matrix);
  const { items, counts } = matrix;
  const row = new Int32Array(items.length);
  const best = new BestPositions(Math.min(most, items.length));
  const starts = new Uint32Array(items.length + 1);
  const neighbours: number[] = [];
  const weights: number[] = [];
  items.forEach((_, target) => {
    reader.fillRows(target, 1, row);
    best.clear(most);
    const count = counts[target] ?? 0;
    for (let other = 0; other < row.length; other++) {
      const shared = row[other] ?? 0;
      if (shared <= 0) continue;
      const similarity = shared / Math.sqrt(count * (counts[other] ?? 0));
      if (best.wouldTake(similarity, other)) best.take(similarity, other);
    }
    const nearest = best.descending().sort((a, b) => a.position - b.position);
    for (const { position: other, value: similarity } of nearest) {
      const weight = Math.floor(similarity * 2 ** weightBits + 0.5);
      if (weight === 0) continue;
      neighbours.push(items[other] ?? 0);
      weights.push(weight);
    }
    starts[target + 1] = weights.length;
  });
  return {
    weightBits,
    items,
    baselines: new Int32Array(items.length),
    starts,
    neighbours: Int32Array.from(neighbours),
    weights: Int32Array.from(weights),
  };
}
