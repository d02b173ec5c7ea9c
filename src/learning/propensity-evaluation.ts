/**
 * Measures a scorecard on people it has not seen, and drafts one from people who may be looked at: `fairlead evaluate --predict` prints what
 * these return. Nothing here is part of a model; a draft becomes a recipe when somebody adopts it.
 */
import { CoOccurrence } from './co-occurrence.ts';
import { LearningError } from './learning-error.ts';
import type { SystemSolver } from './internal/target-solver.ts';
import {
  binningOf,
  propensityContribution,
  propensityScorer,
  solvePropensity,
  type FeatureValues,
  type PropensityFeature,
  type PropensityRecipe,
} from './propensity.ts';
import { shuffledIndices, type RandomSource } from './seeded-random.ts';

export interface LabelledPerson {
  values: FeatureValues;
  happened: boolean;
  /** A group whose rates are to be compared; it is never learned from. */
  group?: string;
}

export interface PropensityFigures {
  people: number;
  /** The chance that somebody who did it scores higher than somebody who did not; ½ for knowing nothing. */
  auc: number;
  /** Mean −ln of the probability given to what happened, with probabilities kept from 0 and 1 by a thousandth. */
  logLoss: number;
  /** Mean distance of what was told and what happened over tenths of the people ordered by score, weighted by people. */
  calibrationError: number;
  /** For each group its people, the mean probability told and the share that did it. */
  groups: { group: string; people: number; told: number; happened: number }[];
}

export interface PropensityEvaluationOptions {
  /** The share of people that are learned from; the others are tested. */
  trainingShare: number;
  random: RandomSource;
  systemSolver?: (sizeMax: number) => SystemSolver;
}

/**
 * Learns from some of the people and tests on the others.
 *
 * Guarantee: deterministic for equal people, recipe and random numbers (propensity-evaluation.test.ts).
 * Cost: one pass over the people, one solve.
 * Limits: `learning.malformed` when the tested people all did it or all did not: there is nothing to order.
 */
export function evaluatePropensity(
  people: readonly LabelledPerson[],
  recipe: PropensityRecipe,
  options: PropensityEvaluationOptions,
): PropensityFigures {
  const { training, tested } = splitOf(people, options.trainingShare, options.random);
  const score = scorecardOf(training, recipe, options);
  return figuresOf(
    tested.map((person) => ({
      ...person,
      probability: score(person.values).probability,
      score: score(person.values).score,
    })),
  );
}

/** Figures of any model's probabilities, for the peers that a scorecard is measured beside. `score` orders, `probability` is told. */
export function figuresOf(
  tested: readonly { score: number; probability: number; happened: boolean; group?: string }[],
): PropensityFigures {
  const happenedCount = tested.filter(({ happened }) => happened).length;
  if (happenedCount === 0 || happenedCount === tested.length) {
    throw new LearningError('learning.malformed', 'The tested people all did the same', 'Bring more people.');
  }
  const ordered = tested.toSorted((a, b) => a.score - b.score);
  const byGroup = Map.groupBy(tested, ({ group }) => group ?? '');
  byGroup.delete('');
  return {
    people: tested.length,
    auc: aucOf(ordered, happenedCount),
    logLoss: meanOf(
      ordered,
      ({ probability, happened }) => -Math.log(keptInside(happened ? probability : 1 - probability)),
    ),
    calibrationError: calibrationErrorOf(ordered),
    groups: [...byGroup]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([group, members]) => ({
        group,
        people: members.length,
        told: meanOf(members, ({ probability }) => probability),
        happened: meanOf(members, ({ happened }) => (happened ? 1 : 0)),
      })),
  };
}

export interface DraftOptions extends PropensityEvaluationOptions {
  /** How many ranges a number is cut into. */
  ranges?: number;
  /** How many pairs of features may count together. */
  interactionsMax?: number;
  lambda?: number;
  minPeople?: number;
  /** Called for each pair of features that has been tried alone. */
  onProgress?: (progress: { done: number; total: number }) => void;
}

/**
 * A recipe for these people: edges at quantiles, the codes that occur, and the pairs of features that help most on people held back for choosing.
 *
 * Formula: each pair alone is added to the features and measured by AUC; those that help, best first, enter while the whole gets better.
 * Cost: one small solve for each pair of features.
 * Limits: a draft is for a person to read and adopt. The people it was drafted on should not be those that it is measured on.
 */
export function draftPropensity(people: readonly LabelledPerson[], options: DraftOptions): PropensityRecipe {
  const { ranges = 8, interactionsMax = 10, lambda = 100, minPeople = 5 } = options;
  const { training, tested } = splitOf(people, options.trainingShare, options.random);
  const names = [...new Set(people.flatMap(({ values }) => Object.keys(values)))].sort();
  const features = names.map((name) => featureOf(name, people, ranges));
  const recipe: PropensityRecipe = {
    kind: 'propensity',
    features,
    interactions: [],
    lambda,
    minPeople,
    weightBits: 20,
  };
  const aucWith = (interactions: PropensityRecipe['interactions']): number => {
    const score = scorecardOf(training, { ...recipe, interactions }, options);
    return figuresOf(tested.map((person) => ({ ...score(person.values), happened: person.happened }))).auc;
  };
  let best = aucWith([]);
  const pairs = names.flatMap((one, at) => names.slice(at + 1).map((other) => [one, other] as const));
  const helpful = pairs
    .map((pair, at) => {
      const auc = aucWith([pair]);
      options.onProgress?.({ done: at + 1, total: pairs.length });
      return { pair, auc };
    })
    .filter(({ auc }) => auc > best)
    .sort((a, b) => b.auc - a.auc);
  const interactions: (readonly [string, string])[] = [];
  for (const { pair } of helpful) {
    if (interactions.length === interactionsMax) break;
    const auc = aucWith([...interactions, pair]);
    if (auc <= best) continue;
    interactions.push(pair);
    best = auc;
  }
  return { ...recipe, interactions };
}

/** The scorecard of a recipe, learned from these people: what it says of somebody. */
export function scorecardOf(
  people: readonly LabelledPerson[],
  recipe: PropensityRecipe,
  { systemSolver }: Pick<PropensityEvaluationOptions, 'systemSolver'>,
): ReturnType<typeof propensityScorer> {
  const binning = binningOf(recipe);
  const sums = new CoOccurrence();
  for (const { values, happened } of people) sums.add(propensityContribution(binning, values, happened));
  return propensityScorer(solvePropensity(sums, recipe, systemSolver === undefined ? {} : { systemSolver }), recipe);
}

/** A share of the people to learn from and the others to test on, each in the order in which they came. */
export function splitOf(
  people: readonly LabelledPerson[],
  trainingShare: number,
  random: RandomSource,
): { training: LabelledPerson[]; tested: LabelledPerson[] } {
  const order = shuffledIndices(people.length, random);
  const isTraining = new Uint8Array(people.length);
  for (const person of order.subarray(0, Math.floor(people.length * trainingShare))) isTraining[person] = 1;
  return {
    training: people.filter((_, person) => isTraining[person] === 1),
    tested: people.filter((_, person) => isTraining[person] === 0),
  };
}

function featureOf(name: string, people: readonly LabelledPerson[], ranges: number): PropensityFeature {
  const present = people.map(({ values }) => values[name]).filter((value) => value !== null && value !== undefined);
  const numbers = present.filter((value) => typeof value === 'number').sort((a, b) => a - b);
  if (numbers.length * 2 < present.length) {
    return { name, kind: 'code', oneOf: [...new Set(present.filter((value) => typeof value === 'string'))].sort() };
  }
  const lowest = numbers[0] ?? 0;
  const cuts = Array.from(
    { length: ranges - 1 },
    (_, at) => numbers[Math.floor((numbers.length * (at + 1)) / ranges)] ?? 0,
  );
  return { name, kind: 'number', edges: [...new Set(cuts)].filter((edge) => edge > lowest).sort((a, b) => a - b) };
}

/** Mann and Whitney's statistic over people in ascending order of score, ties counted half. */
function aucOf(ordered: readonly { score: number; happened: boolean }[], happenedCount: number): number {
  let [below, won, did, didNot] = [0, 0, 0, 0];
  ordered.forEach(({ score, happened }, at) => {
    if (happened) did++;
    else didNot++;
    if (ordered[at + 1]?.score === score) return;
    won += did * (below + didNot / 2);
    below += didNot;
    [did, didNot] = [0, 0];
  });
  return won / (happenedCount * (ordered.length - happenedCount));
}

function calibrationErrorOf(ordered: readonly { probability: number; happened: boolean }[]): number {
  let distance = 0;
  for (let tenth = 0; tenth < 10; tenth++) {
    const members = ordered.slice(
      Math.floor((ordered.length * tenth) / 10),
      Math.floor((ordered.length * (tenth + 1)) / 10),
    );
    if (members.length === 0) continue;
    const told = meanOf(members, ({ probability }) => probability);
    distance += members.length * Math.abs(told - meanOf(members, ({ happened }) => (happened ? 1 : 0)));
  }
  return distance / ordered.length;
}

function keptInside(probability: number): number {
  return Math.max(0.001, Math.min(0.999, probability));
}

function meanOf<Value>(values: readonly Value[], of: (value: Value) => number): number {
  return values.reduce((total, value) => total + of(value), 0) / values.length;
}
