/**
 * Gives items that too few people have had a place among those that the model knows, through what the catalogue says about them. What it
 * returns scores and explains like any parameters; the caller marks the placed items as such. Called when a version is published.
 */
import type { LocalRidgeParameters } from './local-ridge.ts';
import { BestPositions } from './internal/best-positions.ts';

/** What the catalogue says about an item: category, supplier and the like, by name. */
export interface CatalogueItem {
  item: number;
  attributes: Readonly<Record<string, string | null | undefined>>;
}

export interface PlacementOptions {
  /** How many items a newcomer takes after at most. */
  likeMax?: number;
  /** How many weights a newcomer keeps at most: the largest. */
  keep?: number;
}

/**
 * Adds the newcomers to the parameters.
 *
 * Guarantee: deterministic; what the model knew keeps its numbers; a newcomer that shares no attribute with anything is left out
 * (new-items.test.ts).
 * Formula: a newcomer takes after the known items that share most attributes with it, ties to lower numbers; its baseline and weights are
 * the means of theirs, rounded.
 * Cost: newcomers × known items, and the weights of those they take after.
 * Limits: item numbers that the model knows already are not newcomers and are passed over.
 */
export function placeNewItems(
  parameters: LocalRidgeParameters,
  catalogue: { known: readonly CatalogueItem[]; newcomers: readonly CatalogueItem[] },
  { likeMax = 20, keep = 100 }: PlacementOptions = {},
): { parameters: LocalRidgeParameters; placed: Int32Array } {
  const positions = new Map<number, number>();
  parameters.items.forEach((item, position) => positions.set(item, position));
  const known = catalogue.known.filter(({ item }) => positions.has(item)).toSorted((a, b) => a.item - b.item);
  const newcomers = new Map<number, Row>();
  for (const newcomer of catalogue.newcomers) {
    if (positions.has(newcomer.item)) continue;
    const like = itemsLike(newcomer, known, likeMax).map((item) => positions.get(item) ?? 0);
    if (like.length > 0) newcomers.set(newcomer.item, meanRow(parameters, like, keep));
  }
  const items = Int32Array.from([...parameters.items, ...newcomers.keys()]).sort();
  const rows = Array.from(items, (item) => newcomers.get(item) ?? rowOf(parameters, positions.get(item) ?? 0));
  const starts = new Uint32Array(items.length + 1);
  rows.forEach(({ neighbours }, at) => (starts[at + 1] = (starts[at] ?? 0) + neighbours.length));
  const total = starts[items.length] ?? 0;
  const neighbours = new Int32Array(total);
  const weights = new Int32Array(total);
  rows.forEach((row, at) => {
    neighbours.set(row.neighbours, starts[at]);
    weights.set(row.weights, starts[at]);
  });
  return {
    parameters: {
      weightBits: parameters.weightBits,
      items,
      baselines: Int32Array.from(rows, ({ baseline }) => baseline),
      starts,
      neighbours,
      weights,
    },
    placed: Int32Array.from(newcomers.keys()).sort(),
  };
}

interface Row {
  baseline: number;
  neighbours: Int32Array;
  weights: Int32Array;
}

function rowOf({ baselines, starts, neighbours, weights }: LocalRidgeParameters, position: number): Row {
  const [start = 0, end = 0] = starts.subarray(position, position + 2);
  return {
    baseline: baselines[position] ?? 0,
    neighbours: neighbours.subarray(start, end),
    weights: weights.subarray(start, end),
  };
}

/** The known items that share most attributes, and at least one, with the newcomer. */
function itemsLike(newcomer: CatalogueItem, known: readonly CatalogueItem[], likeMax: number): number[] {
  const best = new BestPositions(likeMax);
  known.forEach(({ attributes }, place) => {
    const shared = Object.entries(newcomer.attributes).filter(
      ([name, value]) =>
        typeof value === 'string' && value !== '' && Object.hasOwn(attributes, name) && attributes[name] === value,
    ).length;
    if (shared > 0 && best.wouldTake(shared, place)) best.take(shared, place);
  });
  return Array.from(best.ascending(), (place) => known[place]?.item ?? 0);
}

function meanRow(parameters: LocalRidgeParameters, like: readonly number[], keep: number): Row {
  const totals = new Map<number, number>();
  let baseline = 0;
  for (const position of like) {
    const row = rowOf(parameters, position);
    baseline += row.baseline;
    row.neighbours.forEach((neighbour, at) =>
      totals.set(neighbour, (totals.get(neighbour) ?? 0) + (row.weights[at] ?? 0)),
    );
  }
  const candidates = [...totals.keys()].sort((a, b) => a - b);
  const best = new BestPositions(keep);
  candidates.forEach((neighbour, place) => {
    const size = Math.abs(rounded(totals.get(neighbour) ?? 0, like.length));
    if (size > 0 && best.wouldTake(size, place)) best.take(size, place);
  });
  const neighbours = best.ascending().map((place) => candidates[place] ?? 0);
  return {
    baseline: rounded(baseline, like.length),
    neighbours,
    weights: neighbours.map((neighbour) => rounded(totals.get(neighbour) ?? 0, like.length)),
  };
}

function rounded(total: number, count: number): number {
  return Math.floor(total / count + 0.5);
}
