/**
 * Local ridge item by item: choose neighbours, solve their system, solve again for the largest weights, round. Everything but the inner
 * system, which is plain or the kernel's; both give the same bytes. A worker makes one and walks its share of the items with it.
 */
import { LearningError } from '../learning-error.ts';
import type { LocalRidgeRecipe } from '../recipe.ts';
import { BestPositions } from './best-positions.ts';
import { matrixReader, systemRow, type MatrixReader, type PackedMatrix, type SystemShape } from './solve-matrix.ts';

/** Solves one positive definite system at a time, in memory of its own. */
export interface SystemSolver {
  /** Lower triangle of the matrix, then the right side as one more row; overwritten by `solve`. */
  system: Float64Array;
  shape: SystemShape;
  /** The least pivot that each column may have. */
  floors: Float64Array;
  /** The answer, or null when a pivot falls below its floor. The array may be reused by the next call. */
  solve(size: number): Float64Array | null;
}

/** What was found for a run of items. */
export interface SolvedRun {
  first: number;
  /** How many neighbours each item of the run has. */
  lengths: Int32Array;
  /** Positions of neighbours, ascending within an item. */
  neighbours: Int32Array;
  /** Their weights in units of 2^−weightBits, none of them 0. */
  weights: Int32Array;
}

/** How many items share one pass over the columns of the triangle: sixteen counts of four bytes are a cache line. */
export const runLength = 16;

export class TargetSolver {
  readonly #matrix: PackedMatrix;
  readonly #recipe: LocalRidgeRecipe;
  readonly #solver: SystemSolver;
  readonly #reader: MatrixReader;
  readonly #rows: Int32Array;
  /** 1/√(c(N − c)): what a centred co-occurrence is divided by; 0 for an item that everybody has. */
  readonly #rankFactors: Float64Array;
  /** √c: the ridge of an item for a λ of one. */
  readonly #roots: Float64Array;
  readonly #nearest: BestPositions;
  readonly #largest: BestPositions;

  constructor(matrix: PackedMatrix, recipe: LocalRidgeRecipe, solver: SystemSolver) {
    const { people, counts } = matrix;
    this.#matrix = matrix;
    this.#recipe = recipe;
    this.#solver = solver;
    this.#reader = matrixReader(matrix);
    this.#rows = new Int32Array(runLength * counts.length);
    this.#rankFactors = Float64Array.from(counts, (count) =>
      count === people ? 0 : 1 / Math.sqrt(count * (people - count)),
    );
    this.#roots = Float64Array.from(counts, (count) => Math.sqrt(count));
    this.#nearest = new BestPositions(recipe.neighbours);
    this.#largest = new BestPositions(recipe.keep);
  }

  /** The largest system that this matrix and recipe ask for. */
  static sizeMax(matrix: PackedMatrix, recipe: LocalRidgeRecipe): number {
    return Math.min(recipe.neighbours, matrix.items.length);
  }

  /** Solves at most `runLength` items from `first` on. */
  solveRun(first: number): SolvedRun {
    const size = this.#matrix.items.length;
    const count = Math.min(runLength, size - first);
    this.#reader.fillRows(first, count, this.#rows);
    const lengths = new Int32Array(count);
    const neighbours = new Int32Array(count * this.#recipe.keep);
    const weights = new Int32Array(count * this.#recipe.keep);
    let end = 0;
    for (let row = 0; row < count; row++) {
      const found = this.#solve(first + row, this.#rows.subarray(row * size, (row + 1) * size));
      const start = end;
      found.weights.forEach((weight, place) => {
        const whole = this.#rounded(weight);
        if (whole === 0) return;
        neighbours[end] = found.neighbours[place] ?? 0;
        weights[end] = whole;
        end++;
      });
      lengths[row] = end - start;
    }
    return { first, lengths, neighbours: neighbours.slice(0, end), weights: weights.slice(0, end) };
  }

  #solve(position: number, row: Int32Array): { neighbours: Int32Array; weights: Float64Array } {
    const nearest = this.#nearestTo(position, row);
    const weights = this.#ridge(position, row, nearest);
    if (nearest.length <= this.#recipe.keep) return { neighbours: nearest, weights };
    this.#largest.clear(this.#recipe.keep);
    weights.forEach((weight, place) => {
      const size = Math.abs(weight);
      if (this.#largest.wouldTake(size, place)) this.#largest.take(size, place);
    });
    const kept = this.#largest.ascending().map((place) => nearest[place] ?? 0);
    return { neighbours: kept, weights: this.#ridge(position, row, kept) };
  }

  /** The positions of highest Pearson correlation among those that share people, ascending; ties go to the lower one. */
  #nearestTo(position: number, row: Int32Array): Int32Array {
    const { people, counts } = this.#matrix;
    const own = counts[position] ?? 0;
    const best = this.#nearest;
    best.clear(this.#recipe.neighbours);
    for (let other = 0; other < row.length; other++) {
      const shared = row[other] ?? 0;
      if (shared === 0) continue;
      // Positions ascend, so a later one never wins a tie: the sort key needs no other.
      const rank = (people * shared - own * (counts[other] ?? 0)) * (this.#rankFactors[other] ?? 0);
      if (best.wouldTake(rank, other)) best.take(rank, other);
    }
    return best.ascending();
  }

  /** Weights of the neighbours; the ridge doubles for this item until the system is as well posed as whole sums would be. */
  #ridge(position: number, row: Int32Array, neighbours: Int32Array): Float64Array {
    let lambda = this.#recipe.lambda;
    for (let attempt = 0; attempt < 64; attempt++) {
      this.#fill(row, neighbours, lambda);
      const weights = this.#solver.solve(neighbours.length);
      if (weights !== null) return weights;
      lambda *= 2;
    }
    throw unsolvable(this.#matrix.items[position]);
  }

  /**
   * G + λ·diag √c over the neighbours, with the item's pair counts as right side. A pivot of true sums is at least its ridge; half of that
   * is where the cut of rare pairs, or rounding, has spoilt the system.
   */
  #fill(row: Int32Array, neighbours: Int32Array, lambda: number): void {
    const { system, shape, floors } = this.#solver;
    const size = neighbours.length;
    this.#reader.fillSystem(neighbours, system, shape);
    const side = systemRow(size, shape);
    for (let place = 0; place < size; place++) {
      const neighbour = neighbours[place] ?? 0;
      const ridge = lambda * (this.#roots[neighbour] ?? 0);
      system[systemRow(place, shape) + place * shape.panel] = (this.#matrix.counts[neighbour] ?? 0) + ridge;
      system[side + place * shape.panel] = row[neighbour] ?? 0;
      floors[place] = ridge * 0.5;
    }
  }

  #rounded(weight: number): number {
    const whole = Math.floor(weight * 2 ** this.#recipe.weightBits + 0.5);
    if (Math.abs(whole) < 2 ** 31) return whole;
    throw new LearningError('learning.unsolvable', 'A weight does not fit its fixed point', 'Raise lambda.');
  }
}

function unsolvable(item = -1): LearningError {
  return new LearningError(
    'learning.unsolvable',
    `The system of item ${item} has no answer`,
    'Rebuild the sums from the contribution rows; if they are the same, raise lambda.',
  );
}
