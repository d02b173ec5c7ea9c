/**
 * A recipe is everything about a model that is not people: the settings under which sums become parameters. Equal recipes over equal sums
 * give equal bytes. It is adopted by a named person and never re-tuned silently; a version carries its digest.
 */
import { createHash } from 'node:crypto';
import { type HistoryEntry, itemNumberMax } from './contributions.ts';
import { LearningError } from './learning-error.ts';

export interface LocalRidgeRecipe {
  kind: 'local-ridge';
  /** How many neighbours each item's system has, k. */
  neighbours: number;
  /** The ridge of item i is lambda · √(people with i). */
  lambda: number;
  /** How many weights an item keeps; with fewer than `neighbours`, the kept ones are solved for again. */
  keep: number;
  /** Whether a score starts from the item's popularity, corrected by what its neighbours explain. */
  intercept: boolean;
  /** Items and pairs shared by fewer people count as zero when a model is solved. */
  minPeople: number;
  /** The most items that one person contributes, m. */
  historyMax: number;
  /** Weights are whole multiples of 2^−weightBits. */
  weightBits: number;
  /**
   * How an item counts in a history as it gets older, applied at decision time: the factor, in 256ths, of the last step whose days have passed;
   * 256 before the first.
   */
  recency: readonly { afterDays: number; factor: number }[];
  /** When given, the model knows these items only, ascending. Otherwise every item in the sums. */
  items?: readonly number[];
}

/** What a factor of one is on the scale of `recency`. */
export const factorOne = 256;
/** With weights of 32 bits, factors and histories up to these keep every score below 2⁵³, where doubles are exact integers. */
export const factorMax = 512;
export const historyLengthMax = 8_000;

/** The recipe of a new model: k = 100, λ = 10·√count. A proposal of `evaluate` replaces it once there are people to tune on. */
export function defaultRecipe(settings: Partial<Omit<LocalRidgeRecipe, 'kind'>> = {}): LocalRidgeRecipe {
  const neighbours = settings.neighbours ?? 100;
  return {
    kind: 'local-ridge',
    neighbours,
    lambda: 10,
    keep: neighbours,
    intercept: true,
    minPeople: 5,
    historyMax: 200,
    weightBits: 16,
    recency: [],
    ...settings,
  };
}

/**
 * The recipe as canonical JSON: known settings only, sorted by name, each checked.
 *
 * Guarantee: equal recipes have equal bytes, and `recipeFrom` gives the recipe back (recipe.test.ts).
 * Limits: `learning.malformed` for a setting outside its range, with the name of the setting.
 */
export function encodeRecipe(recipe: LocalRidgeRecipe): string {
  requireRecipe(recipe);
  const { kind, neighbours, lambda, keep, intercept, minPeople, historyMax, weightBits, recency, items } = recipe;
  return JSON.stringify({
    historyMax,
    intercept,
    ...(items === undefined ? {} : { items }),
    keep,
    kind,
    lambda,
    minPeople,
    neighbours,
    recency: recency.map(({ afterDays, factor }) => ({ afterDays, factor })),
    weightBits,
  });
}

/** Reads what `encodeRecipe` wrote; `learning.unreadable` for anything that it would have written differently. */
export function recipeFrom(text: string): LocalRidgeRecipe {
  const refusal = new LearningError('learning.unreadable', 'This is no recipe', 'Adopt a recipe again.');
  let recipe: LocalRidgeRecipe;
  try {
    recipe = JSON.parse(text) as LocalRidgeRecipe; // Checked in full by encodeRecipe on the next line.
    if (encodeRecipe(recipe) === text) return recipe;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof TypeError || error instanceof LearningError)) throw error;
  }
  throw refusal;
}

/** SHA-256 of the canonical recipe, 64 hexadecimal digits. */
export function recipeDigest(recipe: LocalRidgeRecipe): string {
  return createHash('sha256').update(encodeRecipe(recipe)).digest('hex');
}

/** The factor, in 256ths, of an item that came into the history so many days ago. */
export function recencyFactor(recipe: Pick<LocalRidgeRecipe, 'recency'>, ageDays: number): number {
  let factor = factorOne;
  for (const step of recipe.recency) if (ageDays >= step.afterDays) factor = step.factor;
  return factor;
}

/** The factor of each item of a history, by the time when it was last had; undefined where the recipe fades nothing, so that nothing is computed. */
export function recencyFactors(
  recipe: Pick<LocalRidgeRecipe, 'recency'>,
  history: Int32Array,
  { entries, now }: { entries: Iterable<HistoryEntry>; now: number },
): Int32Array | undefined {
  if (recipe.recency.length === 0) return undefined;
  const latest = new Map<number, number>();
  for (const { item, at } of entries) latest.set(item, Math.max(at, latest.get(item) ?? -Infinity));
  return history.map((item) => recencyFactor(recipe, (now - (latest.get(item) ?? now)) / dayMs));
}

const dayMs = 86_400_000;

/** Throws `learning.malformed`, naming the setting, when a recipe is outside its documented ranges. */
export function requireRecipe(recipe: LocalRidgeRecipe): void {
  requireSetting(recipe.kind === 'local-ridge', 'kind', 'local-ridge');
  requireSetting(isWhole(recipe.neighbours, 1, 4096), 'neighbours', 'a whole number from 1 to 4096');
  requireSetting(
    Number.isFinite(recipe.lambda) && recipe.lambda >= 0.001 && recipe.lambda <= 1e9,
    'lambda',
    'from 0.001 to 1e9: without a ridge a system may be singular',
  );
  requireSetting(isWhole(recipe.keep, 1, recipe.neighbours), 'keep', 'a whole number from 1 to neighbours');
  requireSetting(typeof recipe.intercept === 'boolean', 'intercept', 'true or false');
  requireSetting(isWhole(recipe.minPeople, 1, 1_000_000), 'minPeople', 'a whole number from 1 to 1,000,000');
  requireSetting(isWhole(recipe.historyMax, 1, historyLengthMax), 'historyMax', 'a whole number from 1 to 8,000');
  requireSetting(isWhole(recipe.weightBits, 8, 24), 'weightBits', 'a whole number from 8 to 24');
  requireSetting(Array.isArray(recipe.recency), 'recency', 'a list of {afterDays, factor}');
  recipe.recency.forEach(({ afterDays, factor }, at) => {
    const before = recipe.recency[at - 1]?.afterDays ?? -1;
    requireSetting(
      Number.isFinite(afterDays) && afterDays > before && isWhole(factor, 0, factorMax),
      'recency',
      'steps of ascending afterDays from 0, with whole factors of at most 512',
    );
  });
  requireSetting(
    recipe.items === undefined ||
      (Array.isArray(recipe.items) &&
        recipe.items.every((item, at, all) => isWhole(item, 0, itemNumberMax) && item > (all[at - 1] ?? -1))),
    'items',
    'distinct item numbers, ascending',
  );
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function requireSetting(holds: boolean, name: string, range: string): void {
  if (!holds)
    throw new LearningError('learning.malformed', `The recipe's ${name} is out of range`, `It must be ${range}.`);
}
