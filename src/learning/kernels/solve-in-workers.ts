/**
 * Solves local ridge on worker threads with the WebAssembly kernel: what the product runs. The bytes are those of `solveLocalRidge`, whatever
 * the number of workers. Called by the solve jobs of `models`, by `evaluate` and by `verify`.
 */
import { Worker } from 'node:worker_threads';
import type { CoOccurrence } from '../co-occurrence.ts';
import { packMatrix } from '../internal/solve-matrix.ts';
import { runLength, type SolvedRun } from '../internal/target-solver.ts';
import { LearningError } from '../learning-error.ts';
import { parametersOf, type LocalRidgeParameters, type SolveOptions } from '../local-ridge.ts';
import { requireRecipe, type LocalRidgeRecipe } from '../recipe.ts';
import type { SolveAnswer, SolveTask } from './solve-worker.ts';

export interface WorkerSolveOptions extends SolveOptions {
  /** How many threads; 2 when absent, and never more than there are runs of items. */
  workers?: number;
  /** Ends the solve early with `learning.interrupted`. The sums are untouched, so nothing is lost. */
  signal?: AbortSignal;
}

/**
 * Solves the sums under a recipe.
 *
 * Guarantee: the bytes of `solveLocalRidge`, for any number of workers (solve-in-workers.test.ts).
 * Cost: on two cores about 0.7 s for 3,700 items at k = 200; starting threads takes 50 ms. A copy of the pairs: 0.8 GB for 20,000 items.
 * Limits: the sums may change while it runs: it works on the copy that it takes before it returns its promise. Refusals as `solveLocalRidge`,
 * and `learning.interrupted`.
 */
export async function solveInWorkers(
  sums: CoOccurrence,
  recipe: LocalRidgeRecipe,
  options: WorkerSolveOptions = {},
): Promise<LocalRidgeParameters> {
  requireRecipe(recipe);
  const matrix = packMatrix(sums, recipe);
  const total = matrix.items.length;
  const next = new Int32Array(new SharedArrayBuffer(4));
  const runs: SolvedRun[] = [];
  let done = 0;
  const keepRun = (run: SolvedRun): void => {
    runs.push(run);
    done += run.lengths.length;
    options.onProgress?.({ done, total });
  };
  const threads = Math.min(options.workers ?? 2, Math.ceil(total / runLength));
  const task: SolveTask = { matrix, recipe, next };
  const stop = (): void => {
    Atomics.store(next, 0, total);
  };
  options.signal?.addEventListener('abort', stop);
  if (options.signal?.aborted === true) stop();
  try {
    await Promise.all(Array.from({ length: threads }, async () => shareOf(task, keepRun, stop)));
  } finally {
    options.signal?.removeEventListener('abort', stop);
  }
  if (done < total) throw new LearningError('learning.interrupted', 'The solve was stopped', 'Start it again.');
  return parametersOf(
    matrix,
    recipe,
    runs.sort((a, b) => a.first - b.first),
  );
}

const workerFile = new URL(
  import.meta.url.endsWith('.ts') ? './solve-worker.ts' : './solve-worker.js',
  import.meta.url,
);

/** One worker's life. When it fails, the others are told to stop. */
async function shareOf(task: SolveTask, keepRun: (run: SolvedRun) => void, stop: () => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const worker = new Worker(workerFile, { workerData: task });
  worker.on('message', (answer: SolveAnswer) => {
    if (answer.kind === 'run') return keepRun(answer.run);
    stop();
    reject(new LearningError(answer.code, answer.message, answer.remedy));
  });
  worker.on('error', (error) => {
    stop();
    reject(error);
  });
  worker.on('exit', () => resolve());
  return promise;
}
