/**
 * The thread in which sums live and are solved, so that a solve of seconds never keeps a request waiting. It knows no database and nobody's id:
 * rows of item numbers go in, parameters come out. `SolveThread` in `thread.ts` is its other end.
 */
import { parentPort } from 'node:worker_threads';
import { CoOccurrence } from '../../learning/co-occurrence.ts';
import { solveSoonest } from '../../learning/kernels/solve-soonest.ts';
import { encodeParameters, parametersDigest } from '../../learning/local-ridge.ts';
import type { LocalRidgeRecipe } from '../../learning/recipe.ts';

/** Contributions laid end to end: row r is `items[starts[r]]` up to `items[starts[r + 1]]`; an empty row is none. */
export interface PackedRows {
  readonly starts: Uint32Array;
  readonly items: Int32Array;
}

export type ThreadRequest =
  | { readonly kind: 'clear' }
  | { readonly kind: 'add'; readonly rows: PackedRows }
  | { readonly kind: 'change'; readonly removed: PackedRows; readonly added: PackedRows }
  | { readonly kind: 'solve'; readonly recipe: LocalRidgeRecipe };

export interface Solved {
  readonly parameters: Uint8Array;
  readonly digest: string;
  readonly items: number;
  readonly people: number;
  readonly milliseconds: number;
}

export type ThreadAnswer =
  | { readonly id: number; readonly done: true; readonly solved?: Solved }
  | { readonly id: number; readonly failed: string }
  | { readonly id: number; readonly progress: { readonly done: number; readonly total: number } };

let sums = new CoOccurrence();

parentPort?.on('message', ({ id, request }: { id: number; request: ThreadRequest }) => {
  obey(id, request).then(
    (solved) => answer(solved === undefined ? { id, done: true } : { id, done: true, solved }),
    (error: unknown) => answer({ id, failed: error instanceof Error ? error.message : String(error) }),
  );
});

async function obey(id: number, request: ThreadRequest): Promise<Solved | undefined> {
  switch (request.kind) {
    case 'clear':
      sums = new CoOccurrence();
      return undefined;
    case 'add':
      for (const row of rowsOf(request.rows)) if (row.length > 0) sums.add(row);
      return undefined;
    case 'change':
      for (const row of rowsOf(request.added)) if (row.length > 0) sums.add(row);
      for (const row of rowsOf(request.removed)) if (row.length > 0) sums.subtract(row);
      return undefined;
    case 'solve': {
      const begun = performance.now();
      const { people } = sums;
      const onProgress = (progress: { done: number; total: number }): void => answer({ id, progress });
      const parameters = await solveSoonest(sums, request.recipe, { onProgress });
      return {
        parameters: encodeParameters(parameters),
        digest: parametersDigest(parameters),
        items: parameters.items.length,
        people,
        milliseconds: performance.now() - begun,
      };
    }
    default:
      return request satisfies never;
  }
}

function* rowsOf({ starts, items }: PackedRows): Generator<Int32Array> {
  for (let row = 0; row + 1 < starts.length; row += 1) yield items.subarray(starts[row], starts[row + 1]);
}

function answer(message: ThreadAnswer): void {
  parentPort?.postMessage(message);
}
