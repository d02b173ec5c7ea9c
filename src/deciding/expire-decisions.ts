/** Retention of decisions: a record lives no longer than the shortest time that it cites; its way from the id goes with it, the leaf in the log stays. */
import { retireVersions } from '../models/learn.ts';
import { subtractDuration } from '../policy/durations.ts';
import { retentionOf } from '../policy/policy.ts';
import type { Engine } from './engine.ts';

/** Deletes what is due: records, answers to nobody, and parameters of versions that no replay may need any more. Returns how many records went. */
export async function expireDecisions(engine: Engine): Promise<number> {
  const now = engine.database.world.now();
  const gone = await engine.database.query<{ decision_id: string }>(
    `with gone as (delete from decisions where expires_at <= $1 returning decision_id),
          ways as (delete from decision_people where decision_id in (select decision_id from gone))
     select decision_id from gone`,
    [now],
  );
  await engine.database.query('delete from nonpersonal_decisions where at < $1', [
    subtractDuration(now, retentionOf(engine.policy, 'decisions')),
  ]);
  await retireUncited(engine, now);
  return gone.length;
}

/** A superseded version keeps its parameters only while a record that can be replayed cites it, and no longer than the policy says. */
async function retireUncited(engine: Engine, now: Date): Promise<void> {
  const kept = await engine.database.query<{ version_id: string }>(
    'select distinct version_id from decisions where redacted_at is null',
  );
  await retireVersions(engine.database, {
    supersededBefore: subtractDuration(now, retentionOf(engine.policy, 'models')),
    // A decision that is being made right now may still cite what was superseded a moment ago.
    uncited: { supersededBefore: subtractDuration(now, '1 minute'), cited: kept.map((row) => row.version_id) },
  });
}
