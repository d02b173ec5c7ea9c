/**
 * Proposes a recipe from held-out people: the curve of quality over neighbours and ridge, and its best point. A proposal changes nothing;
 * a named person adopts it, and the version says how many of the people it was tuned on have since left. Called by `fairlead evaluate`.
 */
import type { CoOccurrence } from './co-occurrence.ts';
import type { HistoryEntry } from './contributions.ts';
import { evaluate, type Estimate, type EvaluationOptions } from './evaluation.ts';
import type { LocalRidgeParameters } from './local-ridge.ts';
import { defaultRecipe, type LocalRidgeRecipe } from './recipe.ts';

export interface ProposalOptions extends Omit<EvaluationOptions, 'historyMax'> {
  /** What the proposal keeps of the present recipe: everything but neighbours, keep, lambda and intercept. */
  base?: Partial<Omit<LocalRidgeRecipe, 'kind'>>;
  neighbours?: readonly number[];
  lambdas?: readonly number[];
  /** The intercept helps where histories are short and costs a little where they are long. */
  intercepts?: readonly boolean[];
  solve: (sums: CoOccurrence, recipe: LocalRidgeRecipe) => LocalRidgeParameters | Promise<LocalRidgeParameters>;
}

export interface RecipeProposal {
  recipe: LocalRidgeRecipe;
  /** How many people it was tuned on. */
  people: number;
  /** Every recipe that was tried, in the order of neighbours, then lambda, then intercept. */
  curve: {
    neighbours: number;
    lambda: number;
    intercept: boolean;
    ndcg100: Estimate;
    recall20: Estimate;
    solveSeconds: number;
  }[];
}

/**
 * Measures every combination of neighbours and lambda on the same splits and proposes the best by NDCG@100; at equal quality the one with
 * fewer neighbours, then the larger ridge, then the first of the intercepts.
 *
 * Guarantee: deterministic for equal histories, options and random numbers (recipe-proposal.test.ts).
 * Cost: a solve for each combination and fold.
 * Limits: differences within a standard error are the luck of the split; the curve shows it.
 */
export async function proposeRecipe(
  histories: readonly (readonly HistoryEntry[])[],
  options: ProposalOptions,
): Promise<RecipeProposal> {
  const { base = {}, neighbours = [50, 100, 200], lambdas = [3, 5, 10, 20, 40] } = options;
  const { intercepts = [true, false], solve, ...evaluation } = options;
  const recipes = neighbours.flatMap((count) =>
    lambdas.flatMap((lambda) =>
      intercepts.map((intercept) => defaultRecipe({ ...base, neighbours: count, keep: count, lambda, intercept })),
    ),
  );
  const historyMax = recipes[0]?.historyMax ?? defaultRecipe().historyMax;
  const models = recipes.map((recipe) => ({
    name: 'local-ridge',
    recipe,
    recency: recipe.recency,
    solve: (sums: CoOccurrence) => solve(sums, recipe),
  }));
  const { people, models: figures } = await evaluate(histories, models, { ...evaluation, historyMax });
  const tried = recipes.map((recipe, at) => ({ recipe, figures: figures[at] }));
  const qualityOf = (at: (typeof tried)[number]): number => at.figures?.ndcg100.mean ?? 0;
  const best = tried.toSorted(
    (a, b) =>
      qualityOf(b) - qualityOf(a) || a.recipe.neighbours - b.recipe.neighbours || b.recipe.lambda - a.recipe.lambda,
  )[0];
  return {
    recipe: best?.recipe ?? defaultRecipe(base),
    people,
    curve: tried.flatMap(({ recipe, figures: found }) =>
      found === undefined
        ? []
        : [
            {
              neighbours: recipe.neighbours,
              lambda: recipe.lambda,
              intercept: recipe.intercept,
              ndcg100: found.ndcg100,
              recall20: found.recall20,
              solveSeconds: found.solveSeconds,
            },
          ],
    ),
  };
}
