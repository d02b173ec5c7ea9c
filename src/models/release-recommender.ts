/**
 * What leaves of a recommender: a ranking of items for the list that everybody sees, and a whole model for browsers. Each pays at the privacy
 * ledger first, reads the contribution rows once or twice in one snapshot, and publishes what came of it. Called by the command line and
 * by schedules.
 */
import type { Database } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { CoOccurrence } from '../learning/co-occurrence.ts';
import { encodeParameters, solveLocalRidge } from '../learning/local-ridge.ts';
import { type LocalRidgeRecipe, defaultRecipe } from '../learning/recipe.ts';
import { type Released, derivedRelease, releasedRanking } from '../privacy/released.ts';
import { type ReleasedSums, SumsRelease, cleanedSums, releaseSettings } from '../privacy/released-sums.ts';
import { UnitNormCounts, cellOf } from '../privacy/unit-norm-sums.ts';
import type { NoteSigner } from '../transparency/note.ts';
import { contributionRows } from './live-sums.ts';
import { type PublishedRelease, publish, spend } from './privacy-ledger.ts';

export interface ReleaseRequest {
  model: string;
  /** Whose part of the budget pays. */
  share: string;
  microRho: bigint;
  signer: NoteSigner;
}

/**
 * Publishes the item numbers that people chose most, best first, under the name `popularity of <model>`. Everybody weighs the same however
 * long their history, so nothing of it is cut. Throws `budget.exhausted` and `budget.no-period` as `spend` does.
 */
export async function releasePopularity(
  database: Database,
  request: ReleaseRequest & { top: number },
): Promise<PublishedRelease> {
  const itemCount = await catalogueSize(database);
  const payment = await spend(database, { ...request, name: `popularity of ${request.model}` });
  const counts = new UnitNormCounts(itemCount);
  await eachPerson(database, request.model, 1, (personId, items) => {
    counts.add(personId, items);
  });
  const ranking = releasedRanking({
    sums: counts,
    names: Array.from({ length: itemCount }, (_, item) => String(item)),
    top: request.top,
    payment,
    random: (count) => database.world.randomBytes(count),
  });
  return publish(database, ranking, request.signer);
}

/**
 * Publishes a recommender that may leave, as encoded parameters, under the name `recommender <model>`.
 * Throws `budget.too-few` when too few items stand out of the noise; the budget is spent all the same, because that answer came from the people.
 */
export async function releaseRecommender(database: Database, request: ReleaseRequest): Promise<PublishedRelease> {
  const itemCount = await catalogueSize(database);
  const payment = await spend(database, { ...request, name: `recommender ${request.model}` });
  const release = new SumsRelease({
    payment,
    itemCount,
    random: (count) => database.world.randomBytes(count),
  });
  let isUseful = true;
  await eachPerson(
    database,
    request.model,
    2,
    (personId, items, pass) => {
      if (pass === 1) release.addToCounts(personId, items);
      else release.addToPairs(personId, items);
    },
    () => {
      ({ isUseful } = release.chooseItems());
      return isUseful;
    },
  );
  if (!isUseful)
    throw new Refusal(
      'budget.too-few',
      `Fewer than ${releaseSettings.supportMin} items stand out of the noise, so a released model would be worse than a ranking.`,
      { remedy: 'Release the popularity instead, or allow a larger ρ, or come back with more people.' },
    );
  return publish(database, solvedRelease(release.release()), request.signer);
}

/**
 * The parameters of a recommender, encoded, out of released sums: cleaned, then solved like any other sums, with settings that were fixed
 * beforehand. With 100 neighbours it is a little better than with all (90 against 88.5 % of the exact sums at ε = 1 and 50,000 people)
 * and a tenth of the size.
 */
export function solvedRelease(released: Released<ReleasedSums>): Released<Uint8Array> {
  return derivedRelease(cleanedSums(released), (value) => {
    const { sums, recipe } = systemOf(value);
    return encodeParameters(solveLocalRidge(sums, recipe));
  });
}

/** Whole-number totals as the solvers know them, shifted until they fit 31 bits, and the recipe whose ridge goes with their scale. */
function systemOf(released: ReleasedSums): { sums: CoOccurrence; recipe: LocalRidgeRecipe } {
  const shift = BigInt(Math.max(0, released.people.toString(2).length - 30));
  const items = released.items.map(Number);
  const counts = Array.from(released.counts, (count) => Number(count >> shift));
  const sums = new CoOccurrence();
  sums.addTotals({
    people: Number(released.people >> shift),
    counts: items.map((item, at) => [item, counts[at] ?? 0]),
    pairs: pairsOf(items, released.pairs, shift),
  });
  const trace = counts.reduce((sum, count) => sum + count, 0);
  // λ·√count is to be the ridge at the mean count.
  const lambda = trace / releaseSettings.ridgeDivisor / Math.sqrt(trace / items.length);
  return { sums, recipe: defaultRecipe({ neighbours: 100, lambda, minPeople: 1, intercept: false }) };
}

function* pairsOf(items: readonly number[], pairs: BigInt64Array, shift: bigint): Generator<[number, number, number]> {
  for (const [high, item] of items.entries()) {
    for (let low = 0; low < high; low++) {
      const count = Number(pairs[cellOf(high - 1, low)] >> shift);
      if (count > 0) yield [items[low] ?? 0, item, count];
    }
  }
}

/** The numbers that the catalogue has given out so far: known to everybody, and no matter of people. */
async function catalogueSize(database: Database): Promise<number> {
  const [row] = await database.query<{ size: number }>(
    'select coalesce(max(item_number) + 1, 0)::integer as size from items',
  );
  if (row === undefined || row.size === 0)
    throw new Refusal('model.missing', 'The catalogue has no items, so there is nothing to release.', {
      remedy: 'Import the catalogue first.',
    });
  return row.size;
}

/** Everybody who contributes to a model, by ascending id, once a pass, in one snapshot; `between` may say that no further pass is wanted. */
async function eachPerson(
  database: Database,
  model: string,
  passes: number,
  visit: (personId: string, items: readonly number[], pass: number) => void,
  between: () => boolean = () => true,
): Promise<void> {
  await database.transaction(
    async (tx) => {
      for (let pass = 1; pass <= passes; pass++) {
        for await (const rows of contributionRows(tx, model)) {
          for (const row of rows) visit(row.person_id, row.items, pass);
        }
        if (pass < passes && !between()) return;
      }
    },
    { isolation: 'repeatable read', readOnly: true },
  );
}
