/**
 * One ridge system in plain doubles, one operation after the other in a fixed order. It is the definition that the fast kernel must equal
 * byte for byte: only + − × ÷ and square root, which IEEE 754 rounds the same way on every machine.
 */
import type { SystemSolver } from './target-solver.ts';

/** For systems of up to `sizeMax` unknowns. */
export function plainSystem(sizeMax: number): SystemSolver {
  const stride = sizeMax + 1;
  const system = new Float64Array(stride * stride);
  const floors = new Float64Array(sizeMax);
  return {
    system,
    shape: { stride, panel: 1 },
    floors,
    solve: (size) => (factorise({ system, stride, size, floors }) ? substitute(system, stride, size) : null),
  };
}

/**
 * Cholesky's factor in place, with reciprocal pivots on the diagonal; the row after the last becomes the forward-substituted right side.
 * False when a pivot is below its floor.
 */
function factorise(of: { system: Float64Array; stride: number; size: number; floors: Float64Array }): boolean {
  const { system, stride, size, floors } = of;
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
    // Written so that a pivot that is not a number fails too.
    if (!(pivot >= (floors[upper] ?? 0))) return false;
    system[row + upper] = 1 / Math.sqrt(pivot);
  }
  return true;
}

/** Solves with the factor transposed, from the last row up; what a row explains is taken out of all rows above it, highest row first. */
function substitute(system: Float64Array, stride: number, size: number): Float64Array {
  const weights = system.slice(size * stride, size * stride + size);
  for (let upper = size - 1; upper >= 0; upper--) {
    const row = upper * stride;
    const weight = (weights[upper] ?? 0) * (system[row + upper] ?? 0);
    weights[upper] = weight;
    for (let lower = 0; lower < upper; lower++) {
      weights[lower] = (weights[lower] ?? 0) - (system[row + lower] ?? 0) * weight;
    }
  }
  return weights;
}
