/**
 * The sums as a solver sees them: a copy of the items and pairs that enough people share, numbered 0, 1, 2 … in ascending order of item
 * number, in shared memory so that workers read it in place. Sums may change while a solve goes on; the copy does not.
 */
import { requirePossible, type CoOccurrence } from '../co-occurrence.ts';
import { LearningError } from '../learning-error.ts';
import { DenseTriangle, denseItemMax, triangleRow } from './pair-store.ts';

/** Passed to workers as it is. */
export interface PackedMatrix {
  people: number;
  /** Item number of each position. */
  items: Int32Array;
  /** People with the item, for each position. */
  counts: Int32Array;
  pairs: PackedTriangle | PackedRows;
}

/** Pair counts of position pairs in the order of `triangleRow`, 0 where too few people share them. */
export interface PackedTriangle {
  layout: 'triangle';
  counts: Int32Array;
}

/** For each position the ascending others that enough people share it with: compressed rows, each pair in both. */
export interface PackedRows {
  layout: 'rows';
  starts: Float64Array;
  others: Int32Array;
  counts: Int32Array;
}

/** Where a lower triangle is written: in panels of so many rows, a row's columns `panel` numbers apart. Plain rows are panels of one. */
export interface SystemShape {
  stride: number;
  panel: 1 | 4;
}

export interface MatrixReader {
  /** Writes the pair counts of `count` positions from `first` with every position, row after row; 0 with itself. */
  fillRows(first: number, count: number, rows: Int32Array): void;
  /** Writes the pair counts of ascending positions with each other, below the diagonal only. */
  fillSystem(positions: Int32Array, system: Float64Array, shape: SystemShape): void;
}

/** The items that enough people have, and how many. Throws `learning.impossible` when no people could have these sums. */
export function packItems(
  sums: CoOccurrence,
  { minPeople, items }: { minPeople: number; items?: readonly number[] },
): Omit<PackedMatrix, 'pairs'> {
  requirePossible(sums);
  const present = (items === undefined ? sums.itemNumbers() : Int32Array.from(items)).filter(
    (item) => sums.count(item) >= minPeople,
  );
  return { people: sums.people, items: present, counts: present.map((item) => sums.count(item)) };
}

/** Items and pairs. Below 20,000 items a triangle, above that compressed rows: the layout changes no number. */
export function packMatrix(
  sums: CoOccurrence,
  recipe: { minPeople: number; items?: readonly number[] },
  { triangleItemMax = denseItemMax }: { triangleItemMax?: number } = {},
): PackedMatrix {
  const packed = packItems(sums, recipe);
  const pairs =
    packed.items.length <= triangleItemMax
      ? packTriangle(sums, packed, recipe.minPeople)
      : packRows(sums, packed, recipe.minPeople);
  return { ...packed, pairs };
}

type Items = Pick<PackedMatrix, 'items' | 'counts'>;

function packTriangle(sums: CoOccurrence, packed: Items, minPeople: number): PackedTriangle {
  const { items } = packed;
  const counts = new Int32Array(new SharedArrayBuffer(triangleRow(items.length) * 4));
  if (!(sums.pairs instanceof DenseTriangle)) {
    eachSharedPair(sums, packed, minPeople, (low, high, count) => (counts[triangleRow(high) + low] = count));
    return { layout: 'triangle', counts };
  }
  const source = sums.pairs.counts;
  for (let high = 1; high < items.length; high++) {
    const from = triangleRow(items[high] ?? 0);
    const to = triangleRow(high);
    for (let low = 0; low < high; low++) {
      const count = source[from + (items[low] ?? 0)] ?? 0;
      if (count < minPeople) continue;
      requireShared(count, packed, low, high);
      counts[to + low] = count;
    }
  }
  return { layout: 'triangle', counts };
}

function packRows(sums: CoOccurrence, packed: Items, minPeople: number): PackedRows {
  const size = packed.items.length;
  const starts = new Float64Array(new SharedArrayBuffer((size + 1) * 8));
  eachSharedPair(sums, packed, minPeople, (low, high) => {
    starts[low + 1] = (starts[low + 1] ?? 0) + 1;
    starts[high + 1] = (starts[high + 1] ?? 0) + 1;
  });
  for (let position = 0; position < size; position++) {
    starts[position + 1] = (starts[position + 1] ?? 0) + (starts[position] ?? 0);
  }
  const length = starts[size] ?? 0;
  const others = new Int32Array(new SharedArrayBuffer(length * 4));
  const counts = new Int32Array(new SharedArrayBuffer(length * 4));
  const next = starts.slice();
  const put = (position: number, other: number, count: number): void => {
    const at = next[position] ?? 0;
    others[at] = other;
    counts[at] = count;
    next[position] = at + 1;
  };
  eachSharedPair(sums, packed, minPeople, (low, high, count) => {
    put(low, high, count);
    put(high, low, count);
  });
  return { layout: 'rows', starts, others, counts };
}

function eachSharedPair(
  sums: CoOccurrence,
  packed: Items,
  minPeople: number,
  visit: (low: number, high: number, count: number) => void,
): void {
  const positionOf = new Map<number, number>();
  packed.items.forEach((item, position) => positionOf.set(item, position));
  sums.pairs.forEach((lowItem, highItem, count) => {
    if (count < minPeople) return;
    const low = positionOf.get(lowItem);
    const high = positionOf.get(highItem);
    if (low === undefined || high === undefined) return;
    requireShared(count, packed, low, high);
    visit(low, high, count);
  });
}

function requireShared(count: number, { items, counts }: Items, low: number, high: number): void {
  if (count <= (counts[low] ?? 0) && count <= (counts[high] ?? 0)) return;
  throw new LearningError(
    'learning.impossible',
    `More people share the items ${items[low]} and ${items[high]} than have one of them`,
    'A change was applied twice or not at all: rebuild the sums from the contribution rows.',
  );
}

/** Reads a packed matrix; each worker makes its own. */
export function matrixReader(packed: PackedMatrix): MatrixReader {
  return packed.pairs.layout === 'triangle'
    ? triangleReader(packed.items.length, packed.pairs)
    : rowsReader(packed.items.length, packed.pairs);
}

function triangleReader(size: number, { counts }: PackedTriangle): MatrixReader {
  return {
    fillRows(first, count, rows) {
      for (let row = 0; row < count; row++) {
        const start = triangleRow(first + row);
        rows.set(counts.subarray(start, start + first + row), row * size);
        rows[row * size + first + row] = 0;
      }
      // The rest of the rows stands in columns: neighbouring positions share their cache lines.
      for (let other = first + 1; other < size; other++) {
        const start = triangleRow(other) + first;
        const end = Math.min(count, other - first);
        for (let row = 0; row < end; row++) rows[row * size + other] = counts[start + row] ?? 0;
      }
    },
    fillSystem(positions, system, { stride, panel }) {
      for (let upper = 1; upper < positions.length; upper++) {
        const from = triangleRow(positions[upper] ?? 0);
        let to = systemRow(upper, { stride, panel });
        for (let lower = 0; lower < upper; lower++) {
          system[to] = counts[from + (positions[lower] ?? 0)] ?? 0;
          to += panel;
        }
      }
    },
  };
}

function rowsReader(size: number, { starts, others, counts }: PackedRows): MatrixReader {
  // Where each position stands in the system being filled, or −1.
  const placeOf = new Int32Array(size).fill(-1);
  return {
    fillRows(first, count, rows) {
      rows.fill(0, 0, count * size);
      for (let row = 0; row < count; row++) {
        const end = starts[first + row + 1] ?? 0;
        for (let at = starts[first + row] ?? 0; at < end; at++) rows[row * size + (others[at] ?? 0)] = counts[at] ?? 0;
      }
    },
    fillSystem(positions, system, { stride, panel }) {
      positions.forEach((position, place) => (placeOf[position] = place));
      positions.forEach((position, upper) => {
        const to = systemRow(upper, { stride, panel });
        for (let lower = 0; lower < upper; lower++) system[to + lower * panel] = 0;
        const end = starts[position + 1] ?? 0;
        for (let at = starts[position] ?? 0; at < end; at++) {
          const other = others[at] ?? 0;
          // Others ascend and so do places: nothing past the diagonal is wanted.
          if (other >= position) break;
          const lower = placeOf[other] ?? -1;
          if (lower >= 0) system[to + lower * panel] = counts[at] ?? 0;
        }
      });
      positions.forEach((position) => (placeOf[position] = -1));
    },
  };
}

/** Where a row of a system begins. */
export function systemRow(row: number, { stride, panel }: SystemShape): number {
  return (row - (row % panel)) * stride + (row % panel);
}
