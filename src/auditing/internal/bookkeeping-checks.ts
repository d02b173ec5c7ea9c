/** Checks of what rows say twice, and of what can be told from elsewhere: migrations from their files, times from ids, rows from the rows they hang on. */
import { migrationsIn } from '../../database/migrate.ts';
import { recordFrom } from '../../deciding/decision-record.ts';
import { sumTag } from '../../people/tags.ts';
import { keyFingerprint } from '../../vault/keys.ts';
import type { Checking } from '../verify.ts';

/** The schema was made by the files of this version, and by nothing else. */
export const migrationCheck: Checking = async ({ database }) => {
  const rows = await database.query<{ migration_number: number; name: string; breaking: boolean; digest: string }>(
    'select migration_number, name, breaking, digest from migrations order by migration_number',
  );
  const files = migrationsIn();
  const findings = files.flatMap((file, at) => {
    const row = rows[at];
    const isSame =
      row?.migration_number === file.number &&
      row.name === file.name &&
      row.breaking === file.breaking &&
      row.digest === file.digest;
    return isSame ? [] : [`migrations ${file.number}: is not the file ${file.name}.sql of this version`];
  });
  // A newer version may have added some that this one can live with; they are its own to check.
  return { rows: rows.length, findings };
};

/** The database was written under the key that is at hand. */
export const keyCheck: Checking = async ({ database, keys }) => {
  const rows = await database.query<{ name: string; fingerprint: Buffer }>('select name, fingerprint from key_checks');
  const isOwn = rows.length === 1 && rows[0]?.name === 'master' && rows[0].fingerprint.equals(keyFingerprint(keys));
  return { rows: rows.length, findings: isOwn ? [] : ['key_checks: is not of the key that this data is under'] };
};

/** Ids are UUIDv7, so that they say when they were made; a person and their key are of that moment, give or take a long transaction. */
const sinceIdSecondsMax = 600;

/** Rows that come in twos agree, and rows that hang on others have them. */
export const belongingCheck: Checking = async ({ database }) => {
  const rows = await database.query<{ finding: string }>(
    `select name || ' ' || person_id || ': its time is not the one in its id' as finding from (
       select 'persons' as name, person_id, created_at from persons union all select 'person_keys', person_id, created_at from person_keys
     ) as made where abs(extract(epoch from created_at) * 1000 - ('x' || substr(replace(person_id::text, '-', ''), 1, 12))::bit(48)::bigint) > $1 * 1000
     union all
     select 'identifiers and person_identifiers of ' || own.person_id || ' disagree' from person_identifiers own join identifiers i using (identifier_hash)
     where i.kind <> own.kind or i.created_at <> own.created_at
     union all
     select 'receipts ' || receipt_id || ': belongs to nobody who is or was here' from receipts r
     where not exists (select from persons p where p.person_id = r.person_id) and not exists (select from erasure_journal j where j.person_id = r.person_id)
     union all
     select 'receipts ' || receipt_id || ': its time is not the one on it' from receipts where to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') <> record ->> 'at'
     union all
     select 'outcomes ' || outcome_id || ': is of no decision of that person' from outcomes o
     where not exists (select from decisions d where d.person_id = o.person_id and d.decision_id = o.decision_id)
     union all
     select 'decisions or decision_people ' || coalesce(d.decision_id, own.decision_id) || ': the record and the way to it do not belong together'
     from decisions d full join decision_people own on own.decision_id = d.decision_id and own.person_id = d.person_id
     where own.decision_id is null or d.decision_id is null
     union all
     select 'model_versions ' || version_id || ': was not superseded when the next was published' from (
       select version_id, superseded_at, lead(published_at) over (partition by model order by published_at, version_id) as next_at from model_versions
     ) as version where superseded_at is distinct from next_at
     union all
     select 'model_versions ' || version_id || ': holds more about its quality than was recorded' from model_versions where quality - 'items' <> '{}'::jsonb
     limit 100`,
    [sinceIdSecondsMax],
  );
  const [counted] = await database.query<{ rows: number }>(
    'select (select count(*) from persons) + (select count(*) from identifiers) + (select count(*) from receipts) + (select count(*) from outcomes) + (select count(*) from decisions) as rows',
  );
  return { rows: counted?.rows ?? 0, findings: rows.map((row) => row.finding) };
};

/** The model version of a decision's row is the one in its record. */
export const citedVersionCheck: Checking = async ({ database }) => {
  const findings: string[] = [];
  let rows = 0;
  const select = 'select decision_id, version_id, record from decisions';
  for await (const part of database.stream<{ decision_id: string; version_id: string; record: string }>(select, [], {
    batch: 1_000,
  })) {
    rows += part.length;
    for (const row of part)
      if (recordFrom(row.record).model !== row.version_id)
        findings.push(`decisions ${row.decision_id}: cites another model version than its record`);
  }
  return { rows, findings };
};

/** Where each sum stands is what was written when it last moved. */
export const sumTagCheck: Checking = async (engine) => {
  const rows = await engine.database.query<Parameters<typeof sumTag>[1] & { tag: Buffer | null }>('select * from sums');
  const findings = rows
    .filter((row) => row.tag?.equals(sumTag(engine, row)) !== true)
    .map((row) => `sums ${row.model}: was changed after it was written`);
  return { rows: rows.length, findings };
};
