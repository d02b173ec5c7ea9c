/**
 * Grants on the basis that the operator states for a file: people whom it names, and who have never said anything about the purpose, are recorded as
 * having agreed, with the evidence. Whoever has refused stays refused, and whoever has been erased is not brought back by the rows that were theirs.
 */
import type { Installation } from '../../../consent/installation.ts';
import { recordGrants } from '../../../consent/ledger.ts';
import type { Transaction } from '../../../database/database.ts';
import { type Identifier, findPeople, identifierHash } from '../../../vault/identifiers.ts';
import { ensurePeople, lockPeople } from '../../persons.ts';

/** What is stated about everybody in a file. */
export interface StatedBasis {
  readonly purposes: readonly string[];
  /** What proves it; sealed under each person's key. */
  readonly evidence: string;
  /** When they agreed; the time of the import when absent. */
  readonly at?: Date;
}

/** Somebody whom the file names, with the message hashes of their rows at hand. */
export interface NamedPerson {
  readonly identifier: Identifier;
  readonly messageHashes: readonly Buffer[];
}

/** Grants where nothing was ever said. Returns the positions of people who have been erased since these rows were first taken in. */
export async function grantStated(
  installation: Installation,
  named: readonly NamedPerson[],
  basis: StatedBasis,
  source: string,
): Promise<Set<number>> {
  return installation.database.transaction(async (tx) => {
    const hashes = named.map(({ identifier }) => identifierHash(installation.keys, identifier));
    const known = await findPeople(tx, hashes);
    const unknown = named.flatMap((_, at) => (known.has(hashes[at]?.toString('hex') ?? '') ? [] : [at]));
    const erased = await erasedAmong(tx, named, unknown);
    const wanted = named.filter((_, at) => !erased.has(at));
    const people = [
      ...new Set(
        await ensurePeople(
          installation,
          tx,
          wanted.map(({ identifier }) => identifier),
        ),
      ),
    ];
    // Under the lock, so that a refusal at this very moment is either seen or comes after the grant.
    await lockPeople(tx, people);
    const spoken = await tx.query<{ person_id: string; purpose: string }>(
      'select distinct person_id, purpose from consent_entries where person_id = any($1::uuid[]) and purpose = any($2::text[])',
      [people, basis.purposes],
    );
    const said = new Set(spoken.map((row) => `${row.person_id} ${row.purpose}`));
    const at = basis.at === undefined ? {} : { at: basis.at };
    const grants = people.flatMap((personId) =>
      basis.purposes
        .filter((purpose) => !said.has(`${personId} ${purpose}`))
        .map((purpose) => ({ personId, purpose, method: 'import', source, evidence: basis.evidence, ...at })),
    );
    await recordGrants(installation, tx, grants);
    return erased;
  });
}

/** Nobody is known by the name, yet a row of theirs has been taken in: they were here and have been erased. */
async function erasedAmong(
  tx: Transaction,
  named: readonly NamedPerson[],
  unknown: readonly number[],
): Promise<Set<number>> {
  const owner = new Map(
    unknown.flatMap((at) => (named[at]?.messageHashes ?? []).map((hash) => [hash.toString('hex'), at] as const)),
  );
  if (owner.size === 0) return new Set();
  const rows = await tx.query<{ message_hash: Buffer }>(
    'select message_hash from inbox where message_hash = any($1::bytea[])',
    [[...owner.keys()].map((hash) => Buffer.from(hash, 'hex'))],
  );
  return new Set(rows.flatMap((row) => owner.get(row.message_hash.toString('hex')) ?? []));
}
