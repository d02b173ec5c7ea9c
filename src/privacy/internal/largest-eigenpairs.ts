/**
 * The eigenvalues of a symmetric matrix above a bound, with their vectors, called by `released-sums.ts`. Plain additions, multiplications,
 * divisions and square roots in a fixed order, so that every machine gives the same bytes.
 */

export interface Eigenpairs {
  values: Float64Array;
  /** One vector after the other, each of length 1. */
  vectors: Float64Array;
}

/**
 * Formula: Lanczos' recurrence with every new vector made orthogonal to all before it, twice, until each value above the bound has a
 * residual below 10⁻⁶ of the bound; then implicit QL on the tridiagonal matrix.
 * Source: Lanczos 1950; Parlett 1998, "The symmetric eigenvalue problem", chapters 8 and 13.
 * Cost: s n² + 2 s² n multiply-adds for s steps, s about three times the number of values found.
 * Limits: values that occur more than once are found once; noise makes that impossible here. `matrix` is n × n, by rows.
 */
export function eigenpairsAbove(options: { matrix: Float64Array; size: number; bound: number }): Eigenpairs {
  const { matrix, size, bound } = options;
  const basis: Float64Array[] = [startOf(size)];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  for (;;) {
    const step = diagonal.length;
    const current = basis[step] ?? new Float64Array(size);
    const next = productOf(matrix, current);
    diagonal.push(dot(next, current));
    for (let round = 0; round < 2; round++) for (const earlier of basis) addScaled(next, earlier, -dot(next, earlier));
    const length = Math.sqrt(dot(next, next));
    const isWhole = diagonal.length === size || length < 1e-12 * Math.abs(bound);
    if (isWhole || diagonal.length % 32 === 0) {
      const last = lastRowOf(diagonal, offDiagonal);
      const isFound = last.values.every(
        (value, at) => value <= bound || Math.abs(length * (last.rows[at] ?? 0)) < 1e-6 * bound,
      );
      if (isWhole || isFound) return assembled({ basis, diagonal, offDiagonal, size, bound });
    }
    offDiagonal.push(length);
    for (let at = 0; at < size; at++) next[at] = (next[at] ?? 0) / length;
    basis.push(next);
  }
}

/** Any start will do that no eigenvector is orthogonal to; this one leans to no side. */
function startOf(size: number): Float64Array {
  const start = Float64Array.from({ length: size }, (_, at) => 1 + ((at * 7919) % 1013) / 1013);
  const length = Math.sqrt(dot(start, start));
  return start.map((value) => value / length);
}

function assembled(found: {
  basis: readonly Float64Array[];
  diagonal: readonly number[];
  offDiagonal: readonly number[];
  size: number;
  bound: number;
}): Eigenpairs {
  const { basis, diagonal, offDiagonal, size, bound } = found;
  const steps = diagonal.length;
  const rotations = new Float64Array(steps * steps);
  for (let at = 0; at < steps; at++) rotations[at * steps + at] = 1;
  const values = implicitQl(diagonal, offDiagonal, rotations, steps);
  const above = [...values.keys()]
    .filter((at) => (values[at] ?? 0) > bound)
    .toSorted((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const vectors = new Float64Array(above.length * size);
  for (const [rank, at] of above.entries()) {
    const vector = vectors.subarray(rank * size, (rank + 1) * size);
    for (let step = 0; step < steps; step++) {
      addScaled(vector, basis[step] ?? vector, rotations[at * steps + step] ?? 0);
    }
  }
  return { values: Float64Array.from(above, (at) => values[at] ?? 0), vectors };
}

/** The eigenvalues of the tridiagonal matrix, and the last entry of each of its eigenvectors. */
function lastRowOf(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
): { values: Float64Array; rows: Float64Array } {
  const rows = new Float64Array(diagonal.length);
  rows[diagonal.length - 1] = 1;
  return { values: implicitQl(diagonal, offDiagonal, rows, 1), rows };
}

/**
 * The eigenvalues of a symmetric tridiagonal matrix, by QL with implicit shifts. Each rotation of neighbours i and i + 1 is applied to
 * `rotated`, where `width` numbers belong to each: an identity becomes the eigenvectors, one of its columns becomes that row of theirs.
 */
function implicitQl(
  diagonal: readonly number[],
  offDiagonal: readonly number[],
  rotated: Float64Array,
  width: number,
): Float64Array {
  const size = diagonal.length;
  const d = Float64Array.from(diagonal);
  const e = new Float64Array(size);
  e.set(offDiagonal.slice(0, size - 1));
  for (let low = 0; low < size; low++) {
    for (;;) {
      let split = low;
      while (
        split < size - 1 &&
        Math.abs(e[split] ?? 0) > 2 ** -52 * (Math.abs(d[split] ?? 0) + Math.abs(d[split + 1] ?? 0))
      )
        split++;
      if (split === low) break;
      const half = ((d[low + 1] ?? 0) - (d[low] ?? 0)) / (2 * (e[low] ?? 0));
      const root = Math.sqrt(half * half + 1);
      let g = (d[split] ?? 0) - (d[low] ?? 0) + (e[low] ?? 0) / (half + (half < 0 ? -root : root));
      let [sine, cosine, p] = [1, 1, 0];
      let at = split - 1;
      for (; at >= low; at--) {
        const f = sine * (e[at] ?? 0);
        const b = cosine * (e[at] ?? 0);
        const length = Math.sqrt(f * f + g * g);
        e[at + 1] = length;
        if (length === 0) {
          d[at + 1] = (d[at + 1] ?? 0) - p;
          e[split] = 0;
          break;
        }
        sine = f / length;
        cosine = g / length;
        g = (d[at + 1] ?? 0) - p;
        const r = ((d[at] ?? 0) - g) * sine + 2 * cosine * b;
        p = sine * r;
        d[at + 1] = g + p;
        g = cosine * r - b;
        rotate(rotated, { first: at * width, second: (at + 1) * width, width, sine, cosine });
      }
      if (at >= low) continue;
      d[low] = (d[low] ?? 0) - p;
      e[low] = g;
      e[split] = 0;
    }
  }
  return d;
}

function rotate(
  rotated: Float64Array,
  turn: { first: number; second: number; width: number; sine: number; cosine: number },
): void {
  const { first, second, width, sine, cosine } = turn;
  for (let at = 0; at < width; at++) {
    const [left, right] = [rotated[first + at] ?? 0, rotated[second + at] ?? 0];
    rotated[second + at] = sine * left + cosine * right;
    rotated[first + at] = cosine * left - sine * right;
  }
}

function productOf(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length;
  const product = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    const start = row * size;
    let [a, b, c, d] = [0, 0, 0, 0];
    let at = 0;
    for (; at + 3 < size; at += 4) {
      a += matrix[start + at] * vector[at];
      b += matrix[start + at + 1] * vector[at + 1];
      c += matrix[start + at + 2] * vector[at + 2];
      d += matrix[start + at + 3] * vector[at + 3];
    }
    for (; at < size; at++) a += matrix[start + at] * vector[at];
    product[row] = a + b + (c + d);
  }
  return product;
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < left.length; at++) sum += left[at] * right[at];
  return sum;
}

function addScaled(target: Float64Array, vector: Float64Array, by: number): void {
  for (let at = 0; at < target.length; at++) target[at] = target[at] + by * vector[at];
}
