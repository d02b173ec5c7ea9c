/**
 * The sums as a solver sees them: only the items and pairs that enough people share, numbered 0, 1, 2 … in ascending order of item number.
 * Two layouts behind one face, after the two of the sums; both give the same numbers.
 */
import { requirePossible, type CoOccurrence } from '../co-occurrence.ts';
import { DenseTriangle, triangleRow } from './pair-store.ts';

export interface SolveMatrix {
  people: number;
  /** Item number of each position. */
  items: Int32Array;
  /** People with the item, for each position. */
  counts: Int32Array;
  /** Writes the pair counts of one position with every other: 0 where too few share them, and 0 with itself. */
  fillRow(position: number, row: Int32Array): void;
  /** Writes the pair counts of ascending positions with each other into the strict lower triangle of a matrix with `stride` numbers a row. */
  fillSystem(positions: Int32Array, system: Float64Array, stride: number): void;
}

/** The view of the sums under a recipe's `minPeople` and `items`. Throws `learning.impossible` when no people could have these sums. */
export function solveMatrixOf(
  sums: CoOccurrence,
  { minPeople, items }: { minPeople: number; items?: readonly number[] },
): SolveMatrix {
  requirePossible(sums);
  const present = Int32Array.from(items ?? sums.itemNumbers()).filter((item) => sums.count(item) >= minPeople);
  const counts = present.map((item) => sums.count(item));
  const shape = { people: sums.people, items: present, counts };
  const pairs = sums.pairs;
  return pairs instanceof DenseTriangle
    ? denseMatrix(shape, pairs.counts, minPeople)
    : sparseMatrix(shape, sums, minPeople);
}

type Shape = Pick<SolveMatrix, 'people' | 'items' | 'counts'>;

/** Reads the triangle of the sums in place; exported for workers, which get the same shared triangle. */
export function denseMatrix(shape: Shape, triangle: Int32Array, minPeople: number): SolveMatrix {
  const { items } = shape;
  return {
    ...shape,
    fillRow(position, row) {
      const item = items[position] ?? 0;
      const start = triangleRow(item);
      for (let other = 0; other < position; other++) {
        const count = triangle[start + (items[other] ?? 0)] ?? 0;
        row[other] = count >= minPeople ? count : 0;
      }
      row[position] = 0;
      for (let other = position + 1; other < items.length; other++) {
        const count = triangle[triangleRow(items[other] ?? 0) + item] ?? 0;
        row[other] = count >= minPeople ? count : 0;
      }
    },
    fillSystem(positions, system, stride) {
      for (let upper = 1; upper < positions.length; upper++) {
        const start = triangleRow(items[positions[upper] ?? 0] ?? 0);
        for (let lower = 0; lower < upper; lower++) {
          const count = triangle[start + (items[positions[lower] ?? 0] ?? 0)] ?? 0;
          system[upper * stride + lower] = count >= minPeople ? count : 0;
        }
      }
    },
  };
}

/** Compressed rows of the pairs that enough people share, both ways round. */
function sparseMatrix(shape: Shape, sums: CoOccurrence, minPeople: number): SolveMatrix {
  const { items } = shape;
  const positionOf = new Map<number, number>();
  items.forEach((item, position) => positionOf.set(item, position));
  const starts = new Uint32Array(items.length + 1);
  eachSharedPair(sums, minPeople, positionOf, (low, high) => {
    starts[low + 1] = (starts[low + 1] ?? 0) + 1;
    starts[high + 1] = (starts[high + 1] ?? 0) + 1;
  });
  for (let position = 0; position < items.length; position++) {
    starts[position + 1] = (starts[position + 1] ?? 0) + (starts[position] ?? 0);
  }
  const next = starts.slice();
  const others = new Int32Array(starts[items.length] ?? 0);
  const shared = new Int32Array(others.length);
  const put = (position: number, other: number, count: number): void => {
    const at = next[position] ?? 0;
    others[at] = other;
    shared[at] = count;
    next[position] = at + 1;
  };
  eachSharedPair(sums, minPeople, positionOf, (low, high, count) => {
    put(low, high, count);
    put(high, low, count);
  });
  // Where each position stands in the system being filled, or −1.
  const placeOf = new Int32Array(items.length).fill(-1);
  return {
    ...shape,
    fillRow(position, row) {
      row.fill(0);
      for (let at = starts[position] ?? 0; at < (starts[position + 1] ?? 0); at++)
        row[others[at] ?? 0] = shared[at] ?? 0;
    },
    fillSystem(positions, system, stride) {
      positions.forEach((position, place) => (placeOf[position] = place));
      positions.forEach((position, place) => {
        system.fill(0, place * stride, place * stride + place);
        for (let at = starts[position] ?? 0; at < (starts[position + 1] ?? 0); at++) {
          const lower = placeOf[others[at] ?? 0] ?? -1;
          if (lower >= 0 && lower < place) system[place * stride + lower] = shared[at] ?? 0;
        }
      });
      positions.forEach((position) => (placeOf[position] = -1));
    },
  };
}

function eachSharedPair(
  sums: CoOccurrence,
  minPeople: number,
  positionOf: ReadonlyMap<number, number>,
  visit: (low: number, high: number, count: number) => void,
): void {
  sums.pairs.forEach((lowItem, highItem, count) => {
    if (count < minPeople) return;
    const low = positionOf.get(lowItem);
    const high = positionOf.get(highItem);
    if (low !== undefined && high !== undefined) visit(low, high, count);
  });
}
