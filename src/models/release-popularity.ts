/**
 * The popularity behind lists that are called `popular`: which items most people touched, with exact noise, paid for from the privacy budget and
 * released at the pace that the policy names. It is the only way by which people's choices reach an answer that is about nobody.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { addDuration, durationMsMean, durationOf } from '../policy/durations.ts';
import { concentratedBudget } from '../privacy/accountant.ts';
import { BoundedSums } from '../privacy/bounded-sums.ts';
import { Rational } from '../privacy/rational.ts';
import { releasedRanking } from '../privacy/released.ts';
import type { NoteSigner } from '../transparency/note.ts';
import { contributionRows } from './live-sums.ts';
import { latestRelease, openPeriod, publish, spend } from './privacy-ledger.ts';

/** One person moves at most so many counts; fewer would lose more of the ranking than the smaller noise saves on histories of this length. */
const itemsPerPersonMax = 5;
const share = 'popularity';

/** Item numbers, best first, of the last release for a model; undefined before the first, or when the policy has no privacy budget. */
export async function releasedPopularity(sql: Sql, model: string): Promise<readonly number[] | undefined> {
  const release = await latestRelease(sql, nameOf(model));
  if (release === undefined) return undefined;
  const { value } = JSON.parse(release.record) as { value: string[] }; // written by `releaseText` from names that are numbers
  return value.map(Number);
}

/**
 * Releases popularity anew when it is due. Returns whether it did. Without a `privacy` section nothing is ever released; with an exhausted budget
 * the last release stays, which costs nothing.
 */
export async function releasePopularityWhenDue(
  installation: Installation,
  model: string,
  signer: NoteSigner,
): Promise<boolean> {
  const { database, policy } = installation;
  if (policy.privacy === undefined) return false;
  const now = database.world.now();
  const last = await latestRelease(database, nameOf(model));
  if (last !== undefined && addDuration(last.publishedAt, policy.privacy.popularEvery) > now) return false;
  const [catalogue] = await database.query<{ cells: number }>(
    'select coalesce(max(item_number), -1) + 1 as cells from items',
  );
  const [sum] = await database.query<{ people: number }>('select people from sums where model = $1', [model]);
  if ((catalogue?.cells ?? 0) === 0 || (sum?.people ?? 0) === 0) return false;
  const sums = await boundedCounts(installation, model, catalogue?.cells ?? 0);
  const payment = await pay(installation, model);
  if (payment === undefined) return false;
  const names = Array.from({ length: sums.bounds.cells }, (_, item) => String(item));
  const released = releasedRanking({
    sums,
    payment,
    random: (count) => database.world.randomBytes(count),
    names,
    top: names.length,
  });
  await publish(database, released, signer);
  await database.query("select pg_notify('fairlead_releases', $1)", [model]);
  return true;
}

/** Each person counts for at most five items, chosen by their own random id, so that nobody's choice depends on anybody else. */
async function boundedCounts(installation: Installation, model: string, cells: number): Promise<BoundedSums> {
  const sums = new BoundedSums({ cells, cellsPerPersonMax: itemsPerPersonMax });
  await installation.database.transaction(
    async (tx) => {
      for await (const rows of contributionRows(tx, model)) {
        for (const row of rows) {
          const from = Number.parseInt(row.person_id.slice(-8), 16) % Math.max(1, row.items.length);
          sums.add(row.person_id, [...row.items.slice(from), ...row.items.slice(0, from)]);
        }
      }
    },
    { isolation: 'repeatable read', readOnly: true },
  );
  return sums;
}

/** An equal part of what is kept for popularity, over the whole period; undefined when that is used up. */
async function pay(installation: Installation, model: string): Promise<Awaited<ReturnType<typeof spend>> | undefined> {
  const { database, policy } = installation;
  if (policy.privacy === undefined) return undefined;
  const { epsilon, delta, period, popularEvery } = policy.privacy;
  const microRho = concentratedBudget({ epsilon, delta });
  const models = Object.values(policy.models).filter((rule) => rule.kind === 'recommender').length;
  const releases = BigInt(
    Math.ceil(durationMsMean(durationOf(period)) / durationMsMean(durationOf(popularEvery))) * models,
  );
  const asked = { name: nameOf(model), share, microRho: microRho / 2n / releases };
  try {
    return await spend(database, asked);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'budget.exhausted') return undefined;
    if (error.code !== 'budget.no-period') throw error;
  }
  const now = database.world.now();
  await openPeriod(database, {
    period: `from ${now.toISOString().slice(0, 10)}`,
    startsAt: now,
    endsAt: addDuration(now, period),
    microRho,
    delta: Rational.of(1n, BigInt(Math.ceil(1 / delta))),
    shares: { [share]: microRho / 2n },
    openedBy: `policy version ${installation.policyVersion}`,
  });
  return spend(database, asked);
}

function nameOf(model: string): string {
  return `popularity of ${model}`;
}
