/** From a file to figures: reads the interactions, measures the models on the same splits, and proposes a recipe where that was asked for. */
import type { HistoryEntry } from '../../learning/contributions.ts';
import { type Evaluation, type EvaluationOptions, evaluate } from '../../learning/evaluation.ts';
import { solveSoonest } from '../../learning/kernels/solve-soonest.ts';
import { proposeRecipe, usualRecencies } from '../../learning/recipe-proposal.ts';
import { seededRandom } from '../../learning/seeded-random.ts';
import { Refusal } from '../../database/refusal.ts';
import { openRowSource } from '../../people/import/open-row-source.ts';
import type { RowSource } from '../../people/import/row-source.ts';
import { type ColumnMeaning, draftFromColumns } from '../../policy/starter.ts';
import { sampleOf } from '../sample-columns.ts';
import { type ContenderName, contenderNames, contenders, easeItemsMax } from './contenders.ts';
import type { Evaluating } from './evaluate-options.ts';
import type { FileProposal } from './proposal-file.ts';
import { type InteractionColumns, type Interactions, type RowCounts, readInteractions } from './read-interactions.ts';

export interface Evaluated {
  readonly evaluation: Evaluation;
  readonly rows: RowCounts;
  readonly columns: InteractionColumns;
  /** Models that were left out, and why. */
  readonly leftOut: readonly string[];
  readonly proposal: FileProposal | undefined;
  readonly histories: readonly (readonly HistoryEntry[])[];
}

type OnProgress = (done: number, total: number, what: string) => void;

/** Evaluates. Refuses as `readInteractions` does, and with `evaluate.too-few` where nobody, or too few, can be tested. */
export async function evaluateInteractions(
  file: string,
  options: Evaluating,
  onProgress: OnProgress,
): Promise<Evaluated> {
  const source = await openRowSource(file, options.source);
  const columns = await columnsOf(source, options);
  const read = await readInteractions(source, columns, {
    ratingMin: options.columns.minRating,
    least: options.least,
    now: Date.now(),
    onProgress: (done, total) => onProgress(done, total, 'reading'),
  });
  requireTestable(read, options);
  const { histories } = read;
  const itemCount = new Set(histories.flatMap((history) => history.map(({ item }) => item))).size;
  const { names, leftOut } = namesFor(options, itemCount);
  const common = (seed: number): EvaluationOptions => ({
    protocol: options.protocol,
    folds: options.folds,
    historyMax: options.recipe.historyMax,
    random: seededRandom(seed),
    clock: () => performance.now(),
  });
  const models = await contenders(names, options, {
    histories,
    options: {
      ...common(options.seed + 1_000_003),
      onProgress: ({ done, total, model }) => onProgress(done, total, `choosing ${model}`),
    },
  });
  const evaluation = await evaluate(histories, models, {
    ...common(options.seed),
    onProgress: ({ done, total, model }) => onProgress(done, total, model),
  });
  const proposal = options.propose === undefined ? undefined : await proposalFrom(read, options, onProgress);
  return { evaluation, rows: read.rows, columns, leftOut, proposal, histories };
}

async function proposalFrom(
  { histories, hasTimes }: Interactions,
  options: Evaluating,
  onProgress: OnProgress,
): Promise<FileProposal> {
  const { protocol, seed, folds, recipe, grid } = options;
  const proposal = await proposeRecipe(histories, {
    protocol,
    folds,
    seed: seed + 2_000_003,
    clock: () => performance.now(),
    base: recipe,
    recencies: hasTimes ? usualRecencies : [],
    solve: (sums, one) => solveSoonest(sums, one),
    onProgress: ({ done, total }) => onProgress(done, total, 'recipes'),
    ...grid,
  });
  return { ...proposal, protocol, seed };
}

function namesFor(options: Evaluating, itemCount: number): { names: readonly ContenderName[]; leftOut: string[] } {
  if (options.models !== undefined) return { names: options.models, leftOut: [] };
  if (itemCount <= easeItemsMax) return { names: contenderNames, leftOut: [] };
  return {
    names: contenderNames.filter((name) => name !== 'ease'),
    leftOut: [`ease, which inverts a matrix of all ${itemCount} items; --models ease insists`],
  };
}

/** One of the five parts of the people may not be empty; with fewer than two people nothing is learned at all. */
const peopleMin = { strong: 5, next: 2 };

function requireTestable({ histories, hasTimes }: Interactions, { protocol, columns, least }: Evaluating): void {
  const testable = histories.filter((history) => history.length > 1).length;
  if (testable < peopleMin[protocol]) {
    throw new Refusal(
      'evaluate.too-few',
      `${testable === 0 ? 'Nobody has' : `Only ${testable} of the people have`} two different items, so too little can be held out.`,
      { remedy: least > 1 ? 'Bring a longer file, or a lower --at-least.' : 'Bring a longer file.' },
    );
  }
  if (protocol === 'next' && columns.time !== undefined && !hasTimes)
    throw new Refusal('evaluate.too-few', 'All times are the same, so nobody has a last item.', {
      remedy:
        'Name another column with --time, leave --time away to take the order of the rows, or say --protocol strong.',
    });
}

/** The columns as they were named; those that were not, by the names of the columns, as `fairlead init --from` does. */
async function columnsOf(source: RowSource, { columns }: Evaluating): Promise<InteractionColumns> {
  const said = { ...columns };
  const guesses =
    said.person !== undefined && said.item !== undefined ? [] : draftFromColumns(await sampleOf(source)).columns;
  const found = (meaning: ColumnMeaning): string | undefined =>
    guesses.find((guess) => guess.looksLike === meaning)?.name;
  const person = said.person ?? found('person');
  const item = said.item ?? found('item');
  if (person === undefined || item === undefined)
    throw new Refusal(
      'evaluate.columns',
      `It was not said which column is the ${person === undefined ? 'person' : 'item'}, and none looks like one.`,
      {
        remedy: `Say --${person === undefined ? 'person' : 'item'} COLUMN. The columns are: ${source.columns.join(', ')}.`,
      },
    );
  return { person, item, time: said.time, timeFormat: said.timeFormat, rating: said.rating };
}
