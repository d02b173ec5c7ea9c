/**
 * A person's profile, through two doors: for a purpose, which sees the fields that the policy gives it and no others (a misuse does not compile), and
 * for the person's own right of access, which sees all there is.
 */
import { type ConsentEntry, consentHistory } from '../consent/ledger.ts';
import { type Permit, type Whom, assertPermit, readPermitted, standingPurposes } from '../consent/permit.ts';
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type PersonField, type PolicyInput, entryOf } from '../policy/policy.ts';
import { type PurposeOf, type View, fieldsFor } from '../policy/views.ts';
import { type Identifier, personKeys, readIdentifiers } from '../vault/identifiers.ts';
import { type PersonKey, unseal } from '../vault/sealing.ts';
import { type Look, looksAt, recordLook } from './looks.ts';
import { type Receipt, receiptsOf } from './receipts.ts';
import { type Settings, readSettings } from './settings.ts';

/** A profile as one purpose sees it, with the permit under which it was read. */
export interface PermittedProfile<P extends PolicyInput, Purpose extends PurposeOf<P>> {
  readonly personId: string;
  readonly permit: Permit<Purpose>;
  readonly view: View<P, Purpose>;
}

/** Reads profiles for one purpose. Who does not allow it is absent; a field that the purpose may not see is not read from the database. */
export async function readProfiles<const P extends PolicyInput, Purpose extends PurposeOf<P>>(
  installation: Installation & { readonly policy: P },
  sql: Sql,
  ask: { purpose: Purpose; whom: Whom },
): Promise<PermittedProfile<P, Purpose>[]> {
  const rows = await readPermitted<Purpose, { fields: StoredField[] }>(
    sql,
    installation.policy,
    [ask.purpose],
    ask.whom,
    {
      select: `select coalesce(jsonb_agg(jsonb_build_object('field', f.field, 'value', f.value, 'sealed', encode(f.sealed, 'base64'))), '[]'::jsonb) as fields
             from profile_fields f where f.person_id = permitted.person_id and f.field = any($4::text[])`,
      values: [fieldsFor(installation.policy, ask.purpose)],
    },
  );
  const sealedOf = rows
    .filter(({ row }) => row.fields.some((stored) => stored.sealed !== null))
    .map((row) => row.personId);
  const keys =
    sealedOf.length === 0 ? new Map<string, PersonKey>() : await personKeys(sql, installation.keys, sealedOf);
  return rows.flatMap(({ personId, permits, row }) => {
    const permit = permits.get(ask.purpose);
    if (permit === undefined) return [];
    assertPermit(permit, ask.purpose);
    return [
      {
        personId,
        permit,
        view: openFields(installation.policy.people, row.fields, keys.get(personId)) as View<P, Purpose>, // the fields are those of `fieldsFor`, the run-time twin of `View`
      },
    ];
  });
}

/** Everything held about a person, for the right of access (GDPR Art. 15). */
export interface WholePerson {
  readonly personId: string;
  readonly since: string;
  readonly identifiers: readonly Identifier[];
  readonly fields: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly {
    event: string;
    name: string;
    items: readonly string[];
    properties: Readonly<Record<string, unknown>>;
    purposes: readonly string[];
    at: string;
  }[];
  readonly exclusions: readonly {
    exclusion: string;
    item: string | null;
    from: string | null;
    until: string | null;
    at: string;
    /** When what it took out was deleted; null until then. */
    deletedAt: string | null;
  }[];
  readonly consents: readonly ConsentEntry[];
  readonly standing: readonly string[];
  readonly settings: Settings;
  readonly contributions: readonly { model: string; items: readonly string[] }[];
  readonly receipts: readonly Receipt[];
  /** The looks of others at this person, newest first. */
  readonly looks: readonly Look[];
}

/** Reads everything, under a permit for the legal duty of access. */
export async function readWholePerson(
  installation: Installation,
  sql: Sql,
  permit: Permit<'access'>,
): Promise<WholePerson> {
  assertPermit(permit, 'access');
  const { personId } = permit;
  const [person] = await sql.query<{ created_at: Date }>('select created_at from persons where person_id = $1', [
    personId,
  ]);
  if (person === undefined)
    throw new Refusal('person.unknown', 'There is no such person.', {
      remedy: 'Look the person up again: they may have been merged or erased.',
    });
  await recordLook(installation, sql, permit);
  const fields = await sql.query<StoredField>(
    `select field, value, encode(sealed, 'base64') as sealed from profile_fields where person_id = $1 order by field`,
    [personId],
  );
  const events = await sql.query<{
    event_id: string;
    name: string;
    item_ids: string[];
    properties: Record<string, unknown>;
    purposes: string[];
    at: Date;
  }>(
    'select event_id, name, item_ids, properties, purposes, at from events where person_id = $1 order by at desc, event_id',
    [personId],
  );
  const exclusions = await sql.query<{
    exclusion_id: string;
    deleted_at: Date | null;
    item_id: string | null;
    from_at: Date | null;
    until_at: Date | null;
    excluded_at: Date;
  }>(
    'select exclusion_id, item_id, from_at, until_at, excluded_at, deleted_at from exclusions where person_id = $1 order by excluded_at desc',
    [personId],
  );
  const contributions = await sql.query<{ model: string; items: string[] }>(
    `select c.model, coalesce(array_agg(i.item_id order by i.item_number), '{}') as items
     from contributions c cross join lateral unnest(c.items) as own (item_number) join items i on i.item_number = own.item_number
     where c.person_id = $1 group by c.model order by c.model`,
    [personId],
  );
  const key = (await personKeys(sql, installation.keys, [personId])).get(personId);
  return {
    personId,
    since: person.created_at.toISOString(),
    identifiers: await readIdentifiers(sql, installation.keys, personId),
    fields: openFields(installation.policy.people, fields, key),
    events: events.map((row) => ({
      event: row.event_id,
      name: row.name,
      items: row.item_ids,
      properties: row.properties,
      purposes: row.purposes,
      at: row.at.toISOString(),
    })),
    exclusions: exclusions.map((row) => ({
      exclusion: row.exclusion_id,
      item: row.item_id,
      from: row.from_at?.toISOString() ?? null,
      until: row.until_at?.toISOString() ?? null,
      at: row.excluded_at.toISOString(),
      deletedAt: row.deleted_at?.toISOString() ?? null,
    })),
    consents: await consentHistory(sql, personId),
    standing: [...((await standingPurposes(sql, installation.policy, [personId])).get(personId) ?? [])],
    settings: await readSettings(sql, personId),
    contributions,
    receipts: await receiptsOf(sql, personId),
    looks: await looksAt(sql, personId),
  };
}

/** The safeguards that somebody declared, by name. They are read to protect, for no purpose, and leave the room as names alone. */
export async function safeguardsOf(installation: Installation, sql: Sql, personId: string): Promise<string[]> {
  const names = Object.entries(installation.policy.people).flatMap(([field, declared]) =>
    declared.kind === 'safeguard' ? [field] : [],
  );
  if (names.length === 0) return [];
  const rows = await sql.query<StoredField>(
    `select field, value, encode(sealed, 'base64') as sealed from profile_fields where person_id = $1 and field = any($2::text[])`,
    [personId, names],
  );
  if (rows.length === 0) return [];
  const key = (await personKeys(sql, installation.keys, [personId])).get(personId);
  return Object.entries(openFields(installation.policy.people, rows, key)).flatMap(([field, value]) =>
    value === true ? [field] : [],
  );
}

/** A field as it lies in its row. */
export interface StoredField {
  field: string;
  value: string | null;
  sealed: string | null;
}

/** Fields as values of their declared types; a sealed one needs the person's key, and is absent without it. */
export function openFields(
  declaredFields: Readonly<Record<string, PersonField>>,
  stored: readonly StoredField[],
  key: PersonKey | undefined,
): Record<string, string | number | boolean> {
  const opened: Record<string, string | number | boolean> = {};
  for (const { field, value, sealed } of stored) {
    const declared = entryOf(declaredFields, field);
    const text =
      sealed === null ? value : key === undefined ? null : unseal(key, `field:${field}`, Buffer.from(sealed, 'base64'));
    if (declared !== undefined && text !== null) opened[field] = typedValue(declared, text);
  }
  return opened;
}

function typedValue(declared: PersonField, text: string): string | number | boolean {
  if (declared.kind === 'safeguard') return text === 'true';
  if (declared.kind === 'attribute' && declared.type === 'number') return Number(text);
  if (declared.kind === 'attribute' && declared.type === 'boolean') return text === 'true';
  return text;
}
