/** Solves in whatever way is soonest done: small sums in this thread, others on workers. The bytes are the same. Called by `models` and by `evaluate`. */
import type { CoOccurrence } from '../co-occurrence.ts';
import { type LocalRidgeParameters, type SolveOptions, solveLocalRidge } from '../local-ridge.ts';
import type { LocalRidgeRecipe } from '../recipe.ts';
import { kernelSystem } from './kernel-system.ts';
import { solveInWorkers } from './solve-in-workers.ts';

/** Below this many items the threads of the workers take longer to start than a solve without them. */
const itemsForWorkers = 512;

/** Guarantee: the bytes of `solveLocalRidge` (solve-in-workers.test.ts). Limits: as there. */
export async function solveSoonest(
  sums: CoOccurrence,
  recipe: LocalRidgeRecipe,
  options: SolveOptions = {},
): Promise<LocalRidgeParameters> {
  return sums.counts.length <= itemsForWorkers
    ? solveLocalRidge(sums, recipe, { ...options, systemSolver: kernelSystem })
    : solveInWorkers(sums, recipe, options);
}
