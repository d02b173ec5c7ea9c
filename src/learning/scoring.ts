/**
 * Scores a history with a solved model and says of each score what it is made of. Whole numbers only: the terms of a score add up to it
 * exactly, in any order and any language, so a decision can be replayed. Called by `deciding` and by `evaluate`.
 */
import { BestPositions } from './internal/best-positions.ts';
import { LearningError } from './learning-error.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { factorMax, factorOne, historyLengthMax } from './recipe.ts';

/** One reason for a score. */
export interface ScoreTerm {
  /** The item of the history that adds the points, or everyone: what the item starts from for anybody. */
  of: number | 'everyone';
  /** Whole, in units of 1 / `pointsPerOne`. */
  points: number;
}

export interface RankedItem {
  item: number;
  score: number;
}

/** With what the score is made of. */
export interface ScoredItem extends RankedItem {
  /** Everyone first, then the history's items ascending; terms of 0 points are left out. */
  terms: ScoreTerm[];
}

export interface ScoreOptions {
  /** How many items at most. */
  limit: number;
  /** Items that may not be suggested, beside those of the history. */
  exclude?: (item: number) => boolean;
  /** Whether items of the history may be suggested too. */
  includeHistory?: boolean;
  /** For each item of the history, how much it counts, in 256ths (`recencyFactor`); 256 each when absent. */
  factors?: ArrayLike<number>;
}

export interface Scorer {
  /** How many points make a score of one: 2^weightBits × 256. */
  pointsPerOne: number;
  /** The items with the highest scores, highest first; equal scores by item number, lowest first. */
  best: (history: Int32Array, options: ScoreOptions) => RankedItem[];
  /** The terms of the scores of some items, each of them once; they add up to what `best` gives for the same history and factors. */
  explain: (history: Int32Array, items: readonly number[], factors?: ScoreOptions['factors']) => ScoreTerm[][];
  /** Both for as many items. */
  score: (history: Int32Array, options: ScoreOptions) => ScoredItem[];
}

/**
 * Prepares parameters for scoring.
 *
 * Guarantee: equal to summing each item's terms one by one; terms add up to scores exactly (scoring.test.ts).
 * Formula: s_j = 256·baseline_j + Σ over i in the history of factorᵢ·wᵢⱼ.
 * Source: law 4, a decision is complete.
 * Cost: to prepare, one pass over the weights; to score, the weights that leave the history's items, beside what is returned.
 * Limits: a history is distinct item numbers, ascending; items that the model does not know add nothing. At most 8,000 items and
 * factors of 512, so that no score leaves the whole numbers of a double.
 */
export function scorer(parameters: LocalRidgeParameters): Scorer {
  const { items, baselines } = parameters;
  const { starts, targets, weights } = weightsBySource(parameters);
  const byBaseline = Int32Array.from(items.keys()).sort((a, b) => (baselines[b] ?? 0) - (baselines[a] ?? 0) || a - b);
  const everyone = Float64Array.from(baselines, (baseline) => baseline * factorOne);
  const positionOf = positionTable(items);
  // One call at a time uses these; each leaves them as it found them, at the cost of what it touched and not of the catalogue.
  const totals = new Float64Array(items.length);
  const states = new Int32Array(items.length);
  const touched = new Int32Array(items.length);

  function best(history: Int32Array, options: ScoreOptions): RankedItem[] {
    const { limit, includeHistory = false, factors } = options;
    requireHistory(history, factors);
    const sources = history.map(positionOf);
    if (!includeHistory) for (const source of sources) if (source >= 0) states[source] = barred;
    const touchedCount = addUp(sources, factors);
    try {
      const found = bestOf(touchedCount, Math.max(0, Math.min(limit, items.length)), options.exclude);
      return found.map(({ position, value }) => ({ item: items[position] ?? 0, score: value }));
    } finally {
      for (let at = 0; at < touchedCount; at++) states[touched[at] ?? 0] = untouched;
      for (const source of sources) if (source >= 0) states[source] = untouched;
    }
  }

  function score(history: Int32Array, options: ScoreOptions): ScoredItem[] {
    const ranked = best(history, options);
    const terms = explain(
      history,
      ranked.map(({ item }) => item),
      options.factors,
    );
    return ranked.map((one, rank) => ({ ...one, terms: terms[rank] ?? [] }));
  }

  /** Walks the weights of the history's items; returns how many items they reach. */
  function addUp(sources: Int32Array, factors: ScoreOptions['factors']): number {
    let touchedCount = 0;
    for (let place = 0; place < sources.length; place++) {
      const source = sources[place] ?? -1;
      if (source < 0) continue;
      const factor = factors?.[place] ?? factorOne;
      const end = starts[source + 1] ?? 0;
      for (let at = starts[source] ?? 0; at < end; at++) {
        const target = targets[at] ?? 0;
        const state = states[target];
        if (state === barred) continue;
        let total = totals[target] ?? 0;
        if (state === untouched) {
          states[target] = reached;
          touched[touchedCount++] = target;
          total = everyone[target] ?? 0;
        }
        totals[target] = total + factor * (weights[at] ?? 0);
      }
    }
    return touchedCount;
  }

  function bestOf(
    touchedCount: number,
    limit: number,
    exclude: ScoreOptions['exclude'],
  ): { position: number; value: number }[] {
    const best = new BestPositions(limit);
    for (let at = 0; at < touchedCount; at++) {
      const position = touched[at] ?? 0;
      const total = totals[position] ?? 0;
      if (best.wouldTake(total, position) && exclude?.(items[position] ?? 0) !== true) best.take(total, position);
    }
    // What no item of the history reaches keeps its baseline: those come in order, so the first that is not good enough ends the search.
    for (const position of byBaseline) {
      const total = everyone[position] ?? 0;
      if (!best.wouldTake(total, position)) break;
      if (states[position] === untouched && exclude?.(items[position] ?? 0) !== true) best.take(total, position);
    }
    return best.descending();
  }

  /** Walks the same weights once more and notes those that lead to what is asked for. */
  function explain(history: Int32Array, asked: readonly number[], factors?: ScoreOptions['factors']): ScoreTerm[][] {
    requireHistory(history, factors);
    const positions = asked.map(positionOf);
    const terms = positions.map((position, rank): ScoreTerm[] => {
      if (position < 0) return [];
      states[position] = firstRank + rank;
      const base = everyone[position] ?? 0;
      return base === 0 ? [] : [{ of: 'everyone', points: base }];
    });
    for (let place = 0; place < history.length; place++) {
      const item = history[place] ?? 0;
      const source = positionOf(item);
      const factor = factors?.[place] ?? factorOne;
      if (source < 0 || factor === 0) continue;
      const end = starts[source + 1] ?? 0;
      for (let at = starts[source] ?? 0; at < end; at++) {
        const rank = (states[targets[at] ?? 0] ?? 0) - firstRank;
        if (rank >= 0) terms[rank]?.push({ of: item, points: factor * (weights[at] ?? 0) });
      }
    }
    for (const position of positions) if (position >= 0) states[position] = untouched;
    return terms;
  }

  return { pointsPerOne: 2 ** parameters.weightBits * factorOne, best, explain, score };
}

const untouched = 0;
const reached = 1;
const barred = 2;
/** From here on, a state says where an item stands in the answer. */
const firstRank = 3;

/** Weights in the order in which a history walks them: for each item, which items it speaks for and how much. */
function weightsBySource({ items, starts, neighbours, weights }: LocalRidgeParameters): {
  starts: Uint32Array;
  targets: Int32Array;
  weights: Int32Array;
} {
  const positionOf = positionTable(items);
  const sourceStarts = new Uint32Array(items.length + 1);
  for (const neighbour of neighbours) {
    const source = positionOf(neighbour);
    if (source >= 0) sourceStarts[source + 1] = (sourceStarts[source + 1] ?? 0) + 1;
  }
  for (let source = 0; source < items.length; source++) {
    sourceStarts[source + 1] = (sourceStarts[source + 1] ?? 0) + (sourceStarts[source] ?? 0);
  }
  const next = sourceStarts.slice();
  const targets = new Int32Array(neighbours.length);
  const moved = new Int32Array(neighbours.length);
  for (let target = 0; target < items.length; target++) {
    for (let at = starts[target] ?? 0; at < (starts[target + 1] ?? 0); at++) {
      const source = positionOf(neighbours[at] ?? -1);
      if (source < 0) continue;
      const to = next[source] ?? 0;
      targets[to] = target;
      moved[to] = weights[at] ?? 0;
      next[source] = to + 1;
    }
  }
  return { starts: sourceStarts, targets, weights: moved };
}

/** Item number to position, or −1. */
function positionTable(items: Int32Array): (item: number) => number {
  const highest = items.at(-1) ?? -1;
  // A table while it is small beside the items, otherwise a map: item numbers may have large gaps.
  if (highest < 1024 + items.length * 64) {
    const table = new Int32Array(highest + 1).fill(-1);
    items.forEach((item, position) => (table[item] = position));
    return (item) => table[item] ?? -1;
  }
  const map = new Map<number, number>();
  items.forEach((item, position) => map.set(item, position));
  return (item) => map.get(item) ?? -1;
}

function requireHistory(history: Int32Array, factors: ArrayLike<number> | undefined): void {
  const isAscending = history.every((item, at) => at === 0 || item > (history[at - 1] ?? 0));
  const hasFactors =
    factors === undefined || (factors.length === history.length && Array.from(factors).every(isFactor));
  if (history.length <= historyLengthMax && isAscending && hasFactors) return;
  throw new LearningError(
    'learning.malformed',
    'A history to be scored is not distinct items in ascending order, with a whole factor for each if any',
    'Make it with contributionOf, and factors with recencyFactor.',
  );
}

function isFactor(factor: number): boolean {
  return Number.isInteger(factor) && factor >= 0 && factor <= factorMax;
}
