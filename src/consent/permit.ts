/**
 * The permit: without one, personal data is not read for a purpose (law 1). It is minted here and nowhere else, from the consent row that the very
 * statement which reads has returned, and it is known to a private registry, so that a forged one is refused at run time as it is by the compiler.
 */
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { noticeVersionOf } from './ledger.ts';

declare const minted: unique symbol;

/** Leave to use one person's data for one purpose, as of the statement that returned it. Not stored, not passed between requests. */
export interface Permit<Purpose extends string = string> {
  readonly [minted]: Purpose;
  readonly personId: string;
  readonly purpose: Purpose;
  /** What it rests on: a consent entry, or the law that the policy names for an opt-out, or a legal duty. */
  readonly basis: PermitBasis;
}

export type PermitBasis =
  | {
      readonly kind: 'consent';
      readonly entryId: string;
      readonly entryNumber: number;
      readonly noticeVersion: number;
      readonly at: Date;
    }
  | { readonly kind: 'opt-out'; readonly law: string; readonly noticeVersion: number }
  | {
      readonly kind: 'duty';
      readonly reason: string;
      /** Whether it is the person who looks; every other look is written down, and the person sees it. */
      readonly byThemselves: boolean;
    };

/** Legal duties are purposes of their own, built in: no consent, but a reason, and a record of who looked. */
export type Duty = 'access' | 'erasure' | 'proof-of-consent' | 'security' | 'complaints';

/** A body that reads under a permit: SQL text over the row `permitted (person_id)`, and the values for its `$4`, `$5`, … */
export interface PermittedRead {
  /** A sub-select that names `permitted.person_id`; its columns become the row. */
  readonly select: string;
  readonly values: readonly unknown[];
}

/** Whom a permitted read is about: ids, or hashes of identifiers, looked up in the same statement. */
export type Whom = { readonly personIds: readonly string[] } | { readonly identifierHashes: readonly Buffer[] };

/** What a permitted read says of one of those it was about. */
export interface PermittedRow<Purpose extends string, Row extends object> {
  /** Which of those that were asked about, counted from 0; who was asked about twice is there twice, with permits of their own. */
  readonly asked: number;
  readonly personId: string;
  readonly permits: ReadonlyMap<Purpose, Permit<Purpose>>;
  readonly row: Row;
}

const registry = new WeakSet<object>();

/**
 * Reads people's data for all of the given purposes: one statement tests every consent and reads, so no withdrawal fits in between. Who does not
 * allow all of them is absent from the answer, and nothing of theirs has been read.
 */
export async function readPermitted<Purpose extends string, Row extends object>(
  sql: Sql,
  policy: Policy,
  purposes: readonly Purpose[],
  whom: Whom,
  read: PermittedRead,
): Promise<PermittedRow<Purpose, Row>[]> {
  if (purposes.length === 0)
    throw new Refusal('consent.missing', 'A read of personal data names no purpose.', {
      remedy: 'Name the purposes that it is for.',
    });
  for (const purpose of purposes) noticeVersionOf(policy, purpose);
  const rows = await sql.query<{ number: number; person_id: string; standing: StandingRow[]; body: Row }>(
    `with whom as materialized (${'personIds' in whom ? byIdSql : byHashSql}),
     permitted as materialized (
       select whom.number, whom.person_id, standing.entries from whom cross join lateral (${standingSql}) as standing where standing.purposes = cardinality($2::text[])
     )
     select permitted.number, permitted.person_id, permitted.entries as standing, to_json(body) as body from permitted cross join lateral (${read.select}) as body`,
    [
      'personIds' in whom ? whom.personIds : whom.identifierHashes,
      purposes,
      purposes.filter((purpose) => policy.purposes[purpose]?.basis === 'opt-out'),
      ...read.values,
    ],
  );
  return rows.map((row) => ({
    asked: row.number - 1,
    personId: row.person_id,
    permits: mintPermits(policy, row.person_id, purposes, row.standing),
    row: row.body,
  }));
}

const byIdSql =
  'select asked.number, asked.person_id from unnest($1::uuid[]) with ordinality as asked (person_id, number)';
const byHashSql = `select asked.number, known.person_id from unnest($1::bytea[]) with ordinality as asked (identifier_hash, number)
       join identifiers known on known.identifier_hash = asked.identifier_hash`;

/**
 * SQL: the standing of the person `whom.person_id` for the purposes `$2`, of which `$3` stand until withdrawn (opt-out): how many stand, and on which
 * entries. The last entry of a purpose decides.
 */
const standingSql = `select count(*)::integer as purposes, coalesce(json_agg(json_build_object('purpose', asked.purpose, 'entry_id', latest.entry_id, 'entry_number', latest.entry_number,
         'notice_version', latest.notice_version, 'at', latest.at)), '[]'::json) as entries
  from unnest($2::text[]) as asked (purpose)
  left join lateral (
    select entry_id, entry_number, notice_version, at, action from consent_entries c
    where c.person_id = whom.person_id and c.purpose = asked.purpose order by c.entry_number desc limit 1
  ) as latest on true
  where latest.action = 'grant' or (latest.action is null and asked.purpose = any($3::text[]))`;

/** Which purposes stand for which people: what intake needs to know before it keeps anything. Reads no personal data but the ledger itself. */
export async function standingPurposes(
  sql: Sql,
  policy: Policy,
  personIds: readonly string[],
): Promise<Map<string, Set<string>>> {
  const optOut = Object.keys(policy.purposes).filter((purpose) => policy.purposes[purpose]?.basis === 'opt-out');
  const rows = await sql.query<{ person_id: string; purpose: string; action: string }>(
    `select distinct on (person_id, purpose) person_id, purpose, action from consent_entries where person_id = any($1::uuid[]) order by person_id, purpose, entry_number desc`,
    [personIds],
  );
  const standing = new Map(personIds.map((personId) => [personId, new Set(optOut)]));
  for (const row of rows) {
    const purposes = standing.get(row.person_id);
    if (row.action === 'grant' && policy.purposes[row.purpose] !== undefined) purposes?.add(row.purpose);
    else purposes?.delete(row.purpose);
  }
  return standing;
}

/** A permit for a legal duty. The reason is written down with the look, and the person sees it; for the person's own look there is none to write. */
export function dutyPermit<Of extends Duty>(
  duty: Of,
  personId: string,
  reason: string,
  { byThemselves = false }: { readonly byThemselves?: boolean } = {},
): Permit<Of> {
  return mint({ personId, purpose: duty, basis: { kind: 'duty', reason, byThemselves } });
}

/** Refuses anything that was not minted here, or was minted for another purpose. */
export function assertPermit<Purpose extends string>(permit: Permit<Purpose>, purpose: Purpose): void {
  if (!registry.has(permit) || permit.purpose !== purpose) {
    throw new Refusal('consent.missing', `There is no permit to read this for the purpose "${purpose}".`, {
      remedy: 'Read through the consent room, which tests the consent in the same statement.',
    });
  }
}

interface StandingRow {
  purpose: string;
  entry_id: string | null;
  entry_number: number | null;
  notice_version: number | null;
  at: string | null;
}

function mintPermits<Purpose extends string>(
  policy: Policy,
  personId: string,
  purposes: readonly Purpose[],
  standing: readonly StandingRow[],
): Map<Purpose, Permit<Purpose>> {
  return new Map(
    purposes.map((purpose) => {
      const row = standing.find((one) => one.purpose === purpose);
      if (row === undefined)
        throw new Refusal('consent.missing', `No standing consent was returned for the purpose "${purpose}".`);
      return [purpose, mint({ personId, purpose, basis: basisOf(policy, purpose, row) })];
    }),
  );
}

function basisOf(policy: Policy, purpose: string, row: StandingRow): PermitBasis {
  if (row.entry_id !== null && row.entry_number !== null && row.notice_version !== null && row.at !== null) {
    return {
      kind: 'consent',
      entryId: row.entry_id,
      entryNumber: row.entry_number,
      noticeVersion: row.notice_version,
      at: new Date(row.at),
    };
  }
  const declared = entryOf(policy.purposes, purpose);
  if (declared?.basis !== 'opt-out')
    throw new Refusal('consent.missing', `The purpose "${purpose}" stands on nothing.`);
  return { kind: 'opt-out', law: declared.law ?? '', noticeVersion: noticeVersionOf(policy, purpose) };
}

/** The one mint. */
function mint<Purpose extends string>(fields: {
  personId: string;
  purpose: Purpose;
  basis: PermitBasis;
}): Permit<Purpose> {
  const permit = Object.freeze(fields) as Permit<Purpose>; // the brand exists in the type alone; this is the one cast to it
  registry.add(permit);
  return permit;
}
