/**
 * What came of a decision: shown and clicked as the caller reports them, and the placement's goal, which the engine finds in the events by itself. Outcomes
 * belong to the person and are forgotten with them; those of non-personal answers are not kept.
 */
import { readPermitted } from '../consent/permit.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { durationMsMax, goalOf } from '../policy/durations.ts';
import { entryOf } from '../policy/policy.ts';
import type { Engine } from './engine.ts';
import { findDecision } from './find-decision.ts';

export interface Outcome {
  readonly kind: 'shown' | 'clicked';
  /** The item that was clicked; for `shown` the whole list when absent. */
  readonly item?: string;
}

/** Records what happened to a decision. Refuses with `decision.unknown`, and with `item.unknown` for an item that the decision did not contain. */
export async function recordOutcome(engine: Engine, decisionId: string, outcome: Outcome): Promise<void> {
  await engine.nonpersonal.flush();
  const found = await findDecision(engine.database, decisionId);
  const items = found.about === 'nobody' ? found.items : found.record.items.map((item) => item.item);
  const isRedacted = found.about === 'somebody' && found.record.redacted !== undefined;
  if (outcome.item !== undefined && !isRedacted && !items.includes(outcome.item)) {
    throw new Refusal('item.unknown', 'That item was not part of this decision.', {
      remedy: 'Send the id of an item that the decision answered with.',
    });
  }
  if (found.about === 'nobody' || isRedacted) return;
  const row = {
    person_id: found.personId,
    decision_id: decisionId,
    outcome_id: engine.database.world.uuid(),
    kind: outcome.kind,
    item_id: outcome.item ?? null,
    at: engine.database.world.now(),
  };
  await engine.database.query(
    `insert into outcomes (person_id, decision_id, outcome_id, kind, item_id, at, tag)
     select $1, $2, $3, $4, $5, $6, $7 where exists (select 1 from decisions where person_id = $1 and decision_id = $2 and redacted_at is null)`,
    [row.person_id, row.decision_id, row.outcome_id, row.kind, row.item_id, row.at, outcomeTag(engine, row)],
  );
}

/**
 * Finds goals that were reached by these people: an event with the goal's name, after the decision and within its time, that names an item which was
 * shown. Read under the permits of the placement. Returns how many were found anew.
 */
export async function matchGoals(engine: Engine, personIds: readonly string[]): Promise<number> {
  let matched = 0;
  for (const [name, placement] of Object.entries(engine.policy.placements)) {
    if (placement.goal === undefined || entryOf(engine.policy.models, placement.model) === undefined) continue;
    const goal = goalOf(placement.goal);
    const rows = await readPermitted<string, { decision_id: string; item_id: string; at: string }>(
      engine.database,
      engine.policy,
      placement.purposes,
      { personIds },
      {
        select: `select d.decision_id, shown.item_id, min(e.at) as at
               from decisions d
               cross join lateral (select answered ->> 'item' as item_id from jsonb_array_elements(d.record::jsonb -> 'items') as answered) as shown
               join events e on e.person_id = d.person_id and e.name = $5 and e.purposes && $2::text[] and e.at > d.at and e.at <= d.at + make_interval(secs => $6) and e.item_ids @> array[shown.item_id]
               where d.person_id = permitted.person_id and d.placement = $4 and d.redacted_at is null
                 and not exists (select 1 from outcomes o where o.person_id = d.person_id and o.decision_id = d.decision_id and o.kind = 'goal' and o.item_id = shown.item_id)
               group by d.decision_id, shown.item_id`,
        values: [name, goal.event, durationMsMax(goal.within) / 1_000],
      },
    );
    if (rows.length === 0) continue;
    const goals = rows.map(({ personId, row }) => ({
      person_id: personId,
      decision_id: row.decision_id,
      outcome_id: engine.database.world.uuid(),
      kind: 'goal',
      item_id: row.item_id,
      at: new Date(row.at),
    }));
    await engine.database.query(
      `insert into outcomes (person_id, decision_id, outcome_id, kind, item_id, at, tag)
       select found.person_id, found.decision_id, found.outcome_id, 'goal', found.item_id, found.at, found.tag
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bytea[]) as found (person_id, decision_id, outcome_id, item_id, at, tag)
       join decisions d on d.person_id = found.person_id and d.decision_id = found.decision_id`,
      [
        goals.map((goal) => goal.person_id),
        goals.map((goal) => goal.decision_id),
        goals.map((goal) => goal.outcome_id),
        goals.map((goal) => goal.item_id),
        goals.map((goal) => goal.at),
        goals.map((goal) => outcomeTag(engine, goal)),
      ],
    );
    matched += rows.length;
  }
  return matched;
}

/** What came of one decision. */
export async function outcomesOf(
  engine: Engine,
  decisionId: string,
): Promise<{ kind: string; item: string | null; at: string }[]> {
  const found = await findDecision(engine.database, decisionId);
  if (found.about === 'nobody') return [];
  const rows = await engine.database.query<{ kind: string; item_id: string | null; at: Date }>(
    'select kind, item_id, at from outcomes where person_id = $1 and decision_id = $2 order by at, outcome_id',
    [found.personId, decisionId],
  );
  return rows.map((row) => ({ kind: row.kind, item: row.item_id, at: row.at.toISOString() }));
}

/** The tag of an outcome's row; the person is left out, because outcomes go over with their decision when two people become one. */
export function outcomeTag(
  engine: Pick<Engine, 'keys'>,
  row: { decision_id: string; outcome_id: string; kind: string; item_id: string | null; at: Date },
): Buffer {
  return rowTag(engine.keys.derived('row-tag'), 'outcomes', [
    row.decision_id,
    row.outcome_id,
    row.kind,
    row.item_id,
    row.at,
  ]);
}
