/** The worker thread of `solveInWorkers`: takes runs of items until none is left, and posts what it found. */
import { parentPort, workerData } from 'node:worker_threads';
import type { PackedMatrix } from '../internal/solve-matrix.ts';
import { TargetSolver, runLength, type SolvedRun } from '../internal/target-solver.ts';
import { LearningError, type LearningErrorCode } from '../learning-error.ts';
import type { LocalRidgeRecipe } from '../recipe.ts';
import { kernelSystem } from './kernel-system.ts';

export interface SolveTask {
  matrix: PackedMatrix;
  recipe: LocalRidgeRecipe;
  /** The first item that no worker has taken yet, shared by all; past the last item to make them stop. */
  next: Int32Array;
}

export type SolveAnswer =
  | { kind: 'run'; run: SolvedRun }
  | { kind: 'refused'; code: LearningErrorCode; message: string; remedy: string };

function solveShare({ matrix, recipe, next }: SolveTask, post: (answer: SolveAnswer) => void): void {
  const solver = new TargetSolver(matrix, recipe, kernelSystem(TargetSolver.sizeMax(matrix, recipe)));
  try {
    for (;;) {
      const first = Atomics.add(next, 0, runLength);
      if (first >= matrix.items.length) return;
      post({ kind: 'run', run: solver.solveRun(first) });
    }
  } catch (error) {
    if (!(error instanceof LearningError)) throw error;
    // An error's class does not survive the way between threads; its parts do.
    post({ kind: 'refused', code: error.code, message: error.message, remedy: error.remedy });
  }
}

const port = parentPort;
if (port !== null) solveShare(workerData as SolveTask, (answer) => port.postMessage(answer)); // As solveInWorkers starts it.
