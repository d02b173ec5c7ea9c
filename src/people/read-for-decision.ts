/**
 * The one read that a personal decision is made from: who is meant, every consent that the placement needs, the history that the model may see and
 * whether a safeguard protects the person, all in one statement. Who does not allow all of it is not there.
 */
import { type Permit, readPermitted } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import type { HistoryEntry } from '../learning/contributions.ts';
import { entryOf } from '../policy/policy.ts';
import { identifierHash } from '../vault/identifiers.ts';
import { historyEntries, itemHistorySql, itemHistoryValues } from './history.ts';
import { type Named, namingIdentifier } from './persons.ts';
import { safeguardsOf } from './profile.ts';
import { type Settings, settingsFrom, settingsSql } from './settings.ts';

/** What a decision may know about a person. */
export interface DecisionView {
  readonly personId: string;
  /** Of the person's row; a record made from this view is not written once it has moved. */
  readonly revision: number;
  readonly permits: ReadonlyMap<string, Permit>;
  readonly history: readonly HistoryEntry[];
  /** A minor or somebody who declared themselves vulnerable: the answer must be the one for everybody. */
  readonly isSafeguarded: boolean;
  /** Where the person's dial stands, and whether they want personal lists at all. */
  readonly settings: Settings;
}

/** Reads for a decision, or undefined when nobody is meant, nothing is known, or a consent is missing. The reasons look the same. */
export async function readForDecision(
  installation: Installation,
  named: Named,
  ask: { purposes: readonly string[]; model: string; now: Date },
): Promise<DecisionView | undefined> {
  const identifier = namingIdentifier(named);
  const rule = entryOf(installation.policy.models, ask.model);
  if (identifier === undefined || rule?.kind !== 'recommender') return undefined;
  const safeguards = Object.entries(installation.policy.people).flatMap(([field, declared]) =>
    declared.kind === 'safeguard' ? [field] : [],
  );
  const [found] = await readPermitted<
    string,
    { entries: [number, number][]; revision: number; guarded: boolean; settings: Record<string, string> }
  >(
    installation.database,
    installation.policy,
    [...new Set([...ask.purposes, rule.for])],
    { identifierHash: identifierHash(installation.keys, identifier) },
    {
      select: `select history.entries,
                      (select p.revision from persons p where p.person_id = permitted.person_id) as revision,
                      exists (select 1 from profile_fields f where f.person_id = permitted.person_id and f.field = any($8::text[])) as guarded,
                      ${settingsSql} as settings
               from (${itemHistorySql}) as history`,
      values: [...itemHistoryValues(installation.policy, { model: ask.model, now: ask.now }), safeguards],
    },
  );
  if (found === undefined) return undefined;
  return {
    personId: found.personId,
    revision: found.row.revision,
    permits: found.permits,
    history: historyEntries(found.row.entries),
    settings: settingsFrom(found.row.settings),
    // The sealed value is opened only where there is one, so that the common case stays one statement.
    isSafeguarded:
      found.row.guarded && (await safeguardsOf(installation, installation.database, found.personId)).length > 0,
  };
}

/** The ids of all items that a person's events still hold and that are not excluded: what a record about them may still name. */
export const heldItemsSql = `
  select coalesce(array_agg(distinct mentioned.item_id), '{}') as item_ids
  from events e cross join lateral unnest(e.item_ids) as mentioned (item_id)
  where e.person_id = $1 and not exists (
    select 1 from exclusions x
    where x.person_id = e.person_id and (x.item_id = mentioned.item_id or (x.item_id is null and e.at >= x.from_at and e.at < x.until_at))
  )`;
