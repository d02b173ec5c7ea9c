/** The models that `fairlead evaluate` compares, by name, with the settings that the command line gave. */
import { solveEase } from '../../learning/ease.ts';
import { type EvaluatedModel, type EvaluationOptions, evaluate } from '../../learning/evaluation.ts';
import type { HistoryEntry } from '../../learning/contributions.ts';
import { solveItemKnn } from '../../learning/item-knn.ts';
import { solveSoonest } from '../../learning/kernels/solve-soonest.ts';
import { solvePopular } from '../../learning/popular.ts';
import type { LocalRidgeRecipe } from '../../learning/recipe.ts';

export const contenderNames = ['popular', 'item-knn', 'ease', 'local-ridge'] as const;
export type ContenderName = (typeof contenderNames)[number];

/** Full EASE is one matrix of all items in doubles: 20 bytes for each pair, and half a minute at 3,700. */
export const easeItemsMax = 5_000;

export interface ContenderSettings {
  readonly recipe: LocalRidgeRecipe;
  /** The neighbourhood of item-knn; undefined to have the best of several chosen. */
  readonly neighbours: number | undefined;
}

const neighbourhoods = [10, 20, 50, 100];

/** The models by their names. The baselines count every pair, as they are published; `minPeople` is a protection of what is served. */
export async function contenders(
  names: readonly ContenderName[],
  settings: ContenderSettings,
  choosing: { histories: readonly (readonly HistoryEntry[])[]; options: EvaluationOptions },
): Promise<EvaluatedModel[]> {
  const models: EvaluatedModel[] = [];
  for (const name of names) models.push(await contender(name, settings, choosing));
  return models;
}

async function contender(
  name: ContenderName,
  { recipe, neighbours }: ContenderSettings,
  choosing: { histories: readonly (readonly HistoryEntry[])[]; options: EvaluationOptions },
): Promise<EvaluatedModel> {
  switch (name) {
    case 'popular':
      return { name, recipe: { minPeople: 1 }, solve: (sums) => solvePopular(sums, { minPeople: 1 }) };
    case 'item-knn':
      return neighbours === undefined ? bestNeighbourhood(choosing) : itemKnn(neighbours);
    case 'ease': {
      const used = { lambda: recipe.lambda, ridge: 'root-count', minPeople: 1 } as const;
      return { name, recipe: used, solve: (sums) => solveEase(sums, used) };
    }
    case 'local-ridge':
      return localRidge(recipe);
    default:
      return name satisfies never;
  }
}

export function localRidge(recipe: LocalRidgeRecipe): EvaluatedModel {
  return {
    name: 'local-ridge',
    recipe,
    recency: recipe.recency,
    solve: (sums) => solveSoonest(sums, recipe),
  };
}

function itemKnn(neighbours: number): EvaluatedModel {
  const recipe = { neighbours, minPeople: 1 };
  return { name: 'item-knn', recipe, solve: (sums) => solveItemKnn(sums, recipe) };
}

/** The best on a split of its own, so that it is not measured on what it was chosen by. */
async function bestNeighbourhood({
  histories,
  options,
}: {
  histories: readonly (readonly HistoryEntry[])[];
  options: EvaluationOptions;
}): Promise<EvaluatedModel> {
  const models = neighbourhoods.map(itemKnn);
  const { models: figures } = await evaluate(histories, models, { ...options, folds: 1 });
  const best = figures.toSorted((a, b) => b.ndcg100.mean - a.ndcg100.mean)[0];
  return models[figures.findIndex((one) => one === best)] ?? itemKnn(50);
}
