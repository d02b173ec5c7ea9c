/**
 * Measures models on people they have not seen, before anything goes live: `fairlead evaluate` and the benches print what this returns.
 * It promises that equal histories, options and random numbers give equal figures, and that what is measured is what would be served.
 */
import { CoOccurrence } from './co-occurrence.ts';
import { contributionOf, type HistoryEntry } from './contributions.ts';
import { LearningError } from './learning-error.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { recencyFactor, type LocalRidgeRecipe } from './recipe.ts';
import { scorer } from './scoring.ts';
import { shuffledIndices, type RandomSource } from './seeded-random.ts';

/** A model to be measured: a name, its settings for the report, and how its parameters come from sums. */
export interface EvaluatedModel {
  name: string;
  recipe: object;
  solve(sums: CoOccurrence): LocalRidgeParameters | Promise<LocalRidgeParameters>;
  /** How the model fades what is old, as in its recipe; ages count to the held-out item (`next`) or the last known one (`strong`). */
  recency?: LocalRidgeRecipe['recency'];
  /** The share of the people to learn from that it may learn from, 0 to 1: what is left where the others have not agreed. All when absent. */
  learnFrom?: number;
}

export interface EvaluationOptions {
  /** `strong`: people who were held out, 80 % of their items known. `next`: everybody's last item, the earlier ones known. */
  protocol: 'strong' | 'next';
  /** For `strong`: how many of the five parts of the people are held out in turn, 1 to 5. */
  folds: number;
  /** The most items of a history that enter sums and scores, as in the recipe. */
  historyMax: number;
  random: RandomSource;
  /** Milliseconds of a steady clock, for the solve times. */
  clock: () => number;
  onProgress?: (progress: { done: number; total: number; model: string }) => void;
}

/** A mean over tested people and its standard error. */
export interface Estimate {
  mean: number;
  se: number;
}

export interface ModelFigures {
  name: string;
  recipe: object;
  recall20: Estimate;
  recall50: Estimate;
  ndcg100: Estimate;
  /** The share of items that stand in at least one person's first 20. */
  coverage: number;
  /** Gini's coefficient of how often items stand in a first 20: 0 all alike, towards 1 few get all. */
  gini: number;
  /** Mean over folds. */
  solveSeconds: number;
}

export interface Evaluation {
  protocol: 'strong' | 'next';
  people: number;
  items: number;
  interactions: number;
  models: ModelFigures[];
}

const parts = 5;
const knownShare = 0.8;
const listLength = 100;
const dayMs = 86_400_000;
const shownLength = 20;

/**
 * Measures each model on the same splits.
 *
 * Guarantee: deterministic but for the seconds; a model that knows the answer scores 1, one that knows nothing what chance gives (evaluation.test.ts).
 * Formula: Recall@n = hits in the first n / min(n, held out); NDCG@100 = Σ over hits of 1/log₂(rank + 1), divided by its best possible.
 * Source: strong generalisation, Marlin 2004; the figures as in Liang et al., "Variational autoencoders for collaborative filtering" (2018).
 * Cost: for each fold one pass over the people, one solve for each model, one scoring for each tested person.
 * Limits: people with fewer than two items are never tested. Standard errors are over tested people, each tested once, so they do not
 * cover the luck of one training set. `learning.malformed` when nobody can be tested.
 */
export async function evaluate(
  histories: readonly (readonly HistoryEntry[])[],
  models: readonly EvaluatedModel[],
  options: EvaluationOptions,
): Promise<Evaluation> {
  const splits = options.protocol === 'strong' ? strongSplits(histories, options) : [nextSplit(histories, options)];
  const testedCount = splits.reduce((total, { tested }) => total + tested.length, 0);
  if (testedCount === 0) {
    throw new LearningError(
      'learning.malformed',
      'Nobody has two items, so nothing can be held out',
      'Bring longer histories.',
    );
  }
  const catalogue = new Set(histories.flatMap((history) => history.map(({ item }) => item)));
  const tallies = models.map((model) => new Tally(model));
  let done = 0;
  for (const split of splits) {
    const sums = new CoOccurrence();
    for (const items of split.training) sums.add(items);
    for (const [at, model] of models.entries()) {
      const known = model.learnFrom === undefined ? sums : sumOfShare(split.training, model.learnFrom);
      const startedAt = options.clock();
      const parameters = await model.solve(known);
      const seconds = (options.clock() - startedAt) / 1000;
      tallies[at]?.count(parameters, split.tested, seconds);
      done++;
      options.onProgress?.({ done, total: splits.length * models.length, model: model.name });
    }
  }
  return {
    protocol: options.protocol,
    people: histories.filter((history) => history.length > 0).length,
    items: catalogue.size,
    interactions: histories.reduce((total, history) => total + new Set(history.map(({ item }) => item)).size, 0),
    models: tallies.map((tally) => tally.figures(catalogue.size, splits.length)),
  };
}

/**
 * The histories of people and items with at least so many of each other, dropping what falls short until nothing does.
 *
 * Limits: items keep their numbers; people keep their order.
 */
export function withAtLeast(
  histories: readonly (readonly HistoryEntry[])[],
  least: { itemsPerPerson: number; peoplePerItem: number },
): HistoryEntry[][] {
  let kept = histories.map((history) => [...history]);
  for (;;) {
    const before = kept.reduce((total, history) => total + history.length, 0);
    kept = kept.filter((history) => new Set(history.map(({ item }) => item)).size >= least.itemsPerPerson);
    const people = new Map<number, number>();
    for (const history of kept) {
      for (const item of new Set(history.map(({ item }) => item))) people.set(item, (people.get(item) ?? 0) + 1);
    }
    kept = kept.map((history) => history.filter(({ item }) => (people.get(item) ?? 0) >= least.peoplePerItem));
    if (kept.reduce((total, history) => total + history.length, 0) === before) return kept;
  }
}

/** People come in no order that says anything, so every nth is as good as chance, and a larger share holds the smaller. */
function sumOfShare(training: readonly Int32Array[], share: number): CoOccurrence {
  const sums = new CoOccurrence();
  training.forEach((items, at) => {
    // The golden ratio's multiples fall evenly between 0 and 1.
    if ((at * 0.618_033_988_749_895) % 1 < share) sums.add(items);
  });
  return sums;
}

interface Split {
  training: Int32Array[];
  tested: TestedPerson[];
}

interface TestedPerson {
  known: Int32Array;
  /** How old each known item is. */
  ageDays: Float64Array;
  heldOut: Set<number>;
}

function strongSplits(histories: readonly (readonly HistoryEntry[])[], options: EvaluationOptions): Split[] {
  const { folds, historyMax, random } = options;
  if (!Number.isInteger(folds) || folds < 1 || folds > parts) {
    throw new LearningError(
      'learning.malformed',
      `There are ${parts} parts, not ${folds}, to hold out`,
      'Give 1 to 5 folds.',
    );
  }
  const order = shuffledIndices(histories.length, random);
  const partOf = new Int32Array(histories.length);
  order.forEach((person, at) => (partOf[person] = at % parts));
  const contributions = histories.map((history) => contributionOf(history, { historyMax }));
  const halves = histories.map((history) => knownAndHeldOut(history, historyMax, random));
  return Array.from({ length: folds }, (_, fold) => ({
    training: contributions.filter((_, person) => partOf[person] !== fold),
    tested: halves.filter((half, person) => partOf[person] === fold && half.heldOut.size > 0 && half.known.length > 0),
  }));
}

function knownAndHeldOut(history: readonly HistoryEntry[], historyMax: number, random: RandomSource): TestedPerson {
  const items = [...new Set(history.map(({ item }) => item))].sort((a, b) => a - b);
  const order = shuffledIndices(items.length, random);
  const heldOutCount = items.length < 2 ? 0 : Math.max(1, Math.round(items.length * (1 - knownShare)));
  const heldOut = new Set(Array.from(order.subarray(0, heldOutCount), (at) => items[at] ?? 0));
  const known = history.filter(({ item }) => !heldOut.has(item));
  return testedPerson(
    known,
    known.reduce((latest, { at }) => Math.max(latest, at), -Infinity),
    heldOut,
    historyMax,
  );
}

function testedPerson(
  history: readonly HistoryEntry[],
  now: number,
  heldOut: Set<number>,
  historyMax: number,
): TestedPerson {
  const known = contributionOf(history, { historyMax });
  const latest = new Map<number, number>();
  for (const { item, at } of history) latest.set(item, Math.max(at, latest.get(item) ?? -Infinity));
  return { known, ageDays: Float64Array.from(known, (item) => (now - (latest.get(item) ?? now)) / dayMs), heldOut };
}

/** The last item is the latest by time, and at equal times the one with the highest number. */
function nextSplit(histories: readonly (readonly HistoryEntry[])[], { historyMax }: EvaluationOptions): Split {
  const tested = histories.flatMap((history) => {
    const first = new Map<number, number>();
    for (const { item, at } of history) first.set(item, Math.min(at, first.get(item) ?? Infinity));
    // Somebody's next item is one they did not have before: the item whose first time is the latest.
    const last = [...first].sort(([itemA, atA], [itemB, atB]) => atB - atA || itemB - itemA)[0];
    if (first.size < 2 || last === undefined) return [];
    const [item] = last;
    const earlier = history.filter((entry) => entry.item !== item && entry.at <= last[1]);
    return [testedPerson(earlier, last[1], new Set([item]), historyMax)];
  });
  return { training: tested.map(({ known }) => known), tested };
}

/** Figures of one model as they come in, person by person. */
class Tally {
  readonly #model: EvaluatedModel;
  readonly #recall20: number[] = [];
  readonly #recall50: number[] = [];
  readonly #ndcg100: number[] = [];
  readonly #shown = new Map<number, number>();
  #seconds = 0;

  constructor(model: EvaluatedModel) {
    this.#model = model;
  }

  count(parameters: LocalRidgeParameters, tested: readonly TestedPerson[], seconds: number): void {
    this.#seconds += seconds;
    const { recency = [] } = this.#model;
    const { score } = scorer(parameters);
    for (const { known, ageDays, heldOut } of tested) {
      const factors = recency.length === 0 ? undefined : ageDays.map((age) => recencyFactor({ recency }, age));
      const options = factors === undefined ? { limit: listLength } : { limit: listLength, factors };
      const list = score(known, options).map(({ item }) => item);
      this.#recall20.push(recallOf(list, heldOut, 20));
      this.#recall50.push(recallOf(list, heldOut, 50));
      this.#ndcg100.push(ndcgOf(list, heldOut));
      for (const item of list.slice(0, shownLength)) this.#shown.set(item, (this.#shown.get(item) ?? 0) + 1);
    }
  }

  figures(itemCount: number, folds: number): ModelFigures {
    return {
      name: this.#model.name,
      recipe: this.#model.recipe,
      recall20: estimateOf(this.#recall20),
      recall50: estimateOf(this.#recall50),
      ndcg100: estimateOf(this.#ndcg100),
      coverage: this.#shown.size / itemCount,
      gini: giniOf([...this.#shown.values()], itemCount),
      solveSeconds: this.#seconds / folds,
    };
  }
}

function recallOf(list: readonly number[], heldOut: ReadonlySet<number>, length: number): number {
  const hits = list.slice(0, length).filter((item) => heldOut.has(item)).length;
  return hits / Math.min(length, heldOut.size);
}

const discounts = Float64Array.from({ length: listLength }, (_, rank) => 1 / Math.log2(rank + 2));

/** Exported for benches of lists that something else than a score has ordered. */
export function ndcgOf(list: readonly number[], heldOut: ReadonlySet<number>): number {
  let gain = 0;
  list.forEach((item, rank) => {
    if (heldOut.has(item)) gain += discounts[rank] ?? 0;
  });
  let best = 0;
  for (let rank = 0; rank < Math.min(listLength, heldOut.size); rank++) best += discounts[rank] ?? 0;
  return gain / best;
}

/** Exported for benches that add up figures of several runs. */
export function estimateOf(values: readonly number[]): Estimate {
  const mean = values.reduce((total, value) => total + value, 0) / values.length;
  const squares = values.reduce((total, value) => total + (value - mean) ** 2, 0);
  return { mean, se: values.length < 2 ? 0 : Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Gini's coefficient of counts, with as many zeros beside them as make `itemCount` items. */
export function giniOf(counts: readonly number[], itemCount: number): number {
  const ascending = [...counts].sort((a, b) => a - b);
  const total = ascending.reduce((sum, count) => sum + count, 0);
  if (total === 0) return 0;
  const zeros = itemCount - ascending.length;
  const weighted = ascending.reduce((sum, count, at) => sum + (2 * (zeros + at + 1) - itemCount - 1) * count, 0);
  return weighted / (itemCount * total);
}
