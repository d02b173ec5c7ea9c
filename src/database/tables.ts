/**
 * Every table, the one room that owns it, and its kind: how it is spread over machines when there are several, and so which keys it may
 * have. A new migration adds its tables here. `checkCatalogue` compares this page with a live database; `fairlead verify` and tests call it.
 */
import type { Database } from './database.ts';

/**
 * - `person`: spread by `person_id`, which begins every key; erased with the person.
 * - `lookup`: spread by the first column of its own key; leads to a person, or remembers something that outlives one.
 * - `reference`: small, the same for everybody, replicated to every machine.
 * - `control`: on one machine, where there is one writer or a queue.
 */
export type TableKind = 'person' | 'lookup' | 'reference' | 'control';

export type Room =
  | 'auditing'
  | 'catalogue'
  | 'consent'
  | 'copy'
  | 'database'
  | 'deciding'
  | 'http'
  | 'models'
  | 'people'
  | 'rights'
  | 'sending'
  | 'transparency'
  | 'vault';

export interface Table {
  room: Room;
  kind: TableKind;
}

export const tables = {
  migrations: { room: 'database', kind: 'control' },

  person_keys: { room: 'vault', kind: 'person' },
  key_checks: { room: 'vault', kind: 'control' },
  identifiers: { room: 'vault', kind: 'lookup' },
  person_identifiers: { room: 'vault', kind: 'person' },

  items: { room: 'catalogue', kind: 'reference' },

  policy_versions: { room: 'consent', kind: 'reference' },
  consent_entries: { room: 'consent', kind: 'person' },

  persons: { room: 'people', kind: 'person' },
  merged_people: { room: 'people', kind: 'person' },
  profile_fields: { room: 'people', kind: 'person' },
  person_settings: { room: 'people', kind: 'person' },
  person_sessions: { room: 'people', kind: 'person' },
  used_links: { room: 'people', kind: 'lookup' },
  looks: { room: 'people', kind: 'person' },
  events: { room: 'people', kind: 'person' },
  inbox: { room: 'people', kind: 'lookup' },
  exclusions: { room: 'people', kind: 'person' },
  contributions: { room: 'people', kind: 'person' },
  tuning_people: { room: 'people', kind: 'person' },
  receipts: { room: 'people', kind: 'person' },
  intake_counts: { room: 'people', kind: 'control' },
  sums: { room: 'people', kind: 'control' },
  deltas: { room: 'people', kind: 'control' },
  fold_queue: { room: 'people', kind: 'control' },
  // It outlives the person whose id it names, so it is no person table.
  erasure_journal: { room: 'people', kind: 'lookup' },

  recipes: { room: 'models', kind: 'reference' },
  recipe_proposals: { room: 'models', kind: 'reference' },
  model_versions: { room: 'models', kind: 'reference' },
  privacy_budgets: { room: 'models', kind: 'control' },
  privacy_ledger: { room: 'models', kind: 'control' },

  decisions: { room: 'deciding', kind: 'person' },
  decision_people: { room: 'deciding', kind: 'lookup' },
  outcomes: { room: 'deciding', kind: 'person' },
  placement_pauses: { room: 'deciding', kind: 'control' },
  nonpersonal_decisions: { room: 'deciding', kind: 'control' },

  batches: { room: 'sending', kind: 'control' },
  hand_overs: { room: 'sending', kind: 'person' },
  // They name nobody and outlive whom they are about.
  removals: { room: 'sending', kind: 'control' },
  removal_readers: { room: 'sending', kind: 'control' },

  complaints: { room: 'rights', kind: 'person' },

  access_keys: { room: 'http', kind: 'control' },

  log_outbox: { room: 'transparency', kind: 'control' },
  log_leaves: { room: 'transparency', kind: 'control' },
  log_tiles: { room: 'transparency', kind: 'control' },
  log_checkpoints: { room: 'transparency', kind: 'control' },
} as const satisfies Record<string, Table>;

export type TableName = keyof typeof tables;

export interface CatalogueFinding {
  table: string;
  /** One sentence. */
  finding: string;
}

/** What is wrong with the live schema by this page and the rules of its kinds; empty when all is well. */
export async function checkCatalogue(
  database: Database,
  catalogue: Readonly<Record<string, Table>> = tables,
): Promise<CatalogueFinding[]> {
  const [live, keys, references, extras] = await Promise.all([
    database.query<LiveTable>(liveTables),
    database.query<LiveKey>(uniqueIndexes),
    database.query<LiveReference>(foreignKeys),
    database.query<CatalogueFinding>(forbiddenExtras),
  ]);
  const findings: CatalogueFinding[] = [];
  const find = (table: string, finding: string) => findings.push({ table, finding });
  const kindOf = (table: string) => catalogue[table]?.kind;

  const names = new Set(live.map((row) => row.table));
  for (const table of names) if (!catalogue[table]) find(table, 'is in the database but not in the catalogue.');
  for (const table of Object.keys(catalogue))
    if (!names.has(table)) find(table, 'is in the catalogue but not in the database.');

  for (const { table, person_id_type: type } of live) {
    if (kindOf(table) === 'person' && type !== 'uuid')
      find(table, 'is a person table without a column person_id of type uuid.');
    if (kindOf(table) && !keys.some((key) => key.table === table && key.primary)) find(table, 'has no primary key.');
  }
  for (const key of keys) {
    const first = keys.find((other) => other.table === key.table && other.primary)?.columns[0];
    if (kindOf(key.table) === 'person' && key.columns[0] !== 'person_id') {
      find(key.table, `has the unique index ${key.index}, which does not begin with person_id.`);
    }
    if (kindOf(key.table) === 'lookup' && key.columns[0] !== first) {
      find(
        key.table,
        `has the unique index ${key.index}, which does not begin with ${first}, the column that the table is spread by.`,
      );
    }
  }
  for (const reference of references) {
    if (!mayReference(kindOf(reference.table), kindOf(reference.to), reference.by_person)) {
      find(reference.table, `has the foreign key ${reference.key} to ${reference.to}, which its kind may not have.`);
    }
  }
  for (const extra of extras) if (kindOf(extra.table) === 'person') findings.push(extra);
  return findings;
}

/** Only the same person or a reference table; control tables also each other. A key to an unknown table has been found already. */
function mayReference(from: TableKind | undefined, to: TableKind | undefined, byPerson: boolean): boolean {
  if (from === undefined || to === undefined || to === 'reference') return true;
  return (from === 'person' && to === 'person' && byPerson) || (from === 'control' && to === 'control');
}

interface LiveTable {
  table: string;
  person_id_type: string | null;
}

const liveTables = `
  select relation.relname as "table", format_type(person.atttypid, null) as person_id_type
  from pg_class relation
  left join pg_attribute person on person.attrelid = relation.oid and person.attname = 'person_id' and not person.attisdropped
  where relation.relnamespace = current_schema()::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
  order by 1`;

interface LiveKey {
  table: string;
  index: string;
  primary: boolean;
  columns: (string | null)[];
}

/** An expression in an index has no column name and shows as null. */
const uniqueIndexes = `
  select relation.relname as "table", index.relname as index, entry.indisprimary as "primary",
         array(select attribute.attname::text
               from unnest(entry.indkey::int2[]) with ordinality as part (number, place)
               left join pg_attribute attribute on attribute.attrelid = relation.oid and attribute.attnum = part.number and part.number > 0
               where part.place <= entry.indnkeyatts
               order by part.place) as columns
  from pg_index entry
  join pg_class index on index.oid = entry.indexrelid
  join pg_class relation on relation.oid = entry.indrelid
  where relation.relnamespace = current_schema()::regnamespace and relation.relkind in ('r', 'p') and not relation.relispartition
    and entry.indisunique
  order by 1, 2`;

interface LiveReference {
  table: string;
  key: string;
  to: string;
  /** Whether person_id on this side goes to person_id on the other. */
  by_person: boolean;
}

const foreignKeys = `
  select relation.relname as "table", entry.conname as key, target.relname as "to",
         exists (select from unnest(entry.conkey, entry.confkey) as pair (here, there)
                 join pg_attribute here on here.attrelid = relation.oid and here.attnum = pair.here and here.attname = 'person_id'
                 join pg_attribute there on there.attrelid = target.oid and there.attnum = pair.there and there.attname = 'person_id')
           as by_person
  from pg_constraint entry
  join pg_class relation on relation.oid = entry.conrelid
  join pg_class target on target.oid = entry.confrelid
  where relation.relnamespace = current_schema()::regnamespace and entry.contype = 'f' and entry.conparentid = 0
  order by 1, 2`;

/** What a person table may not have at all: triggers, rules, constraints that wait or exclude, values made by the database. */
const forbiddenExtras = `
  select relation.relname as "table", extra.finding
  from pg_class relation
  cross join lateral (
    select 'has the trigger ' || tgname || '.' from pg_trigger where tgrelid = relation.oid and not tgisinternal
    union all
    select 'has the rule ' || rulename || '.' from pg_rewrite where ev_class = relation.oid
    union all
    select 'has the deferrable or exclusion constraint ' || conname || '.'
    from pg_constraint where conrelid = relation.oid and (condeferrable or contype = 'x')
    union all
    select 'has the column ' || attribute.attname || ', whose value the database makes.'
    from pg_attribute attribute
    left join pg_attrdef made on made.adrelid = attribute.attrelid and made.adnum = attribute.attnum
    where attribute.attrelid = relation.oid and attribute.attnum > 0 and not attribute.attisdropped
      and (attribute.attidentity <> ''
           or pg_get_expr(made.adbin, made.adrelid) ~ '(nextval|now|random|uuid|timestamp|CURRENT_)[a-z_0-9]*')
  ) as extra (finding)
  where relation.relnamespace = current_schema()::regnamespace and relation.relkind in ('r', 'p')
  order by 1, 2`;
