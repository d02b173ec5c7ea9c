import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { eigenpairsAbove } from './largest-eigenpairs.ts';

/** A symmetric matrix with the given eigenvalues, turned by plane rotations that a list of angles decides. */
function turned(values: readonly number[], angles: readonly number[]): Float64Array {
  const size = values.length;
  const matrix = new Float64Array(size * size);
  for (const [at, value] of values.entries()) matrix[at * size + at] = value;
  let turn = 0;
  for (let a = 0; a < size; a++) {
    for (let b = a + 1; b < size; b++) {
      const angle = angles[turn++ % angles.length] ?? 0;
      const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
      for (let at = 0; at < size; at++) {
        const [left, right] = [matrix[at * size + a] ?? 0, matrix[at * size + b] ?? 0];
        matrix[at * size + a] = cosine * left - sine * right;
        matrix[at * size + b] = sine * left + cosine * right;
      }
      for (let at = 0; at < size; at++) {
        const [left, right] = [matrix[a * size + at] ?? 0, matrix[b * size + at] ?? 0];
        matrix[a * size + at] = cosine * left - sine * right;
        matrix[b * size + at] = sine * left + cosine * right;
      }
    }
  }
  return matrix;
}

test('finds every eigenvalue above the bound, and vectors that the matrix only stretches', () => {
  const value = fc.double({ min: -100, max: 100, noNaN: true });
  const angle = fc.double({ min: -3, max: 3, noNaN: true });
  fc.assert(
    fc.property(
      fc.uniqueArray(value, { minLength: 1, maxLength: 40, selector: (x) => Math.round(x) }),
      fc.array(angle, { minLength: 1, maxLength: 20 }),
      (values, angles) => {
        const [size, bound] = [values.length, 9.3];
        const matrix = turned(values, angles);
        const found = eigenpairsAbove({ matrix, size, bound });
        const expected = values.filter((one) => one > bound).toSorted((a, b) => b - a);
        expect(found.values).toHaveLength(expected.length);
        for (const [rank, one] of expected.entries()) {
          expect(Math.abs((found.values[rank] ?? 0) - one)).toBeLessThan(1e-4);
          const vector = found.vectors.subarray(rank * size, (rank + 1) * size);
          expect(Math.abs(vector.reduce((sum, x) => sum + x * x, 0) - 1)).toBeLessThan(1e-9);
          for (let row = 0; row < size; row++) {
            let stretched = 0;
            for (let at = 0; at < size; at++) stretched += (matrix[row * size + at] ?? 0) * (vector[at] ?? 0);
            expect(Math.abs(stretched - one * (vector[row] ?? 0))).toBeLessThan(1e-3);
          }
        }
      },
    ),
  );
});

test('a matrix without any value above the bound has none, and one of a single cell is its own', () => {
  expect(eigenpairsAbove({ matrix: new Float64Array(9), size: 3, bound: 1 }).values).toHaveLength(0);
  const one = eigenpairsAbove({ matrix: Float64Array.of(5), size: 1, bound: 1 });
  expect([...one.values, ...one.vectors]).toEqual([5, 1]);
});
