/**
 * What a person did, as a purpose may see it: read under a permit, in the statement that tests the consent. Expired events, excluded items and items
 * of a sensitive topic are not in it, whoever asks.
 */
import { type Permit, type Whom, readPermitted } from '../consent/permit.ts';
import type { Sql } from '../database/database.ts';
import { type HistoryEntry, contributionOf } from '../learning/contributions.ts';
import { subtractDuration } from '../policy/durations.ts';
import { type Policy, sensitiveTopicsOf } from '../policy/policy.ts';

/** A person's items for one model, with the permit under which they were read. */
export interface PermittedHistory<Purpose extends string = string> {
  readonly personId: string;
  readonly permit: Permit<Purpose>;
  /** Distinct items with the time of the last event, newest first. */
  readonly entries: readonly HistoryEntry[];
}

/**
 * SQL: the items that a purpose may see of `permitted.person_id`, each with its last event: `$4` event names, `$5` purpose, `$6` oldest moment. Exclusions
 * are looked at item by item only for people who have one: tested once a person, this halves the read of a decision.
 */
const mentionedSql = `
    select mentioned.item_id, max(e.at) as at
    from events e cross join lateral unnest(e.item_ids) as mentioned (item_id)
    where e.person_id = permitted.person_id and e.name = any($4::text[]) and $5 = any(e.purposes) and e.at >= $6
      and case when (select exists (select 1 from exclusions x where x.person_id = permitted.person_id)) then not exists (
        select 1 from exclusions x
        where x.person_id = e.person_id and (x.item_id = mentioned.item_id or (x.item_id is null and e.at >= x.from_at and e.at < x.until_at))
      ) else true end
    group by mentioned.item_id`;

/** Whole milliseconds; times have no more, and so a double holds them exactly. */
const msSql = (at: string): string => `(date_part('epoch', ${at}) * 1000)::bigint`;

/** SQL of a history by item numbers, without items of a sensitive topic (`$7`): what contributions are made from. */
const itemHistorySql = `
  select coalesce(json_agg(json_build_array(i.item_number, ${msSql('used.at')})), '[]'::json) as entries
  from (${mentionedSql}) as used join items i on i.item_id = used.item_id where not i.topics && $7::text[]`;

/** SQL of the same by item ids, for whoever knows the catalogue: of each item it asks only whether it has a topic, which few have and an index tells. */
export const itemIdHistorySql = `
  select coalesce(json_agg(json_build_array(used.item_id, ${msSql('used.at')})), '[]'::json) as entries
  from (${mentionedSql}) as used
  where (select i.topics && $7::text[] from items i where i.item_id = used.item_id and i.topics <> '{}') is not true`;

/** The values of both, from the policy and the moment of asking. */
export function itemHistoryValues(policy: Policy, ask: { model: string; now: Date }): unknown[] {
  const model = policy.models[ask.model];
  if (model?.kind !== 'recommender') throw new Error(`${ask.model} is not a recommender`);
  const purpose = policy.purposes[model.for];
  if (purpose === undefined) throw new Error(`the model ${ask.model} is for an unknown purpose`);
  return [model.from, model.for, subtractDuration(ask.now, purpose.keepFor), sensitiveTopicsOf(policy)];
}

/** The histories of those people who allow the model's purpose; the others are absent. */
export async function readHistories(
  sql: Sql,
  policy: Policy,
  ask: { model: string; now: Date; whom: Whom },
): Promise<PermittedHistory[]> {
  const purpose = policy.models[ask.model]?.for;
  if (purpose === undefined) throw new Error(`the policy has no model ${ask.model}`);
  const rows = await readPermitted<string, { entries: [number, number][] }>(sql, policy, [purpose], ask.whom, {
    select: itemHistorySql,
    values: itemHistoryValues(policy, ask),
  });
  return rows.flatMap(({ personId, permits, row }) => {
    const permit = permits.get(purpose);
    return permit === undefined ? [] : [{ personId, permit, entries: historyEntries(row.entries) }];
  });
}

/** Entries from their pairs of item number and milliseconds. */
function historyEntries(pairs: readonly (readonly [number, number])[]): HistoryEntry[] {
  return pairs.map(([item, at]) => ({ item, at }));
}

/** The contribution that follows from a history: the recipe's bound is applied in one place, here and in `evaluate` alike. */
export function contributionFrom(history: Pick<PermittedHistory, 'entries'>): Int32Array {
  return contributionOf(history.entries, {});
}
