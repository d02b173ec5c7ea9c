/**
 * The append-only ledger of what people allowed. The state of a purpose is its last entry; nothing is ever changed or taken out of a chain, and
 * each entry carries the hash of the one before, so a row that was altered, removed or slipped in is found by `consentChainFindings`.
 * Grants come through `recordGrants`; a withdrawal is written by `people/forget` alone, together with what it takes back.
 */
import { createHash } from 'node:crypto';
import type { Sql, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { canonicalJson } from '../policy/canonical.ts';
import { type Policy, entryOf } from '../policy/policy.ts';
import { appendRecords } from '../transparency/append.ts';
import { personKeys } from '../vault/identifiers.ts';
import { seal } from '../vault/sealing.ts';
import type { Installation } from './installation.ts';
import { conflictMethod, signalledAmong } from './signals.ts';

export type ConsentAction = 'grant' | 'withdraw';

/** One choice of one person about one purpose, on its way into the ledger. */
export interface Choice {
  readonly personId: string;
  readonly purpose: string;
  readonly action: ConsentAction;
  /** How it was expressed: `form`, `switch`, `import`, `event`, `merge`, `signal`… */
  readonly method: string;
  /** Where it came from: the name of the key, page or file; never about the person. */
  readonly source: string;
  /** When the person chose; the server's time when absent. */
  readonly at?: Date;
  /** The version of the notice that was shown; the one in force when absent. */
  readonly noticeVersion?: number;
  /** What proves it (wording shown, double opt-in reference). Sealed under the person's key. */
  readonly evidence?: string;
}

/** An entry as it stands in the ledger. */
export interface ConsentEntry {
  /** The person it was said by, or by one who has become part of them. */
  readonly personId: string;
  readonly entryId: string;
  readonly entryNumber: number;
  readonly purpose: string;
  readonly action: ConsentAction;
  readonly noticeVersion: number;
  readonly policyVersion: number;
  readonly method: string;
  readonly source: string;
  readonly at: Date;
  readonly recordedAt: Date;
}

export interface EntryRow {
  person_id: string;
  entry_number: number;
  entry_id: string;
  purpose: string;
  action: ConsentAction;
  notice_version: number;
  policy_version: number;
  method: string;
  source: string;
  evidence: Buffer | null;
  at: Date;
  recorded_at: Date;
  previous_hash: Buffer;
  entry_hash: Buffer;
}

const chainStart = Buffer.alloc(32);

/** The notice version in force for a purpose. Refuses a purpose that the policy does not have. */
export function noticeVersionOf(policy: Policy, purpose: string): number {
  const declared = entryOf(policy.purposes, purpose);
  if (declared === undefined) {
    throw new Refusal('consent.unknown-purpose', `The policy has no purpose named "${purpose}".`, {
      remedy: `Its purposes are: ${Object.keys(policy.purposes).join(', ')}.`,
    });
  }
  return declared.noticeVersion ?? 1;
}

/**
 * Records grants. The caller (`people`) has locked the people's rows. A yes to what a privacy signal has switched off is not recorded unless it was given at a
 * notice of the conflict (`signals.ts`); the entries that come back are those that count.
 */
export async function recordGrants(
  installation: Installation,
  tx: Transaction,
  grants: readonly Omit<Choice, 'action'>[],
): Promise<ConsentEntry[]> {
  const signalled = await signalledAmong(tx, installation.policy, grants);
  return appendEntries(
    installation,
    tx,
    grants
      .filter(({ personId, purpose, method }) => method === conflictMethod || !signalled.has(`${personId} ${purpose}`))
      .map((grant) => ({ ...grant, action: 'grant' as const })),
  );
}

/** Nobody can have read a notice that there is not yet. */
function shownVersion(inForce: number, shown: number | undefined): number {
  return shown !== undefined && shown >= 1 && shown <= inForce ? shown : inForce;
}

/** Appends choices in their order. Only `recordGrants` and `people/forget` call it: a withdrawal without its forgetting must not exist. */
export async function appendEntries(
  installation: Installation,
  tx: Transaction,
  choices: readonly Choice[],
): Promise<ConsentEntry[]> {
  if (choices.length === 0) return [];
  const personIds = [...new Set(choices.map((choice) => choice.personId))].toSorted();
  const ends = await chainEnds(tx, personIds);
  const keysOfPeople = choices.some((choice) => choice.evidence !== undefined)
    ? await personKeys(tx, installation.keys, personIds)
    : new Map<string, never>();
  const recordedAt = tx.world.now();
  const rows = choices.map((choice): EntryRow => {
    const end = ends.get(choice.personId) ?? { number: 0, hash: chainStart };
    const personKey = keysOfPeople.get(choice.personId);
    const entry = {
      person_id: choice.personId,
      entry_number: end.number + 1,
      entry_id: tx.world.uuid(),
      purpose: choice.purpose,
      action: choice.action,
      notice_version: shownVersion(noticeVersionOf(installation.policy, choice.purpose), choice.noticeVersion),
      policy_version: installation.policyVersion,
      method: choice.method,
      source: choice.source,
      evidence:
        choice.evidence === undefined || personKey === undefined
          ? null
          : seal(personKey, tx.world, 'consent evidence', choice.evidence),
      at: choice.at === undefined || choice.at > recordedAt ? recordedAt : choice.at,
      recorded_at: recordedAt,
      previous_hash: end.hash,
    };
    const hash = createHash('sha256').update(entryText(entry)).digest();
    ends.set(choice.personId, { number: entry.entry_number, hash });
    return { ...entry, entry_hash: hash };
  });
  const leaves = await appendRecords(
    tx,
    rows.map((row) => ({ record: entryText(row) })),
  );
  await tx.query(
    `insert into consent_entries (person_id, entry_number, entry_id, purpose, action, notice_version, policy_version, method, source, evidence, at, recorded_at, previous_hash, entry_hash, leaf, leaf_key)
     select * from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::integer[], $8::text[], $9::text[], $10::bytea[],
                          $11::timestamptz[], $12::timestamptz[], $13::bytea[], $14::bytea[], $15::bytea[], $16::bytea[])`,
    [
      rows.map((row) => row.person_id),
      rows.map((row) => row.entry_number),
      rows.map((row) => row.entry_id),
      rows.map((row) => row.purpose),
      rows.map((row) => row.action),
      rows.map((row) => row.notice_version),
      rows.map((row) => row.policy_version),
      rows.map((row) => row.method),
      rows.map((row) => row.source),
      rows.map((row) => row.evidence),
      rows.map((row) => row.at),
      rows.map((row) => row.recorded_at),
      rows.map((row) => row.previous_hash),
      rows.map((row) => row.entry_hash),
      leaves.map((leaf) => leaf.leaf),
      leaves.map((leaf) => leaf.key),
    ],
  );
  return rows.map(consentEntryOf);
}

/** The whole history of a person's choices, oldest first. */
export async function consentHistory(sql: Sql, personId: string): Promise<ConsentEntry[]> {
  const rows = await sql.query<EntryRow>('select * from consent_entries where person_id = $1 order by entry_number', [
    personId,
  ]);
  return rows.map(consentEntryOf);
}

/** The notice version of the last entry of each person and purpose. */
export async function lastNoticeVersions(
  sql: Sql,
  personIds: readonly string[],
  purposes: readonly string[],
): Promise<{ personId: string; purpose: string; noticeVersion: number }[]> {
  const rows = await sql.query<{ person_id: string; purpose: string; notice_version: number }>(
    `select distinct on (person_id, purpose) person_id, purpose, notice_version from consent_entries
     where person_id = any($1::uuid[]) and purpose = any($2::text[]) order by person_id, purpose, entry_number desc`,
    [personIds, purposes],
  );
  return rows.map((row) => ({ personId: row.person_id, purpose: row.purpose, noticeVersion: row.notice_version }));
}

/** Removes the ledger of a person who is erased: the receipt of the erasure is the proof that stays. Only `people/forget` calls it. */
export async function eraseConsentOf(tx: Transaction, personIds: readonly string[]): Promise<void> {
  await tx.query('delete from consent_entries where person_id = any($1::uuid[])', [personIds]);
}

/** What stands in the way of trusting the ledger: broken, forked or altered chains, each named by entry id. `rows` counts what was read. */
export async function consentChainFindings(
  entries: AsyncIterable<EntryRow[]>,
): Promise<{ rows: number; findings: string[] }> {
  const findings: string[] = [];
  let rows = 0;
  let before: EntryRow | undefined;
  for await (const batch of entries) {
    for (const row of batch) {
      rows += 1;
      const first = before?.person_id !== row.person_id;
      const expectedPrevious = first || before === undefined ? chainStart : before.entry_hash;
      const expectedNumber = first || before === undefined ? 1 : before.entry_number + 1;
      if (row.entry_number !== expectedNumber)
        findings.push(`consent_entries ${row.entry_id}: entry ${expectedNumber} of its chain is missing`);
      else if (!row.previous_hash.equals(expectedPrevious))
        findings.push(`consent_entries ${row.entry_id}: does not follow the entry before it`);
      if (!createHash('sha256').update(entryText(row)).digest().equals(row.entry_hash))
        findings.push(`consent_entries ${row.entry_id}: was altered after it was written`);
      before = row;
    }
  }
  return { rows, findings };
}

/** The statement whose rows `consentChainFindings` reads. */
export const consentChainSql = 'select * from consent_entries order by person_id, entry_number';

/** Where each chain ends. A second appender to the same chain fails on the primary key, so a chain cannot fork. */
async function chainEnds(
  tx: Transaction,
  personIds: readonly string[],
): Promise<Map<string, { number: number; hash: Buffer }>> {
  const rows = await tx.query<{ person_id: string; entry_number: number; entry_hash: Buffer }>(
    'select distinct on (person_id) person_id, entry_number, entry_hash from consent_entries where person_id = any($1::uuid[]) order by person_id, entry_number desc',
    [personIds],
  );
  return new Map(rows.map((row) => [row.person_id, { number: row.entry_number, hash: row.entry_hash }]));
}

/** What is hashed and committed to: every column but the hash itself; the evidence by its own hash. */
export function entryText(row: Omit<EntryRow, 'entry_hash'>): string {
  return canonicalJson({
    record: 'consent',
    person: row.person_id,
    number: row.entry_number,
    id: row.entry_id,
    purpose: row.purpose,
    action: row.action,
    noticeVersion: row.notice_version,
    policyVersion: row.policy_version,
    method: row.method,
    source: row.source,
    evidence: row.evidence === null ? null : createHash('sha256').update(row.evidence).digest('hex'),
    at: row.at.toISOString(),
    recordedAt: row.recorded_at.toISOString(),
    previous: row.previous_hash.toString('hex'),
  });
}

function consentEntryOf(row: EntryRow): ConsentEntry {
  return {
    personId: row.person_id,
    entryId: row.entry_id,
    entryNumber: row.entry_number,
    purpose: row.purpose,
    action: row.action,
    noticeVersion: row.notice_version,
    policyVersion: row.policy_version,
    method: row.method,
    source: row.source,
    at: row.at,
    recordedAt: row.recorded_at,
  };
}
