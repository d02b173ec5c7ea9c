/**
 * EASE as a model: each item regressed on all others at once, by one inverse. The published yardstick for linear recommenders, here as a
 * baseline for `evaluate`; local ridge is made to equal it at a fraction of the work.
 */
import type { CoOccurrence } from './co-occurrence.ts';
import { matrixReader, packMatrix } from './internal/solve-matrix.ts';
import { LearningError } from './learning-error.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';

export interface EaseRecipe {
  lambda: number;
  /** Whether item i's ridge is λ·√cᵢ, as in local ridge, or λ as published. */
  ridge: 'root-count' | 'even';
  minPeople: number;
  weightBits?: number;
}

/**
 * Parameters with a weight for every pair of items.
 *
 * Guarantee: the weights solve the ridge equations over all items (ease.test.ts).
 * Formula: P = (G + Λ)⁻¹, wᵢⱼ = −pᵢⱼ / pⱼⱼ, wⱼⱼ = 0; no baseline.
 * Source: Steck, "Embarrassingly shallow autoencoders for sparse data" (WWW 2019).
 * Cost: n³/2 multiply-adds in plain doubles and 20 n² bytes: about half a minute at 3,700 items.
 * Limits: meant for a few thousand items. `learning.unsolvable` when the cut of rare pairs leaves no positive definite system.
 */
export function solveEase(sums: CoOccurrence, recipe: EaseRecipe): LocalRidgeParameters {
  const { lambda, ridge, minPeople, weightBits = 16 } = recipe;
  const matrix = packMatrix(sums, { minPeople });
  const { items, counts } = matrix;
  const size = items.length;
  const system = new Float64Array(size * size);
  matrixReader(matrix).fillSystem(
    Int32Array.from(items, (_, position) => position),
    system,
    { stride: size, panel: 1 },
  );
  counts.forEach((count, at) => {
    system[at * size + at] = count + lambda * (ridge === 'even' ? 1 : Math.sqrt(count));
  });
  const inverse = inverseOf(system, size);
  const starts = new Uint32Array(size + 1);
  const neighbours = new Int32Array(size * size);
  const weights = new Int32Array(size * size);
  let length = 0;
  for (let target = 0; target < size; target++) {
    const scale = -(2 ** weightBits) / (inverse[target * size + target] ?? 1);
    for (let source = 0; source < size; source++) {
      const entry = source < target ? inverse[target * size + source] : inverse[source * size + target];
      const weight = source === target ? 0 : Math.floor((entry ?? 0) * scale + 0.5);
      if (weight === 0) continue;
      neighbours[length] = items[source] ?? 0;
      weights[length] = weight;
      length++;
    }
    starts[target + 1] = length;
  }
  return {
    weightBits,
    items,
    baselines: new Int32Array(size),
    starts,
    neighbours: neighbours.slice(0, length),
    weights: weights.slice(0, length),
  };
}

/**
 * The lower triangle of the inverse of a positive definite matrix given by its lower triangle, which is overwritten. Three passes, each
 * over dot products of whole rows, four rows at a time so that memory keeps up: L with A = L·Lᵀ, then L⁻¹ transposed, then the inverse.
 */
function inverseOf(matrix: Float64Array, size: number): Float64Array {
  const reciprocals = factorise(matrix, size);
  const transposed = new Float64Array(size * size);
  const dots = new Float64Array(4);
  for (let first = 0; first < size; first += 4) {
    const end = Math.min(first + 4, size);
    for (let column = 0; column < end; column++) {
      const there = column * size;
      if (column < first)
        dotRows({ of: matrix, first: first * size, with: transposed, row: there, size, from: column, to: first }, dots);
      for (let row = Math.max(first, column); row < end; row++) {
        let rest = row === column ? 1 : column < first ? -(dots[row - first] ?? 0) : 0;
        for (let at = Math.max(first, column); at < row; at++) {
          rest -= (matrix[row * size + at] ?? 0) * (transposed[there + at] ?? 0);
        }
        transposed[there + row] = rest * (reciprocals[row] ?? 0);
      }
    }
  }
  const inverse = matrix;
  for (let first = 0; first < size; first += 4) {
    const end = Math.min(first + 4, size);
    for (let column = 0; column < end; column++) {
      // Below the diagonal block, the entries of all four rows begin at the same place; inside it, rows of zeros before theirs do no harm.
      dotRows(
        { of: transposed, first: first * size, with: transposed, row: column * size, size, from: first, to: size },
        dots,
      );
      for (let row = Math.max(first, column); row < end; row++) inverse[row * size + column] = dots[row - first] ?? 0;
    }
  }
  return inverse;
}

/** Cholesky's factor in place of the lower triangle; returns the reciprocals of its diagonal. */
function factorise(matrix: Float64Array, size: number): Float64Array {
  const reciprocals = new Float64Array(size);
  const dots = new Float64Array(4);
  for (let first = 0; first < size; first += 4) {
    const end = Math.min(first + 4, size);
    for (let column = 0; column < end; column++) {
      const there = column * size;
      dotRows(
        { of: matrix, first: first * size, with: matrix, row: there, size, from: 0, to: Math.min(column, first) },
        dots,
      );
      for (let row = Math.max(first, column); row < end; row++) {
        let rest = (matrix[row * size + column] ?? 0) - (dots[row - first] ?? 0);
        for (let at = first; at < column; at++) rest -= (matrix[row * size + at] ?? 0) * (matrix[there + at] ?? 0);
        if (row === column) {
          if (!(rest > 0)) throw notPositive();
          reciprocals[column] = 1 / Math.sqrt(rest);
        } else {
          matrix[row * size + column] = rest * (reciprocals[column] ?? 0);
        }
      }
    }
  }
  return reciprocals;
}

/** Dot products over columns `from` to `to` of four rows in sequence with one other row. Rows past the end give numbers nobody reads. */
function dotRows(
  rows: { of: Float64Array; first: number; with: Float64Array; row: number; size: number; from: number; to: number },
  dots: Float64Array,
): void {
  const { of, first, with: other, row, size, from, to } = rows;
  const [second, third, fourth] = [first + size, first + 2 * size, first + 3 * size];
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let at = from; at < to; at++) {
    const value = other[row + at] ?? 0;
    a += (of[first + at] ?? 0) * value;
    b += (of[second + at] ?? 0) * value;
    c += (of[third + at] ?? 0) * value;
    d += (of[fourth + at] ?? 0) * value;
  }
  dots[0] = a;
  dots[1] = b;
  dots[2] = c;
  dots[3] = d;
}

function notPositive(): LearningError {
  return new LearningError(
    'learning.unsolvable',
    'The system over all items is not positive definite',
    'Raise lambda, or minPeople to 1: the cut of rare pairs can leave such a system.',
  );
}
