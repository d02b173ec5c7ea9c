/**
 * The recommender: for each item a ridge regression on its nearest items, solved from the sums alone, kept as whole numbers. The same sums
 * and recipe give the same bytes on every machine, so a training without a person can be compared with a forgetting. Called by the solve workers,
 * by `verify` and by `evaluate`; the functions for its parameters serve the baselines of this room too.
 */
import { createHash } from 'node:crypto';
import type { CoOccurrence } from './co-occurrence.ts';
import { itemNumberMax } from './contributions.ts';
import { ByteReader } from './internal/byte-reader.ts';
import { ByteWriter } from './internal/byte-writer.ts';
import { plainSystem } from './internal/plain-system.ts';
import { packMatrix, type PackedMatrix } from './internal/solve-matrix.ts';
import { TargetSolver, runLength, type SolvedRun, type SystemSolver } from './internal/target-solver.ts';
import { requireRecipe, type LocalRidgeRecipe } from './recipe.ts';

/** A linear model over items: a score is its baseline plus the weights of what is in the history, in units of 2^−weightBits. */
export interface LocalRidgeParameters {
  weightBits: number;
  /** The items that can be suggested, ascending. */
  items: Int32Array;
  /** The score of each of `items` for everyone, before any history. */
  baselines: Int32Array;
  /** The neighbours of `items[t]` stand at `starts[t]` up to `starts[t + 1]` of the next two. */
  starts: Uint32Array;
  /** Item numbers of neighbours, ascending within an item; each is one of `items`. */
  neighbours: Int32Array;
  /** What each neighbour in a history adds to the item's score; never 0. */
  weights: Int32Array;
}

export interface SolveOptions {
  /** Called from time to time, and at the end. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

export interface LocalSolveOptions extends SolveOptions {
  /** What solves the inner systems: plain doubles, or `kernelSystem`, which gives the same bytes sooner. */
  systemSolver?: (sizeMax: number) => SystemSolver;
}

const mark = 'FLpar1';

/**
 * Solves the sums under a recipe, in this thread and by default in plain TypeScript: the oracle of `solveInWorkers`, and enough for small shops.
 *
 * Guarantee: deterministic to the byte, and after forgetting equal to a training without those people (local-ridge.test.ts).
 * Formula: N(j) = the k items of highest Pearson correlation with j among those shared by minPeople; (G_NN + λ·diag √c) w = G_Nj; solved
 * again on the `keep` largest; rounded to 2^−weightBits; baseline s_j = μ_j − Σ μᵢ wᵢⱼ with μ = c/N, or 0 without intercept.
 * Source: fsSLIM, Ning & Karypis 2011; EASE, Steck 2019; sparse Markov random fields, Steck 2019 (NeurIPS).
 * Cost: n·k³/6 multiply-adds; 3,700 items at k = 100 take about 1.5 s on one core.
 * Limits: items with fewer than minPeople are left out. Where the cut of rare pairs leaves a system that is not positive definite, that
 * item's λ doubles until it is. `learning.impossible` for sums that no people could have, `learning.unsolvable` when nothing fits.
 */
export function solveLocalRidge(
  sums: CoOccurrence,
  recipe: LocalRidgeRecipe,
  options: LocalSolveOptions = {},
): LocalRidgeParameters {
  const { onProgress, systemSolver = plainSystem } = options;
  requireRecipe(recipe);
  const matrix = packMatrix(sums, recipe);
  const solver = new TargetSolver(matrix, recipe, systemSolver(TargetSolver.sizeMax(matrix, recipe)));
  const total = matrix.items.length;
  const runs: SolvedRun[] = [];
  for (let first = 0; first < total; first += runLength) {
    runs.push(solver.solveRun(first));
    onProgress?.({ done: Math.min(first + runLength, total), total });
  }
  return parametersOf(matrix, recipe, runs);
}

/** Puts all runs together, ordered by their first position; the baselines follow from the rounded weights. For solvers of this room. */
export function parametersOf(
  matrix: PackedMatrix,
  recipe: LocalRidgeRecipe,
  runs: readonly SolvedRun[],
): LocalRidgeParameters {
  const { items } = matrix;
  const starts = new Uint32Array(items.length + 1);
  const length = runs.reduce((total, { weights }) => total + weights.length, 0);
  const neighbours = new Int32Array(length);
  const weights = new Int32Array(length);
  const baselines = new Int32Array(items.length);
  let start = 0;
  for (const run of runs) {
    weights.set(run.weights, start);
    for (let at = 0; at < run.neighbours.length; at++) neighbours[start + at] = items[run.neighbours[at] ?? 0] ?? 0;
    let at = 0;
    run.lengths.forEach((count, row) => {
      const position = run.first + row;
      const end = at + count;
      if (recipe.intercept) baselines[position] = baselineOf(matrix, recipe, position, run, at, end);
      starts[position + 1] = start + end;
      at = end;
    });
    start += run.weights.length;
  }
  return { weightBits: recipe.weightBits, items, baselines, starts, neighbours, weights };
}

/** μ_j − Σ μᵢ wᵢⱼ over the weights from `start` to `end` of a run, as a fixed-point number. */
function baselineOf(
  { people, counts }: PackedMatrix,
  { weightBits }: LocalRidgeRecipe,
  position: number,
  run: SolvedRun,
  start: number,
  end: number,
): number {
  let total = (counts[position] ?? 0) * 2 ** weightBits;
  for (let at = start; at < end; at++) total -= (counts[run.neighbours[at] ?? 0] ?? 0) * (run.weights[at] ?? 0);
  const baseline = Math.floor(total / people + 0.5);
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, baseline));
}

/** Parameters as canonical bytes: equal exactly when the parameters are. */
export function encodeParameters(parameters: LocalRidgeParameters): Uint8Array {
  const { weightBits, items, baselines, starts, neighbours, weights } = parameters;
  const writer = new ByteWriter();
  writer.mark(mark);
  writer.unsigned(weightBits);
  writer.unsigned(items.length);
  items.forEach((item, position) => {
    writer.unsigned(item - (items[position - 1] ?? -1) - 1);
    writer.signed(baselines[position] ?? 0);
    const start = starts[position] ?? 0;
    const end = starts[position + 1] ?? 0;
    writer.unsigned(end - start);
    for (let at = start; at < end; at++) {
      writer.unsigned((neighbours[at] ?? 0) - (at === start ? -1 : (neighbours[at - 1] ?? 0)) - 1);
      writer.signed(weights[at] ?? 0);
    }
  });
  return writer.finish();
}

/** Reads what `encodeParameters` wrote; `learning.unreadable` for anything else. */
export function decodeParameters(bytes: Uint8Array): LocalRidgeParameters {
  const reader = new ByteReader(bytes, 'a set of parameters');
  const int32 = (value: number): number => {
    if (value < -(2 ** 31) || value >= 2 ** 31) throw reader.refusal('holds a number that does not fit');
    return value;
  };
  const item = (value: number): number => {
    if (value > itemNumberMax) throw reader.refusal('holds an item number that is too large');
    return value;
  };
  reader.mark(mark);
  const weightBits = reader.unsigned();
  if (weightBits < 8 || weightBits > 24) throw reader.refusal('holds an unknown fixed point');
  const itemCount = item(reader.unsigned());
  const items: number[] = [];
  const baselines: number[] = [];
  const starts = [0];
  const neighbours: number[] = [];
  const weights: number[] = [];
  for (let position = 0; position < itemCount; position++) {
    items.push(item((items[position - 1] ?? -1) + 1 + reader.unsigned()));
    baselines.push(int32(reader.signed()));
    let before = -1;
    for (let left = reader.unsigned(); left > 0; left--) {
      before = item(before + 1 + reader.unsigned());
      neighbours.push(before);
      const weight = int32(reader.signed());
      if (weight === 0) throw reader.refusal('holds a weight of nothing');
      weights.push(weight);
    }
    starts.push(weights.length);
  }
  reader.end();
  const known = new Set(items);
  if (!neighbours.every((neighbour) => known.has(neighbour)))
    throw reader.refusal('weighs an item that it does not list');
  return {
    weightBits,
    items: Int32Array.from(items),
    baselines: Int32Array.from(baselines),
    starts: Uint32Array.from(starts),
    neighbours: Int32Array.from(neighbours),
    weights: Int32Array.from(weights),
  };
}

/** SHA-256 of the canonical bytes, 64 hexadecimal digits: what a version carries and a retraining must equal. */
export function parametersDigest(parameters: LocalRidgeParameters): string {
  return createHash('sha256').update(encodeParameters(parameters)).digest('hex');
}
