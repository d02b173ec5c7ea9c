/** What the report of an evaluation shows beyond the table: curves over one setting each, what is shown by popularity, and the cost of forgetting somebody. */
import { CoOccurrence } from '../../learning/co-occurrence.ts';
import { type HistoryEntry, contributionOf } from '../../learning/contributions.ts';
import { type EvaluationOptions, evaluate } from '../../learning/evaluation.ts';
import { solveSoonest } from '../../learning/kernels/solve-soonest.ts';
import { type LocalRidgeParameters, parametersDigest } from '../../learning/local-ridge.ts';
import { solvePopular } from '../../learning/popular.ts';
import type { LocalRidgeRecipe } from '../../learning/recipe.ts';
import { scorer } from '../../learning/scoring.ts';
import { seededRandom, shuffledIndices } from '../../learning/seeded-random.ts';
import { localRidge } from './contenders.ts';

/** One point of a curve: NDCG@100 with its standard error. */
export interface CurvePoint {
  readonly at: number;
  readonly mean: number;
  readonly se: number;
}

export interface ReportFigures {
  readonly lambdas: readonly CurvePoint[];
  readonly minPeople: readonly CurvePoint[];
  /** Over the share of people who opt in, of those that are learned from. */
  readonly optIn: readonly CurvePoint[];
  /** Model → of all first-20 places, the share that goes to each tenth of the items, most popular tenth first. */
  readonly shown: Readonly<Record<string, readonly number[]>>;
  readonly forgetting: { readonly subtractMs: number; readonly solveMs: number; readonly isEqual: boolean };
}

export interface ReportOptions {
  readonly recipe: LocalRidgeRecipe;
  readonly protocol: 'strong' | 'next';
  readonly seed: number;
  readonly onProgress: (done: number, total: number, what: string) => void;
}

const lambdas = [1, 3, 10, 30, 100, 300];
const peopleCounts = [1, 2, 3, 5, 10, 20];
const optInShares = [0.1, 0.25, 0.5, 0.75, 1];
/** So many people are shown a list for the popularity of what is shown. */
const shownPeople = 2_000;

/** Measures all of it on the same splits as each other. Cost: about seventeen solves. */
export async function reportFigures(
  histories: readonly (readonly HistoryEntry[])[],
  options: ReportOptions,
): Promise<ReportFigures> {
  const { recipe, onProgress } = options;
  const steps = lambdas.length + peopleCounts.length + optInShares.length + 2;
  let done = 0;
  const step = (what: string): void => onProgress((done += 1), steps, what);
  const measured = async (one: LocalRidgeRecipe, share = 1): Promise<{ mean: number; se: number }> => {
    const common: EvaluationOptions = {
      protocol: options.protocol,
      folds: 1,
      historyMax: one.historyMax,
      random: seededRandom(options.seed),
      clock: () => performance.now(),
    };
    const model = share === 1 ? localRidge(one) : { ...localRidge(one), learnFrom: share };
    const { models } = await evaluate(histories, [model], common);
    return models[0]?.ndcg100 ?? { mean: 0, se: 0 };
  };
  const overLambda: CurvePoint[] = [];
  for (const lambda of lambdas) {
    overLambda.push({ at: lambda, ...(await measured({ ...recipe, lambda })) });
    step('λ');
  }
  const overPeople: CurvePoint[] = [];
  for (const minPeople of peopleCounts) {
    overPeople.push({ at: minPeople, ...(await measured({ ...recipe, minPeople })) });
    step('minPeople');
  }
  const overShare: CurvePoint[] = [];
  for (const share of optInShares) {
    overShare.push({ at: share * 100, ...(await measured(recipe, share)) });
    step('people who opt in');
  }
  const contributions = histories.map((history) => contributionOf(history, { historyMax: recipe.historyMax }));
  const sums = new CoOccurrence();
  for (const items of contributions) sums.add(items);
  const parameters = await solveSoonest(sums, recipe);
  const shown = {
    popular: shownByPopularity(solvePopular(sums, { minPeople: 1 }), sums, contributions),
    'local-ridge': shownByPopularity(parameters, sums, contributions),
  };
  step('what is shown');
  const forgetting = await forgetOne(sums, contributions, recipe);
  step('forgetting one');
  return { lambdas: overLambda, minPeople: overPeople, optIn: overShare, shown, forgetting };
}

function shownByPopularity(
  parameters: LocalRidgeParameters,
  sums: CoOccurrence,
  contributions: readonly Int32Array[],
): number[] {
  const ranked = [...sums.itemNumbers()].sort((a, b) => sums.count(b) - sums.count(a) || a - b);
  const tenthOf = new Map(ranked.map((item, rank) => [item, Math.floor((rank * 10) / ranked.length)]));
  const counts = Array.from({ length: 10 }, () => 0);
  const { score } = scorer(parameters);
  const order = shuffledIndices(contributions.length, seededRandom(1)).subarray(0, shownPeople);
  let places = 0;
  for (const person of order) {
    for (const { item } of score(contributions[person] ?? new Int32Array(0), { limit: 20 })) {
      const tenth = tenthOf.get(item) ?? 9;
      counts[tenth] = (counts[tenth] ?? 0) + 1;
      places += 1;
    }
  }
  return counts.map((count) => (places === 0 ? 0 : count / places));
}

/** The person with the most items: the one whose leaving costs most. The sums are as before afterwards. */
async function forgetOne(
  sums: CoOccurrence,
  contributions: readonly Int32Array[],
  recipe: LocalRidgeRecipe,
): Promise<ReportFigures['forgetting']> {
  const longest = contributions.reduce((best, items) => (items.length > best.length ? items : best), new Int32Array(0));
  const begun = performance.now();
  sums.subtract(longest);
  const subtracted = performance.now();
  const left = parametersDigest(await solveSoonest(sums, recipe));
  const solved = performance.now();
  const without = new CoOccurrence();
  for (const items of contributions) if (items !== longest) without.add(items);
  const isEqual = parametersDigest(await solveSoonest(without, recipe)) === left;
  sums.add(longest);
  return { subtractMs: subtracted - begun, solveMs: solved - subtracted, isEqual };
}
