/**
 * What could be learned from a file, tried in memory: quality beside plain popularity, a few customers with the reasons of their suggestions, and the
 * cost of forgetting one of them. Nothing of the file is kept, and nobody is named. Called by `fairlead init --from`.
 */
import { CoOccurrence } from '../learning/co-occurrence.ts';
import { type HistoryEntry, contributionOf } from '../learning/contributions.ts';
import { evaluate } from '../learning/evaluation.ts';
import { solveInWorkers } from '../learning/kernels/solve-in-workers.ts';
import { type LocalRidgeParameters, parametersDigest } from '../learning/local-ridge.ts';
import { solvePopular } from '../learning/popular.ts';
import { type LocalRidgeRecipe, defaultRecipe } from '../learning/recipe.ts';
import { scorer } from '../learning/scoring.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import { Refusal } from '../database/refusal.ts';
import { idIn, timeReader } from '../people/import/cells.ts';
import type { RowSource } from '../people/import/row-source.ts';

export interface Trial {
  readonly rows: number;
  readonly people: number;
  readonly items: number;
  readonly interactions: number;
  readonly oldest: string | null;
  readonly newest: string | null;
  readonly quality: readonly { readonly name: string; readonly recall20: number; readonly ndcg100: number }[];
  readonly customers: readonly {
    readonly items: number;
    readonly suggestions: readonly { readonly item: string; readonly because: readonly string[] }[];
  }[];
  readonly forgotten: {
    readonly subtractMs: number;
    readonly solveMs: number;
    /** Of the parameters after the subtraction, and whether a training without the person gives the same. */
    readonly digest: string;
    readonly isEqual: boolean;
    /** Of the first twenty suggestions of other people, the share that stays as it was. */
    readonly unchangedShare: number;
  };
}

interface Columns {
  readonly person: string;
  readonly item: string;
  readonly time: string | undefined;
}

interface TrialOptions {
  /** Seed of the split into shown and hidden people. */
  readonly random: number;
  readonly onProgress: (done: number, total: number, what: string) => void;
}

/** More would not fit into memory; what comes after is left out of the trial. */
const rowsMax = 3_000_000;

/** Tries. Refuses with `init.too-few` when there is too little to learn from. */
export async function tryFile(source: RowSource, columns: Columns, options: TrialOptions): Promise<Trial> {
  const read = await readHistories(source, columns, options);
  const histories = [...read.histories.values()];
  const recipe = defaultRecipe();
  const contributions = histories.map((history) => contributionOf(history));
  if (contributions.filter((items) => items.length > 1).length < 20) {
    throw new Refusal('init.too-few', 'Fewer than twenty people have two items, which is too little to learn from.', {
      remedy: 'Bring a longer file, or write the policy without --from.',
    });
  }
  const quality = await qualityOf(histories, recipe, options);
  const sums = new CoOccurrence();
  for (const items of contributions) if (items.length > 0) sums.add(items);
  const parameters = await solveInWorkers(sums, recipe);
  const chosen = typicalPeople(contributions);
  const itemNames = [...read.items.keys()];
  const forgotten = await forgetOne({ sums, contributions, recipe, person: chosen[0] ?? 0, before: parameters });
  return {
    rows: read.rows,
    people: contributions.filter((items) => items.length > 0).length,
    items: itemNames.length,
    interactions: contributions.reduce((total, items) => total + items.length, 0),
    oldest: read.oldest === undefined ? null : new Date(read.oldest).toISOString(),
    newest: read.newest === undefined ? null : new Date(read.newest).toISOString(),
    quality,
    customers: chosen.map((person) => explained(parameters, contributions[person] ?? new Int32Array(0), itemNames)),
    forgotten,
  };
}

interface ReadHistories {
  readonly histories: Map<string, HistoryEntry[]>;
  readonly items: Map<string, number>;
  rows: number;
  oldest: number | undefined;
  newest: number | undefined;
}

async function readHistories(source: RowSource, columns: Columns, options: TrialOptions): Promise<ReadHistories> {
  const read: ReadHistories = { histories: new Map(), items: new Map(), rows: 0, oldest: undefined, newest: undefined };
  const wanted = [columns.person, columns.item, ...(columns.time === undefined ? [] : [columns.time])];
  const readers = [
    'iso',
    'seconds',
    'milliseconds',
    'DD/MM/YYYY HH:mm',
    'MM/DD/YYYY HH:mm',
    'DD.MM.YYYY HH:mm',
  ].flatMap((format) => timeReader(format) ?? []);
  for await (const batch of source.read(wanted)) {
    for (const { values } of batch.rows) {
      const person = idIn(values[0]);
      const item = idIn(values[1]);
      if (person === undefined || item === undefined) continue;
      const at = readers
        .map((reader) => reader(values[2]))
        .find((time) => time !== undefined)
        ?.getTime();
      if (at !== undefined && (read.oldest === undefined || at < read.oldest)) read.oldest = at;
      if (at !== undefined && (read.newest === undefined || at > read.newest)) read.newest = at;
      const number = read.items.get(item) ?? read.items.size;
      read.items.set(item, number);
      const history = read.histories.get(person);
      // Without times the order of the file is the order of what happened.
      const entry = { item: number, at: at ?? read.rows };
      if (history === undefined) read.histories.set(person, [entry]);
      else history.push(entry);
      read.rows += 1;
    }
    options.onProgress(source.bytesRead(), source.bytes, 'reading');
    if (read.rows >= rowsMax) break;
  }
  return read;
}

async function qualityOf(
  histories: readonly HistoryEntry[][],
  recipe: LocalRidgeRecipe,
  options: TrialOptions,
): Promise<Trial['quality']> {
  const evaluation = await evaluate(
    histories,
    [
      { name: 'popular', recipe: {}, solve: (sums) => solvePopular(sums, { minPeople: recipe.minPeople }) },
      { name: 'local-ridge', recipe, solve: (sums) => solveInWorkers(sums, recipe) },
    ],
    {
      protocol: 'strong',
      folds: 1,
      historyMax: recipe.historyMax,
      random: seededRandom(options.random),
      clock: () => performance.now(),
      onProgress: ({ done, total, model }) => options.onProgress(done, total, model),
    },
  );
  return evaluation.models.map(({ name, recall20, ndcg100 }) => ({
    name,
    recall20: recall20.mean,
    ndcg100: ndcg100.mean,
  }));
}

/** Three people with neither few nor many items: at the quarter, the middle and three quarters of those with at least five. */
function typicalPeople(contributions: readonly Int32Array[]): number[] {
  const people = [...contributions.keys()].filter((person) => (contributions[person]?.length ?? 0) >= 5);
  const candidates =
    people.length >= 3
      ? people
      : [...contributions.keys()].filter((person) => (contributions[person]?.length ?? 0) > 1);
  const bySize = candidates.toSorted(
    (left, right) => (contributions[left]?.length ?? 0) - (contributions[right]?.length ?? 0) || left - right,
  );
  return [0.25, 0.5, 0.75].flatMap((share) => bySize[Math.floor(share * (bySize.length - 1))] ?? []);
}

function explained(
  parameters: LocalRidgeParameters,
  history: Int32Array,
  itemNames: readonly string[],
): Trial['customers'][number] {
  const nameOf = (item: number): string => itemNames[item] ?? '';
  const suggestions = scorer(parameters)
    .score(history, { limit: 3 })
    .map(({ item, terms }) => ({
      item: nameOf(item),
      because: terms
        .filter((term) => term.of !== 'everyone' && term.points > 0)
        .toSorted((left, right) => right.points - left.points)
        .slice(0, 2)
        .flatMap((term) => (term.of === 'everyone' ? [] : [nameOf(term.of)])),
    }))
    .map((suggestion) =>
      suggestion.because.length > 0 ? suggestion : { ...suggestion, because: ['what many people choose'] },
    );
  return { items: history.length, suggestions };
}

async function forgetOne(given: {
  sums: CoOccurrence;
  contributions: readonly Int32Array[];
  recipe: LocalRidgeRecipe;
  person: number;
  before: LocalRidgeParameters;
}): Promise<Trial['forgotten']> {
  const { sums, contributions, recipe, person, before } = given;
  const subtractedAt = performance.now();
  sums.subtract(contributions[person] ?? []);
  const subtractMs = performance.now() - subtractedAt;
  const solvedAt = performance.now();
  const after = await solveInWorkers(sums, recipe);
  const digest = parametersDigest(after);
  const solveMs = Math.round(performance.now() - solvedAt);
  const without = new CoOccurrence();
  for (const [at, items] of contributions.entries()) if (at !== person && items.length > 0) without.add(items);
  const isEqual = parametersDigest(await solveInWorkers(without, recipe)) === digest;
  const others = contributions.filter((items, at) => at !== person && items.length > 0).slice(0, comparedPeople);
  return { subtractMs, solveMs, digest, isEqual, unchangedShare: unchangedShare(before, after, others) };
}

const comparedPeople = 500;
const comparedItems = 20;

function unchangedShare(
  before: LocalRidgeParameters,
  after: LocalRidgeParameters,
  people: readonly Int32Array[],
): number {
  const [scoreBefore, scoreAfter] = [scorer(before), scorer(after)];
  let shown = 0;
  let unchanged = 0;
  for (const history of people) {
    const then = scoreBefore.score(history, { limit: comparedItems }).map(({ item }) => item);
    const now = new Set(scoreAfter.score(history, { limit: comparedItems }).map(({ item }) => item));
    shown += then.length;
    unchanged += then.filter((item) => now.has(item)).length;
  }
  return shown === 0 ? 1 : unchanged / shown;
}
