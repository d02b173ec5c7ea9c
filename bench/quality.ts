/**
 * How good the recommender is on people it has not seen, beside the field's baselines on the same splits. Settings are chosen on a split of
 * their own and then measured on others, for every model alike.
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import type { HistoryEntry } from '../src/learning/contributions.ts';
import { solveEase } from '../src/learning/ease.ts';
import { evaluate, type EvaluatedModel, type ModelFigures } from '../src/learning/evaluation.ts';
import { solveItemKnn } from '../src/learning/item-knn.ts';
import { solveInWorkers } from '../src/learning/kernels/solve-in-workers.ts';
import { solvePopular } from '../src/learning/popular.ts';
import { defaultRecipe, type LocalRidgeRecipe } from '../src/learning/recipe.ts';
import { seededRandom } from '../src/learning/seeded-random.ts';
import { madeUpHistories, retailHistories } from './support/histories.ts';

export const bench: Bench = { name: 'quality', run };

/** The longest history, so that none is cut: the published figures cut none. */
const uncut = 8_000;
/** Split 0 is for choosing, the others for measuring. */
const measuredSeeds = [1, 2, 3, 4, 5];

type Contenders = Record<string, EvaluatedModel[]>;

async function run(options: BenchOptions): Promise<Figure[]> {
  return [...(await onRetail(options)), ...(await onMadeUpPeople(options))];
}

async function onRetail({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const histories = quick ? undefined : await retailHistories();
  if (histories === undefined) {
    onLine('No retail figures: a quick run leaves them out, and so does a machine without ../shared/data.');
    return [];
  }
  const found = await measured(
    histories,
    {
      popular: [popular()],
      'item-knn': [10, 20, 30, 50].map((neighbours) => itemKnn(neighbours)),
      ease: [10, 20, 40].map((lambda) => ease(lambda)),
      'local-ridge': ridges([20, 50, 100], [3, 5, 10], { minPeople: 1 }),
      'local-ridge, minPeople 5': ridges([20, 50, 100], [3, 5, 10, 20], { minPeople: 5 }),
    },
    measuredSeeds,
    onLine,
  );
  return [
    ...absolute('retail', found),
    ratio('retail: local-ridge beside EASE', found, 'local-ridge', 'ease', 1.05),
    ratio('retail: local-ridge beside item-knn', found, 'local-ridge', 'item-knn', 1.15),
    ratio('retail: local-ridge with minPeople 5 beside EASE', found, 'local-ridge, minPeople 5', 'ease', 1),
  ];
}

async function onMadeUpPeople({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const histories = madeUpHistories(quick ? { people: 400, items: 300, medianItems: 30 } : {});
  const found = await measured(
    histories,
    {
      popular: [popular()],
      'item-knn': [50, 100, 200].map((neighbours) => itemKnn(neighbours)),
      ease: [20, 40, 60, 80].map((lambda) => ease(lambda)),
      'local-ridge, k = 50': ridges([50], [20, 30], { minPeople: 1 }),
      'local-ridge, k = 200': ridges([200], [20, 30], { minPeople: 1 }),
      'local-ridge, k = 200 → 100': ridges([200], [20, 30], { minPeople: 1, keep: 100 }),
      'local-ridge, k = 500': ridges([500], [20, 40], { minPeople: 1 }),
    },
    quick ? [1] : measuredSeeds,
    onLine,
  );
  return [
    ...absolute('made-up people', found),
    ratio('made-up people: local-ridge at k = 200 beside EASE', found, 'local-ridge, k = 200', 'ease', 0.99),
    ratio('made-up people: local-ridge at k = 500 beside EASE', found, 'local-ridge, k = 500', 'ease', 1),
  ];
}

/** Mean figures over the seeds, for each kind of model with the settings that were best on the split for choosing. */
async function measured(
  histories: readonly (readonly HistoryEntry[])[],
  contenders: Contenders,
  seeds: readonly number[],
  onLine: (line: string) => void,
): Promise<Map<string, ModelFigures[]>> {
  const chosen: EvaluatedModel[] = [];
  for (const [name, models] of Object.entries(contenders)) {
    const tried = await onSplit(histories, models, 0);
    const best = tried.toSorted((a, b) => b.ndcg100.mean - a.ndcg100.mean)[0];
    const model = models[tried.findIndex((figures) => figures === best)];
    if (best === undefined || model === undefined) continue;
    chosen.push({ ...model, name });
    onLine(`${name}: chose ${JSON.stringify(best.recipe)} (NDCG@100 ${best.ndcg100.mean.toFixed(4)} on its split).`);
  }
  const found = new Map<string, ModelFigures[]>(chosen.map(({ name }) => [name, []]));
  for (const seed of seeds) {
    for (const figures of await onSplit(histories, chosen, seed)) found.get(figures.name)?.push(figures);
    onLine(`Measured split ${seed}.`);
  }
  return found;
}

async function onSplit(
  histories: readonly (readonly HistoryEntry[])[],
  models: readonly EvaluatedModel[],
  seed: number,
): Promise<ModelFigures[]> {
  const { models: figures } = await evaluate(histories, models, {
    protocol: 'strong',
    folds: 1,
    historyMax: uncut,
    random: seededRandom(seed),
    clock: () => performance.now(),
  });
  return figures;
}

function absolute(where: string, found: ReadonlyMap<string, readonly ModelFigures[]>): Figure[] {
  return [...found].flatMap(([name, seeds]) => [
    { name: `${where}: ${name}, NDCG@100`, value: meanOf(seeds.map(({ ndcg100 }) => ndcg100.mean)), unit: '' },
    { name: `${where}: ${name}, Recall@20`, value: meanOf(seeds.map(({ recall20 }) => recall20.mean)), unit: '' },
  ]);
}

function ratio(
  name: string,
  found: ReadonlyMap<string, readonly ModelFigures[]>,
  ours: string,
  theirs: string,
  atLeast: number,
): Figure {
  const ndcgOf = (model: string): number => meanOf((found.get(model) ?? []).map(({ ndcg100 }) => ndcg100.mean));
  return { name, value: ndcgOf(ours) / ndcgOf(theirs), unit: 'x', limit: { atLeast } };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function popular(): EvaluatedModel {
  const recipe = { minPeople: 1 };
  return { name: 'popular', recipe, solve: (sums) => solvePopular(sums, recipe) };
}

function itemKnn(neighbours: number): EvaluatedModel {
  const recipe = { neighbours, minPeople: 1 };
  return { name: 'item-knn', recipe, solve: (sums) => solveItemKnn(sums, recipe) };
}

function ease(lambda: number): EvaluatedModel {
  const recipe = { lambda, ridge: 'root-count', minPeople: 1 } as const;
  return { name: 'ease', recipe, solve: (sums) => solveEase(sums, recipe) };
}

function ridges(
  neighbours: readonly number[],
  lambdas: readonly number[],
  settings: Partial<LocalRidgeRecipe>,
): EvaluatedModel[] {
  return neighbours.flatMap((k) =>
    lambdas.flatMap((lambda) =>
      [true, false].map((intercept): EvaluatedModel => {
        const recipe = defaultRecipe({ ...settings, neighbours: k, lambda, intercept, historyMax: uncut });
        return { name: 'local-ridge', recipe, solve: (sums) => solveInWorkers(sums, recipe) };
      }),
    ),
  );
}
