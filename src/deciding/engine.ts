/**
 * One running Fairlead with everything that deciding needs: the installation, the models in force, the catalogue in memory, and who has to strip their
 * records when somebody is forgotten. Opened at the doors and passed down.
 */
import { adoptPolicy } from '../consent/adopt-policy.ts';
import type { Installation } from '../consent/installation.ts';
import type { Database } from '../database/database.ts';
import { LiveModels } from '../models/live-models.ts';
import { LiveSums } from '../models/live-sums.ts';
import type { LearningInstallation } from '../models/learn.ts';
import { releasedPopularity } from '../models/release-popularity.ts';
import { recommenderModels } from '../people/contribute.ts';
import type { Follower, ForgettingInstallation } from '../people/forget.ts';
import { IntakeCounts } from '../people/intake-counts.ts';
import type { Policy } from '../policy/policy.ts';
import { DecisionStatements } from './decision-statements.ts';
import { LiveCatalogue } from './live-catalogue.ts';
import { Exposure } from './internal/exposure.ts';
import { NonpersonalDecisions } from './internal/nonpersonal.ts';
import { LivePauses } from './pauses.ts';
import { stripDecisions } from './strip-decisions.ts';

export interface Engine extends ForgettingInstallation, LearningInstallation {
  readonly counts: IntakeCounts;
  readonly models: LiveModels;
  readonly items: LiveCatalogue;
  readonly nonpersonal: NonpersonalDecisions;
  readonly exposure: Exposure;
  readonly pauses: LivePauses;
  readonly stopFollowing: () => Promise<void>;
  /** What personal decisions are read with and kept by. */
  readonly statements: DecisionStatements;
}

/** Opens an engine. The policy has passed `checkPolicy`, the keys have been checked against the database; it is adopted here. */
export async function openEngine(options: {
  database: Database;
  /** For the two statements of a decision: planned once, and given up early, so that a slow database means the answer for everybody, in time. */
  hot?: Database;
  keys: Installation['keys'];
  policy: Policy;
  adoptedBy: string;
  /** What rooms above this one do when somebody is forgotten. */
  followers?: (installation: Installation) => readonly Follower[];
}): Promise<Engine> {
  const { database, keys, policy } = options;
  const policyVersion = await adoptPolicy(database, policy, options.adoptedBy);
  const installation: Installation = { database, keys, policy, policyVersion };
  const models = recommenderModels(installation);
  const items = await LiveCatalogue.open(database, policy);
  const showPopular = async (model: string): Promise<void> => {
    const ranking = await releasedPopularity(database, model);
    if (ranking !== undefined) items.rank(model, ranking);
  };
  for (const model of models) await showPopular(model);
  return {
    ...installation,
    statements: new DecisionStatements({ ...installation, database: options.hot ?? database }),
    stopFollowing: await database.listen('fairlead_releases', (model) => {
      // After a reconnect the notice is empty: any release may have been missed. What cannot be read now is read with the next notice.
      for (const name of model === '' ? models : [model]) void showPopular(name).catch(() => undefined); // until then the ranking before serves
    }),
    followers: [stripDecisions(installation), ...(options.followers?.(installation) ?? [])],
    sums: new Map(models.map((model) => [model, new LiveSums(installation, model)])),
    counts: new IntakeCounts(),
    models: await LiveModels.open(database, models),
    items,
    nonpersonal: new NonpersonalDecisions(installation),
    exposure: new Exposure(),
    pauses: await LivePauses.open(database),
  };
}

/** Ends what the engine has running and writes down what it still holds. The database and the keys belong to whoever opened them. */
export async function closeEngine(engine: Engine): Promise<void> {
  await engine.nonpersonal.close();
  await engine.counts.flush(engine, engine.database.world.now()).catch(() => undefined); // counts of a few seconds, when the database has gone already
  await engine.stopFollowing();
  await engine.pauses.close();
  await engine.models.close();
  await engine.items.close();
  for (const sums of engine.sums.values()) await sums.close();
}
