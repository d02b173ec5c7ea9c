import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { plainSystem } from '../internal/plain-system.ts';
import { systemRow } from '../internal/solve-matrix.ts';
import type { SystemSolver } from '../internal/target-solver.ts';
import { seededRandom } from '../seeded-random.ts';
import { kernelSystem } from './kernel-system.ts';

// The compiler takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const sizeMax = 70;
const kernel = kernelSystem(sizeMax);
const plain = plainSystem(sizeMax);

/** The bits of the answer, so that also a wrong sign of zero would be seen; null when a pivot was refused. */
function answerOf(solver: SystemSolver, size: number, seed: number, scale: number): string | null {
  const random = seededRandom(seed);
  const put = (row: number, column: number, value: number): void => {
    solver.system[systemRow(row, solver.shape) + column * solver.shape.panel] = value;
  };
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < row; column++) put(row, column, Math.floor(random() * 50));
    put(row, row, 50 * scale + Math.floor(random() * 50));
    put(size, row, Math.floor(random() * 40));
    solver.floors[row] = 5;
  }
  const answer = solver.solve(size);
  return answer === null ? null : Buffer.from(answer.slice().buffer).toString('hex');
}

test('the kernel gives the bits of the plain solver, for every size, also when a pivot is refused', () => {
  const size = fc.integer({ min: 0, max: sizeMax });
  const scale = fc.constantFrom(0.2, 1, 4, 30);
  let refused = 0;
  fc.assert(
    fc.property(size, fc.nat(), scale, (unknowns, seed, dominance) => {
      const expected = answerOf(plain, unknowns, seed, dominance);
      if (expected === null) refused++;
      expect(answerOf(kernel, unknowns, seed, dominance)).toBe(expected);
    }),
    { numRuns: 1000 },
  );
  expect(refused).toBeGreaterThan(50);
});

test('a system of one unknown is a division', () => {
  for (const solver of [plain, kernel]) {
    solver.system[0] = 16;
    solver.system[systemRow(1, solver.shape)] = 8;
    solver.floors[0] = 1;
    expect(solver.solve(1)?.[0]).toBe(0.5);
  }
});

describe('what is not a number', () => {
  test.each([Number.NaN, -1, 0, -Infinity])('a pivot of %d is refused', (pivot) => {
    for (const solver of [plain, kernel]) {
      solver.system[0] = pivot;
      solver.system[systemRow(1, solver.shape)] = 1;
      solver.floors[0] = 0.1;
      expect(solver.solve(1)).toBe(null);
    }
  });
});

test('the committed kernel is what its source compiles to, byte for byte, and has no relaxed instruction', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kernel-'));
  try {
    const compiled = path.join(folder, 'local-ridge.wasm');
    const text = path.join(folder, 'local-ridge.wat');
    const source = path.join(import.meta.dirname, 'assembly', 'local-ridge.ts');
    const compiler = path.join(import.meta.dirname, '../../../node_modules/assemblyscript/bin/asc.js');
    const settings = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'simd', '--use', 'abort='];
    execFileSync(process.execPath, [compiler, path.basename(source), '-o', compiled, '--textFile', text, ...settings], {
      cwd: path.dirname(source),
    });
    expect(readFileSync(compiled).equals(readFileSync(path.join(import.meta.dirname, 'local-ridge.wasm')))).toBe(true);
    const instructions = readFileSync(text, 'utf8');
    expect(instructions).toContain('f64x2.mul');
    expect(instructions).not.toMatch(/relaxed|fma|madd/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
