/** From a decision's id to its record: the look-up table says whose it is, the person's own table holds it. */
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type DecisionRecord, recordFrom } from './decision-record.ts';

/** A stored decision; `about` is nobody for the non-personal ones. */
export type FoundDecision =
  | {
      readonly about: 'somebody';
      readonly personId: string;
      readonly record: DecisionRecord;
      readonly text: string;
      readonly leaf: Buffer;
      readonly leafKey: Buffer | null;
      readonly at: Date;
    }
  | {
      readonly about: 'nobody';
      readonly decisionId: string;
      readonly placement: string;
      readonly items: readonly string[];
      readonly at: Date;
    };

/** Refuses with `decision.unknown` for an id that is not there, was erased, has expired or never was a decision: all the same. */
export async function findDecision(sql: Sql, decisionId: string): Promise<FoundDecision> {
  const [personal] = await sql.query<{
    person_id: string;
    record: string;
    leaf: Buffer;
    leaf_key: Buffer | null;
    at: Date;
  }>(
    `with owner as materialized (select person_id from decision_people where decision_id = $1)
     select d.person_id, d.record, d.leaf, d.leaf_key, d.at from owner join decisions d on d.person_id = owner.person_id and d.decision_id = $1`,
    [decisionId],
  );
  if (personal !== undefined) {
    return {
      about: 'somebody',
      personId: personal.person_id,
      record: recordFrom(personal.record),
      text: personal.record,
      leaf: personal.leaf,
      leafKey: personal.leaf_key,
      at: personal.at,
    };
  }
  const [general] = await sql.query<{ placement: string; items: string[]; at: Date }>(
    'select placement, items, at from nonpersonal_decisions where decision_id = $1',
    [decisionId],
  );
  if (general === undefined) throw unknownDecision();
  return { about: 'nobody', decisionId, placement: general.placement, items: general.items, at: general.at };
}

export function unknownDecision(): Refusal {
  return new Refusal('decision.unknown', 'There is no such decision.', {
    remedy: 'Its record may have expired or been erased; records are kept as long as the policy says.',
  });
}
