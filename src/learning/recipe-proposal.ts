/**
 * Proposes a recipe from held-out people: the curve of quality over what was tried, and its best point. A proposal changes nothing;
 * a named person adopts it, and the version says how many of the people it was tuned on have since left. Called by `fairlead evaluate`.
 */
import type { CoOccurrence } from './co-occurrence.ts';
import type { HistoryEntry } from './contributions.ts';
import { evaluate, type Estimate, type EvaluationOptions, type ModelFigures } from './evaluation.ts';
import { LearningError } from './learning-error.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { defaultRecipe, type LocalRidgeRecipe } from './recipe.ts';
import { seededRandom } from './seeded-random.ts';

export interface ProposalOptions extends Omit<EvaluationOptions, 'historyMax' | 'random'> {
  /** Every stage is measured on the splits that this seed gives. */
  seed: number;
  /** What the proposal starts from: the recipe in force. Its `minPeople` is never lowered. */
  base?: Partial<Omit<LocalRidgeRecipe, 'kind'>>;
  neighbours?: readonly number[];
  lambdas?: readonly number[];
  /** The intercept helps where histories are short and costs a little where they are long. */
  intercepts?: readonly boolean[];
  /** The shares of neighbours that an item keeps. */
  cuts?: readonly number[];
  /** Ways to fade what is old; none where the histories have no times. */
  recencies?: readonly LocalRidgeRecipe['recency'][];
  solve: (sums: CoOccurrence, recipe: LocalRidgeRecipe) => LocalRidgeParameters | Promise<LocalRidgeParameters>;
}

/** One recipe that was tried. */
export interface ProposalPoint {
  neighbours: number;
  keep: number;
  lambda: number;
  intercept: boolean;
  minPeople: number;
  recency: LocalRidgeRecipe['recency'];
  ndcg100: Estimate;
  recall20: Estimate;
  solveSeconds: number;
}

export interface RecipeProposal {
  recipe: LocalRidgeRecipe;
  /** How many people it was tuned on. */
  people: number;
  /** Every recipe that was tried, in the order in which they were: the grid, then cut, `minPeople`, recency. */
  curve: ProposalPoint[];
}

/** Gentle and strong: half after a quarter of a year or after a month, and less later. */
export const usualRecencies: readonly LocalRidgeRecipe['recency'][] = [
  [
    { afterDays: 90, factor: 192 },
    { afterDays: 180, factor: 128 },
  ],
  [
    { afterDays: 30, factor: 192 },
    { afterDays: 90, factor: 128 },
    { afterDays: 180, factor: 64 },
  ],
];

/**
 * Measures every combination of neighbours, lambda and intercept on the same splits and takes the best by NDCG@100; at equal quality the one with
 * fewer neighbours, then the larger ridge, then the first of the intercepts. Around that one the cut, a higher `minPeople` and recency are tried in
 * turn, and each stays where it is no worse (the cut, `minPeople`: less is kept) or better (recency).
 *
 * Guarantee: deterministic for equal histories and options; the best of what was tried; `minPeople` is never below the base's (recipe-proposal.test.ts).
 * Cost: a solve for each recipe tried and fold.
 * Limits: differences within a standard error are the luck of the split; the curve shows it. `minPeople` of 1 is in the curve for its cost alone.
 */
export async function proposeRecipe(
  histories: readonly (readonly HistoryEntry[])[],
  options: ProposalOptions,
): Promise<RecipeProposal> {
  const { base = {}, neighbours = [50, 100, 200], lambdas = [3, 5, 10, 20, 40], seed } = options;
  const { intercepts = [true, false], cuts = [0.5, 0.25], recencies = [], solve, ...evaluation } = options;
  const start = defaultRecipe({ ...base, keep: 1 });
  const grid = neighbours.flatMap((count) =>
    lambdas.flatMap((lambda) =>
      intercepts.map((intercept) => ({ ...start, neighbours: count, keep: count, lambda, intercept })),
    ),
  );
  let people = 0;
  let done = 0;
  // The grid, the cuts, three numbers of people, the recencies.
  const total = (grid.length + cuts.length + 3 + recencies.length) * evaluation.folds;
  const curve: Tried[] = [];
  const tryAll = async (recipes: readonly LocalRidgeRecipe[]): Promise<Tried[]> => {
    if (recipes.length === 0) return [];
    const models = recipes.map((recipe) => ({
      name: 'local-ridge',
      recipe,
      recency: recipe.recency,
      solve: (sums: CoOccurrence) => solve(sums, recipe),
    }));
    const evaluated = await evaluate(histories, models, {
      ...evaluation,
      historyMax: start.historyMax,
      random: seededRandom(seed),
      onProgress: ({ model }) => options.onProgress?.({ done: (done += 1), total, model }),
    });
    ({ people } = evaluated);
    const tried = recipes.flatMap((recipe, at) => {
      const figures = evaluated.models[at];
      return figures === undefined ? [] : [{ recipe, figures }];
    });
    curve.push(...tried);
    return tried;
  };
  let best = (await tryAll(grid)).toSorted(
    (a, b) =>
      qualityOf(b) - qualityOf(a) || a.recipe.neighbours - b.recipe.neighbours || b.recipe.lambda - a.recipe.lambda,
  )[0];
  if (best === undefined) throw new LearningError('learning.malformed', 'No recipe is to be tried', 'Give some.');
  const cutTo = cuts.map((share) => Math.max(1, Math.round((best?.recipe.neighbours ?? 1) * share)));
  for (const tried of await tryAll(cutTo.map((keep) => ({ ...recipeOf(best), keep }))))
    if (qualityOf(tried) >= qualityOf(best)) best = tried;
  const { minPeople } = start;
  for (const tried of await tryAll(
    [1, minPeople * 2, minPeople * 4]
      .filter((least) => least !== minPeople)
      .map((least) => ({ ...recipeOf(best), minPeople: least })),
  ))
    if (tried.recipe.minPeople >= minPeople && qualityOf(tried) >= qualityOf(best)) best = tried;
  for (const tried of await tryAll(recencies.map((recency) => ({ ...recipeOf(best), recency }))))
    if (qualityOf(tried) > qualityOf(best)) best = tried;
  return { recipe: best.recipe, people, curve: curve.map(pointOf) };
}

interface Tried {
  recipe: LocalRidgeRecipe;
  figures: ModelFigures;
}

function qualityOf({ figures }: Tried): number {
  return figures.ndcg100.mean;
}

function recipeOf(tried: Tried | undefined): LocalRidgeRecipe {
  return tried?.recipe ?? defaultRecipe();
}

function pointOf({ recipe, figures }: Tried): ProposalPoint {
  const { neighbours, keep, lambda, intercept, minPeople, recency } = recipe;
  const { ndcg100, recall20, solveSeconds } = figures;
  return { neighbours, keep, lambda, intercept, minPeople, recency, ndcg100, recall20, solveSeconds };
}
