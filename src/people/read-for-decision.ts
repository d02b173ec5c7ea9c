/**
 * The one read that personal decisions are made from: who is meant, every consent that the placement needs, the history that the model may see and
 * whether a safeguard protects the person, all in one statement, for one person or for several. Who does not allow all of it is not there.
 */
import { type Permit, type Whom, readPermitted } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import { entryOf } from '../policy/policy.ts';
import { identifierHash } from '../vault/identifiers.ts';
import { itemHistoryValues, itemIdHistorySql } from './history.ts';
import { type Named, namingIdentifier } from './persons.ts';
import { safeguardsOf } from './profile.ts';
import { type Settings, settingsFrom, settingsSql } from './settings.ts';

/** What a decision may know about a person. */
export interface DecisionView {
  readonly personId: string;
  /** When this had been read. */
  readonly at: Date;
  /** Of the person's row; a record made from this view is not written once it has moved. */
  readonly revision: number;
  readonly permits: ReadonlyMap<string, Permit>;
  /** Items with the time of the last event, in milliseconds. */
  readonly history: readonly (readonly [itemId: string, at: number])[];
  /** A minor or somebody who declared themselves vulnerable: the answer must be the one for everybody. */
  readonly isSafeguarded: boolean;
  /** Where the person's dial stands, and whether they want personal lists at all. */
  readonly settings: Settings;
}

/** What decisions at one placement are made for: they can be read for together. */
export interface DecisionAsk {
  readonly purposes: readonly string[];
  readonly model: string;
}

/** Somebody by a name of the caller's own, or by the random id, for who already holds it. */
export type NamedOrKnown = Named | { readonly personId: string };

/**
 * Reads for decisions about several people at once, in the order in which they were asked; undefined where nobody is meant, nothing is known, or a consent
 * is missing. The reasons look the same. Each view holds permits of its own, minted from the rows that this one statement returned.
 */
export async function readForDecisions(
  installation: Installation,
  named: readonly NamedOrKnown[],
  ask: DecisionAsk,
): Promise<(DecisionView | undefined)[]> {
  const views: (DecisionView | undefined)[] = named.map(() => undefined);
  const byHash = named.flatMap((one, index) => {
    const identifier = 'personId' in one ? undefined : namingIdentifier(one);
    return identifier === undefined ? [] : [{ index, hash: identifierHash(installation.keys, identifier) }];
  });
  const byId = named.flatMap((one, index) => ('personId' in one ? [{ index, personId: one.personId }] : []));
  const reads: [readonly { index: number }[], Whom][] = [
    [byHash, { identifierHashes: byHash.map(({ hash }) => hash) }],
    [byId, { personIds: byId.map(({ personId }) => personId) }],
  ];
  for (const [asked, whom] of reads)
    if (asked.length > 0)
      for (const [at, view] of await viewsOf(installation, whom, ask)) {
        const index = asked[at]?.index;
        if (index !== undefined) views[index] = view;
      }
  return views;
}

/** One statement: the views of those who are known and allow everything, by their place among those asked about. */
async function viewsOf(
  installation: Installation,
  whom: Whom,
  ask: DecisionAsk,
): Promise<[asked: number, view: DecisionView][]> {
  const rule = entryOf(installation.policy.models, ask.model);
  if (rule?.kind !== 'recommender') return [];
  const safeguards = Object.entries(installation.policy.people).flatMap(([field, declared]) =>
    declared.kind === 'safeguard' ? [field] : [],
  );
  const { world } = installation.database;
  const found = await readPermitted<
    string,
    { entries: [string, number][]; revision: number; guarded: boolean; settings: Record<string, string> }
  >(installation.database, installation.policy, [...new Set([...ask.purposes, rule.for])], whom, {
    select: `select history.entries,
                      (select p.revision from persons p where p.person_id = permitted.person_id) as revision,
                      exists (select 1 from profile_fields f where f.person_id = permitted.person_id and f.field = any($8::text[])) as guarded,
                      ${settingsSql} as settings
               from (${itemIdHistorySql}) as history`,
    values: [...itemHistoryValues(installation.policy, { model: ask.model, now: world.now() }), safeguards],
  });
  // Afterwards, so that whatever the statement saw had been recorded by then.
  const at = world.now();
  const views: [number, DecisionView][] = [];
  for (const { asked, personId, permits, row } of found) {
    // The sealed value is opened only where there is one, so that the common case stays one statement.
    const isSafeguarded = row.guarded && (await safeguardsOf(installation, installation.database, personId)).length > 0;
    const { revision, entries: history } = row;
    views.push([
      asked,
      { personId, at, revision, permits, history, settings: settingsFrom(row.settings), isSafeguarded },
    ]);
  }
  return views;
}

/** The ids of all items that a person's events still hold and that are not excluded: what a record about them may still name. */
export const heldItemsSql = `
  select coalesce(array_agg(distinct mentioned.item_id), '{}') as item_ids
  from events e cross join lateral unnest(e.item_ids) as mentioned (item_id)
  where e.person_id = $1 and not exists (
    select 1 from exclusions x
    where x.person_id = e.person_id and (x.item_id = mentioned.item_id or (x.item_id is null and e.at >= x.from_at and e.at < x.until_at))
  )`;
