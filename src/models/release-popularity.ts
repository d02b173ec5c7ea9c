/**
 * The popularity behind lists that are called `popular`: which items most people touched, with exact noise, paid for from the privacy budget and
 * released at the pace that the policy names. It is the only way by which people's choices reach an answer that is about nobody.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { addDuration, durationMsMean, durationOf } from '../policy/durations.ts';
import { concentratedBudget } from '../privacy/accountant.ts';
import { Rational } from '../privacy/rational.ts';
import type { NoteSigner } from '../transparency/note.ts';
import { latestRelease, openPeriod } from './privacy-ledger.ts';
import { releasePopularity } from './release-recommender.ts';

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
  if (!(await released(installation, model, { signer, top: catalogue?.cells ?? 0 }))) return false;
  await database.query("select pg_notify('fairlead_releases', $1)", [model]);
  return true;
}

/** Pays an equal part of what is kept for popularity and releases; opens the period where none is open. False when the share is used up. */
async function released(
  installation: Installation,
  model: string,
  options: { signer: NoteSigner; top: number },
): Promise<boolean> {
  const { database, policy } = installation;
  if (policy.privacy === undefined) return false;
  const { epsilon, delta, period, popularEvery } = policy.privacy;
  const microRho = concentratedBudget({ epsilon, delta });
  const models = Object.values(policy.models).filter((rule) => rule.kind === 'recommender').length;
  const releases = BigInt(
    Math.ceil(durationMsMean(durationOf(period)) / durationMsMean(durationOf(popularEvery))) * models,
  );
  const request = { model, share, microRho: microRho / 2n / releases, ...options };
  try {
    await releasePopularity(database, request);
    return true;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (error.code === 'budget.exhausted') return false;
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
  await releasePopularity(database, request);
  return true;
}

function nameOf(model: string): string {
  return `popularity of ${model}`;
}
