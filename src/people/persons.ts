/**
 * Who is meant: turns the identifiers of a message into a person, makes people when something of theirs may be kept, and locks them. A person is
 * a random id and nothing else; the way from an identifier to it leads through the vault's keyed look-up.
 */
import type { Sql, Transaction } from '../database/database.ts';
import {
  type Identifier,
  claimIdentifiers,
  findPeople,
  identifierHash,
  storePersonKeys,
} from '../vault/identifiers.ts';
import { freshPersonKey } from '../vault/sealing.ts';
import type { Installation } from '../consent/installation.ts';

/** How the sender names somebody. A user id counts before an anonymous id. */
export interface Named {
  readonly userId?: string | undefined;
  readonly anonymousId?: string | undefined;
}

/** The identifier that decides who is meant, or undefined when the sender named nobody. */
export function namingIdentifier(named: Named): Identifier | undefined {
  if (named.userId !== undefined) return { kind: 'userId', value: named.userId };
  if (named.anonymousId !== undefined) return { kind: 'anonymousId', value: named.anonymousId };
  return undefined;
}

/** The person behind a name, or undefined when there is none. */
export async function findPerson(installation: Installation, sql: Sql, named: Named): Promise<string | undefined> {
  const identifier = namingIdentifier(named);
  if (identifier === undefined) return undefined;
  const hash = identifierHash(installation.keys, identifier);
  return (await findPeople(sql, [hash])).get(hash.toString('hex'));
}

/** Whether there is somebody by this id. */
export async function isPerson(sql: Sql, personId: string): Promise<boolean> {
  const rows = await sql.query('select person_id from persons where person_id = $1', [personId]);
  return rows.length > 0;
}

/** Who somebody is now: themselves, or whoever they were merged into; undefined when they are gone. */
export async function presentPerson(sql: Sql, personId: string): Promise<string | undefined> {
  if (await isPerson(sql, personId)) return personId;
  const [merged] = await sql.query<{ person_id: string }>('select person_id from merged_people where merged_id = $1', [
    personId,
  ]);
  return merged?.person_id;
}

/**
 * The people behind identifiers, made where they do not exist yet. Returns person ids in the order of the identifiers. Safe against others who
 * make the same person at the same moment: the look-up table decides.
 */
export async function ensurePeople(
  installation: Installation,
  tx: Transaction,
  identifiers: readonly Identifier[],
): Promise<string[]> {
  const hashes = identifiers.map((identifier) => identifierHash(installation.keys, identifier).toString('hex'));
  const wanted = new Map(hashes.map((hash, index) => [hash, identifiers[index]]));
  const known = await findPeople(
    tx,
    [...wanted.keys()].map((hash) => Buffer.from(hash, 'hex')),
  );
  const claims = [...wanted]
    .filter(([hash]) => !known.has(hash))
    .flatMap(([hash, identifier]) =>
      identifier === undefined
        ? []
        : [{ hash, identifier, ...freshPersonKey(installation.keys, tx.world, tx.world.uuid()) }],
    );
  const won = await claimIdentifiers(tx, installation.keys, tx.world, claims);
  const made = claims.filter((claim) => won.has(claim.hash));
  await storePersonKeys(tx, tx.world, made);
  await tx.query(
    'insert into persons (person_id, revision, created_at) select person_id, 0, $2 from unnest($1::uuid[]) as made (person_id)',
    [made.map((claim) => claim.personKey.personId), tx.world.now()],
  );
  for (const claim of made) known.set(claim.hash, claim.personKey.personId);
  const lost = claims.filter((claim) => !won.has(claim.hash));
  if (lost.length > 0)
    for (const [hash, personId] of await findPeople(
      tx,
      lost.map((claim) => Buffer.from(claim.hash, 'hex')),
    ))
      known.set(hash, personId);
  return hashes.map((hash) => {
    const personId = known.get(hash);
    if (personId === undefined) throw new Error('an identifier was neither found nor claimed');
    return personId;
  });
}

/**
 * Locks people for folding or forgetting, in the order of their ids, so that two lockers never wait for each other in a ring.
 * Returns those who exist.
 */
export async function lockPeople(tx: Transaction, personIds: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ person_id: string }>(
    'select person_id from persons where person_id = any($1::uuid[]) order by person_id for update',
    [personIds],
  );
  return rows.map((row) => row.person_id);
}

/** Makes every write that was prepared before this moment come to nothing. The people are locked. */
export async function raiseRevision(tx: Transaction, personIds: readonly string[]): Promise<void> {
  await tx.query('update persons set revision = revision + 1 where person_id = any($1::uuid[])', [personIds]);
}
