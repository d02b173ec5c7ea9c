/**
 * The inner system of local ridge in WebAssembly SIMD: the same bytes as the plain solver at many times its speed. Loading the committed
 * `.wasm` is the one file that this room reads. Called by the solve workers and by `solveLocalRidge` where one thread is enough.
 */
import { readFileSync } from 'node:fs';
import type { SystemSolver } from '../internal/target-solver.ts';

/** What assembly/local-ridge.ts exports. */
interface KernelExports {
  memory: WebAssembly.Memory;
  solve(system: number, stride: number, size: number, floors: number, weights: number): 0 | 1;
}

const pageBytes = 65_536;
const numberBytes = 8;
let compiled: WebAssembly.Module | undefined;

/**
 * A solver for systems of up to `sizeMax` unknowns, with memory of its own.
 *
 * Guarantee: equal to `plainSystem` in every bit of every answer (kernel-system.test.ts).
 * Cost: k³/6 multiply-adds, about 0.2 ms at k = 200; 8 k² bytes.
 */
export function kernelSystem(sizeMax: number): SystemSolver {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./local-ridge.wasm', import.meta.url)));
  const kernel = new WebAssembly.Instance(compiled).exports as unknown as KernelExports; // Its source declares just these.
  // Rows and columns in whole panels of four, with the right side as one more row.
  const stride = Math.ceil((sizeMax + 1) / 4) * 4;
  const lengths = { system: stride * stride, floors: stride, weights: stride };
  const bytes = (lengths.system + lengths.floors + lengths.weights) * numberBytes;
  kernel.memory.grow(Math.ceil(bytes / pageBytes));
  const { buffer } = kernel.memory;
  const floorsAt = lengths.system * numberBytes;
  const weightsAt = floorsAt + lengths.floors * numberBytes;
  const weights = new Float64Array(buffer, weightsAt, lengths.weights);
  return {
    system: new Float64Array(buffer, 0, lengths.system),
    shape: { stride, panel: 4 },
    floors: new Float64Array(buffer, floorsAt, lengths.floors),
    solve: (size) => (kernel.solve(0, stride, size, floorsAt, weightsAt) === 1 ? weights.subarray(0, size) : null),
  };
}
