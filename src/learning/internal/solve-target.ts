/**
 * The arithmetic of one item of local ridge, in plain doubles, one operation after the other in a fixed order. It is the definition that
 * every faster solver must equal byte for byte: only + − × ÷ and square root, which IEEE 754 rounds the same way on every machine.
 */
import { LearningError } from '../learning-error.ts';
import type { LocalRidgeRecipe } from '../recipe.ts';
import type { SolveMatrix } from './solve-matrix.ts';

/** What was found for one item: positions of neighbours, ascending, and their weights in units of 2^−weightBits, none of them 0. */
export interface SolvedTarget {
  neighbours: Int32Array;
  weights: Int32Array;
}

/** Reusable memory and what all targets share. */
export class TargetSolver {
  readonly #matrix: SolveMatrix;
  readonly #recipe: LocalRidgeRecipe;
  readonly #row: Int32Array;
  readonly #system: Float64Array;
  readonly #ranks: Float64Array;
  readonly #stride: number;

  constructor(matrix: SolveMatrix, recipe: LocalRidgeRecipe) {
    this.#matrix = matrix;
    this.#recipe = recipe;
    this.#row = new Int32Array(matrix.items.length);
    this.#ranks = rankFactors(matrix);
    this.#stride = Math.min(recipe.neighbours, matrix.items.length) + 1;
    this.#system = new Float64Array(this.#stride * this.#stride);
  }

  solve(position: number): SolvedTarget {
    const { neighbours: most, keep } = this.#recipe;
    this.#matrix.fillRow(position, this.#row);
    const nearest = nearestPositions({ row: this.#row, matrix: this.#matrix, factors: this.#ranks, position, most });
    let neighbours = nearest;
    let weights = this.#ridge(position, neighbours);
    if (neighbours.length > keep) {
      neighbours = largest(neighbours, weights, keep);
      weights = this.#ridge(position, neighbours);
    }
    return rounded(neighbours, weights, this.#recipe.weightBits);
  }

  /** Weights of the neighbours; the ridge doubles for this target until the system is as well posed as whole sums would be. */
  #ridge(position: number, neighbours: Int32Array): Float64Array {
    let lambda = this.#recipe.lambda;
    for (let attempt = 0; attempt < 64; attempt++) {
      this.#fill(neighbours, lambda);
      if (this.#factorise(neighbours.length, lambda, neighbours)) return this.#substitute(neighbours.length);
      lambda *= 2;
    }
    throw new LearningError(
      'learning.unsolvable',
      `The system of item ${this.#matrix.items[position]} has no answer`,
      'Rebuild the sums from the contribution rows; if they are the same, raise lambda.',
    );
  }

  /** Lower triangle of G + λ·diag √c over the neighbours, with the target's pair counts as one more row. */
  #fill(neighbours: Int32Array, lambda: number): void {
    const system = this.#system;
    const stride = this.#stride;
    const size = neighbours.length;
    this.#matrix.fillSystem(neighbours, system, stride);
    for (let place = 0; place < size; place++) {
      const neighbour = neighbours[place] ?? 0;
      const count = this.#matrix.counts[neighbour] ?? 0;
      system[place * stride + place] = count + lambda * Math.sqrt(count);
      system[size * stride + place] = this.#row[neighbour] ?? 0;
    }
  }

  /**
   * Cholesky's factor in place, with reciprocal pivots on the diagonal; the extra row becomes the forward-substituted right side.
   * A pivot of true sums is at least its ridge; half of that is where the cut of rare pairs, or rounding, has spoilt the system.
   */
  #factorise(size: number, lambda: number, neighbours: Int32Array): boolean {
    const system = this.#system;
    const stride = this.#stride;
    for (let upper = 0; upper <= size; upper++) {
      const row = upper * stride;
      for (let lower = 0; lower < Math.min(upper, size); lower++) {
        const other = lower * stride;
        let rest = system[row + lower] ?? 0;
        for (let at = 0; at < lower; at++) rest -= (system[row + at] ?? 0) * (system[other + at] ?? 0);
        system[row + lower] = rest * (system[other + lower] ?? 0);
      }
      if (upper === size) break;
      let pivot = system[row + upper] ?? 0;
      for (let at = 0; at < upper; at++) pivot -= (system[row + at] ?? 0) * (system[row + at] ?? 0);
      const ridge = lambda * Math.sqrt(this.#matrix.counts[neighbours[upper] ?? 0] ?? 0);
      // Written so that a pivot that is not a number fails too.
      if (!(pivot >= ridge * 0.5)) return false;
      system[row + upper] = 1 / Math.sqrt(pivot);
    }
    return true;
  }

  #substitute(size: number): Float64Array {
    const system = this.#system;
    const stride = this.#stride;
    const weights = system.slice(size * stride, size * stride + size);
    for (let upper = size - 1; upper >= 0; upper--) {
      const row = upper * stride;
      const weight = (weights[upper] ?? 0) * (system[row + upper] ?? 0);
      weights[upper] = weight;
      for (let lower = 0; lower < upper; lower++)
        weights[lower] = (weights[lower] ?? 0) - (system[row + lower] ?? 0) * weight;
    }
    return weights;
  }
}

/** 1/√(c(N − c)) for each position: what a centred co-occurrence is divided by; 0 for an item that everybody has. */
export function rankFactors({ people, counts }: Pick<SolveMatrix, 'people' | 'counts'>): Float64Array {
  return Float64Array.from(counts, (count) => (count === people ? 0 : 1 / Math.sqrt(count * (people - count))));
}

/** Positions with the highest Pearson correlation to the target among those that share people with it, ascending; ties go to the lower one. */
function nearestPositions(of: {
  row: Int32Array;
  matrix: SolveMatrix;
  factors: Float64Array;
  position: number;
  most: number;
}): Int32Array {
  const { row, matrix, factors, position, most } = of;
  const { people, items, counts } = matrix;
  const own = counts[position] ?? 0;
  const candidates: number[] = [];
  const ranks = new Float64Array(row.length);
  row.forEach((shared, other) => {
    if (shared === 0) return;
    if (shared > own || shared > (counts[other] ?? 0)) throw pairImpossible(items[position], items[other]);
    candidates.push(other);
    ranks[other] = (people * shared - own * (counts[other] ?? 0)) * (factors[other] ?? 0);
  });
  if (candidates.length > most) {
    candidates.sort((a, b) => (ranks[b] ?? 0) - (ranks[a] ?? 0) || a - b);
    candidates.length = most;
  }
  return Int32Array.from(candidates).sort();
}

function pairImpossible(item = -1, other = -1): LearningError {
  return new LearningError(
    'learning.impossible',
    `More people share the items ${item} and ${other} than have one of them`,
    'A change was applied twice or not at all: rebuild the sums from the contribution rows.',
  );
}

/** The positions with the largest weights either way, ascending; ties go to the lower one. */
function largest(positions: Int32Array, weights: Float64Array, keep: number): Int32Array {
  const places = Array.from(positions, (_, place) => place);
  places.sort((a, b) => Math.abs(weights[b] ?? 0) - Math.abs(weights[a] ?? 0) || a - b);
  places.length = keep;
  return Int32Array.from(places, (place) => positions[place] ?? 0).sort();
}

function rounded(positions: Int32Array, weights: Float64Array, weightBits: number): SolvedTarget {
  const unit = 2 ** weightBits;
  const whole = weights.map((weight) => Math.floor(weight * unit + 0.5));
  if (!whole.every((weight) => Math.abs(weight) < 2 ** 31)) {
    throw new LearningError('learning.unsolvable', 'A weight does not fit its fixed point', 'Raise lambda.');
  }
  return {
    neighbours: positions.filter((_, place) => whole[place] !== 0),
    weights: Int32Array.from(whole.filter((weight) => weight !== 0)),
  };
}
