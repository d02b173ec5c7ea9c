/**
 * The inner system of local ridge in WebAssembly SIMD, compiled by AssemblyScript to ../local-ridge.wasm. For each number of the factor it
 * does the same operations in the same order as the plain solver (internal/plain-system.ts), two rows a vector, so the bytes are the same:
 * no relaxed instruction, no fused multiply-add, no sum whose order depends on the width of a vector.
 *
 * A matrix lies in panels of four rows: row i, column j at (i >> 2)·4·stride + 4·j + (i & 3). So the four numbers that a step of the inner
 * loop needs from each side lie together, and panels are walked from front to back.
 */

const number: usize = 8;

/**
 * Solves one system in place. Rows 0 … size − 1 hold the lower triangle of the matrix, row `size` the right side. `floors` holds the least
 * pivot that is accepted in each column; `weights` receives the answer. Returns 1, or 0 when a pivot falls below its floor or is not a number.
 */
export function solve(system: usize, stride: i32, size: i32, floors: usize, weights: usize): i32 {
  if (!factorise(system, stride, size, floors)) return 0;
  substitute(system, stride, size, weights);
  return 1;
}

function factorise(system: usize, stride: i32, size: i32, floors: usize): bool {
  const panelBytes = <usize>stride * 4 * number;
  const lastPanel = size >> 2;
  for (let column = 0; column < size; column += 4) {
    const diagonal = system + <usize>(column >> 2) * panelBytes;
    updateTile(diagonal, diagonal, column);
    if (!finishDiagonal(diagonal + <usize>column * 4 * number, column, size, floors)) return false;
    for (let panel = (column >> 2) + 1; panel <= lastPanel; panel++) {
      const rows = system + <usize>panel * panelBytes;
      updateTile(rows, diagonal, column);
      finishTile(rows + <usize>column * 4 * number, diagonal + <usize>column * 4 * number);
    }
  }
  return true;
}

/** Takes the products of all earlier columns out of a tile of four rows and four columns. */
// @ts-ignore: decorator
@inline
function updateTile(rows: usize, diagonal: usize, column: i32): void {
  const tile = rows + <usize>column * 4 * number;
  let a0 = v128.load(tile, 0);
  let a1 = v128.load(tile, 16);
  let b0 = v128.load(tile, 32);
  let b1 = v128.load(tile, 48);
  let c0 = v128.load(tile, 64);
  let c1 = v128.load(tile, 80);
  let d0 = v128.load(tile, 96);
  let d1 = v128.load(tile, 112);
  let other = diagonal;
  for (let at = rows; at < tile; at += 32) {
    const upper = v128.load(at, 0);
    const lower = v128.load(at, 16);
    const a = v128.load_splat<f64>(other, 0);
    a0 = f64x2.sub(a0, f64x2.mul(upper, a));
    a1 = f64x2.sub(a1, f64x2.mul(lower, a));
    const b = v128.load_splat<f64>(other, 8);
    b0 = f64x2.sub(b0, f64x2.mul(upper, b));
    b1 = f64x2.sub(b1, f64x2.mul(lower, b));
    const c = v128.load_splat<f64>(other, 16);
    c0 = f64x2.sub(c0, f64x2.mul(upper, c));
    c1 = f64x2.sub(c1, f64x2.mul(lower, c));
    const d = v128.load_splat<f64>(other, 24);
    d0 = f64x2.sub(d0, f64x2.mul(upper, d));
    d1 = f64x2.sub(d1, f64x2.mul(lower, d));
    other += 32;
  }
  v128.store(tile, a0, 0);
  v128.store(tile, a1, 16);
  v128.store(tile, b0, 32);
  v128.store(tile, b1, 48);
  v128.store(tile, c0, 64);
  v128.store(tile, c1, 80);
  v128.store(tile, d0, 96);
  v128.store(tile, d1, 112);
}

/** Cholesky within the four rows of the diagonal; reciprocal pivots stay on it. The right side may be one of the four rows. */
function finishDiagonal(tile: usize, column: i32, size: i32, floors: usize): bool {
  const columns = min(4, size - column);
  const rows = min(4, size + 1 - column);
  for (let j = 0; j < columns; j++) {
    for (let i = j; i < rows; i++) {
      let rest = entry(tile, i, j);
      for (let at = 0; at < j; at++) rest -= entry(tile, i, at) * entry(tile, j, at);
      if (i == j) {
        // Written so that a pivot that is not a number fails too.
        if (!(rest >= load<f64>(floors + <usize>(column + j) * number))) return false;
        rest = 1.0 / Math.sqrt(rest);
      } else {
        rest = rest * entry(tile, j, j);
      }
      store<f64>(tile + <usize>(j * 4 + i) * number, rest);
    }
  }
  return true;
}

// @ts-ignore: decorator
@inline
function entry(tile: usize, row: i32, column: i32): f64 {
  return load<f64>(tile + <usize>(column * 4 + row) * number);
}

/** Takes the products of the tile's own columns out of four rows below the diagonal, and divides. */
// @ts-ignore: decorator
@inline
function finishTile(tile: usize, diagonal: usize): void {
  const pivotA = v128.load_splat<f64>(diagonal, 0);
  const a0 = f64x2.mul(v128.load(tile, 0), pivotA);
  const a1 = f64x2.mul(v128.load(tile, 16), pivotA);

  const ba = v128.load_splat<f64>(diagonal, 8);
  const pivotB = v128.load_splat<f64>(diagonal, 40);
  const b0 = f64x2.mul(f64x2.sub(v128.load(tile, 32), f64x2.mul(a0, ba)), pivotB);
  const b1 = f64x2.mul(f64x2.sub(v128.load(tile, 48), f64x2.mul(a1, ba)), pivotB);

  const ca = v128.load_splat<f64>(diagonal, 16);
  const cb = v128.load_splat<f64>(diagonal, 48);
  const pivotC = v128.load_splat<f64>(diagonal, 80);
  const c0 = f64x2.mul(f64x2.sub(f64x2.sub(v128.load(tile, 64), f64x2.mul(a0, ca)), f64x2.mul(b0, cb)), pivotC);
  const c1 = f64x2.mul(f64x2.sub(f64x2.sub(v128.load(tile, 80), f64x2.mul(a1, ca)), f64x2.mul(b1, cb)), pivotC);

  const da = v128.load_splat<f64>(diagonal, 24);
  const db = v128.load_splat<f64>(diagonal, 56);
  const dc = v128.load_splat<f64>(diagonal, 88);
  const pivotD = v128.load_splat<f64>(diagonal, 120);
  const d0 = f64x2.mul(
    f64x2.sub(f64x2.sub(f64x2.sub(v128.load(tile, 96), f64x2.mul(a0, da)), f64x2.mul(b0, db)), f64x2.mul(c0, dc)),
    pivotD,
  );
  const d1 = f64x2.mul(
    f64x2.sub(f64x2.sub(f64x2.sub(v128.load(tile, 112), f64x2.mul(a1, da)), f64x2.mul(b1, db)), f64x2.mul(c1, dc)),
    pivotD,
  );

  v128.store(tile, a0, 0);
  v128.store(tile, a1, 16);
  v128.store(tile, b0, 32);
  v128.store(tile, b1, 48);
  v128.store(tile, c0, 64);
  v128.store(tile, c1, 80);
  v128.store(tile, d0, 96);
  v128.store(tile, d1, 112);
}

/** Solves with the factor transposed, from the last row up; what a row explains is taken out of all rows above it, highest row first. */
function substitute(system: usize, stride: i32, size: i32, weights: usize): void {
  const panelBytes = <usize>stride * 4 * number;
  const side = system + <usize>(size >> 2) * panelBytes + <usize>(size & 3) * number;
  for (let place = 0; place < size; place++) {
    store<f64>(weights + <usize>place * number, load<f64>(side + <usize>place * 4 * number));
  }
  for (let panel = (size - 1) >> 2; panel >= 0; panel--) {
    const rows = system + <usize>panel * panelBytes;
    const first = panel * 4;
    const rowCount = min(4, size - first);
    for (let row = rowCount - 1; row >= 0; row--) {
      const at = rows + <usize>row * number;
      const place = weights + <usize>(first + row) * number;
      const weight = load<f64>(place) * load<f64>(at + <usize>(first + row) * 4 * number);
      store<f64>(place, weight);
      // The last panel, when it is not full, is walked row by row to the top; a full one only to its own first row.
      for (let above = rowCount == 4 ? first : 0; above < first + row; above++) {
        const there = weights + <usize>above * number;
        store<f64>(there, load<f64>(there) - load<f64>(at + <usize>above * 4 * number) * weight);
      }
    }
    if (rowCount < 4) continue;
    const a = load<f64>(weights + <usize>first * number);
    const b = load<f64>(weights + <usize>(first + 1) * number);
    const c = load<f64>(weights + <usize>(first + 2) * number);
    const d = load<f64>(weights + <usize>(first + 3) * number);
    let at = rows;
    for (let above = 0; above < first; above++) {
      const there = weights + <usize>above * number;
      let rest = load<f64>(there);
      rest -= load<f64>(at, 24) * d;
      rest -= load<f64>(at, 16) * c;
      rest -= load<f64>(at, 8) * b;
      rest -= load<f64>(at, 0) * a;
      store<f64>(there, rest);
      at += 32;
    }
  }
}
