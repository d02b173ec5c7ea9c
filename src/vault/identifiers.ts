/**
 * Identifiers (a user id, an anonymous id, an e-mail address) lead to a person only through a keyed hash; the value itself lies sealed under
 * that person's key. Whoever has the database without the key can neither read an identifier nor test a guess.
 */
import type { Sql } from '../database/database.ts';
import { keyedHash } from '../database/keyed-hash.ts';
import type { World } from '../database/world.ts';
import type { Keys } from './keys.ts';
import { type PersonKey, seal, unseal, unwrapPersonKey } from './sealing.ts';

/** What an identifier is. `userId` and `anonymousId` come with every message; others are declared by the policy. */
export interface Identifier {
  readonly kind: string;
  readonly value: string;
}

/** HMAC-SHA256 of kind and normalised value under the look-up key: 32 bytes. */
export function identifierHash(keys: Keys, identifier: Identifier): Buffer {
  return keyedHash(keys.derived('look-up'))
    .update(JSON.stringify([identifier.kind, normalised(identifier)]))
    .digest();
}

/** Addresses compare without case and outer space; ids are compared as they are. */
function normalised({ kind, value }: Identifier): string {
  return kind === 'email' ? value.trim().toLowerCase() : value;
}

/** Which person each hash leads to; hashes without a person are absent. Keys are hex. */
export async function findPeople(sql: Sql, hashes: readonly Buffer[]): Promise<Map<string, string>> {
  return findPeopleByHex(
    sql,
    hashes.map((hash) => hash.toString('hex')),
  );
}

/** The same for hashes that are in hex already. They stay so both ways, which spares a large batch a buffer for each. */
export async function findPeopleByHex(sql: Sql, hashes: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql.query<{ hash: string; person_id: string }>(
    "select encode(identifier_hash, 'hex') as hash, person_id from identifiers where identifier_hash = any($1::bytea[])",
    [`{${hashes.map((hash) => `"\\\\x${hash}"`).join(',')}}`],
  );
  return new Map(rows.map((row) => [row.hash, row.person_id]));
}

/**
 * Claims identifiers for people. An identifier that somebody already has stays with them: the returned hashes (hex) are those that were free.
 * A claim and its sealed copy are written in one statement.
 */
export async function claimIdentifiers(
  sql: Sql,
  keys: Keys,
  world: World,
  claims: readonly { personKey: PersonKey; identifier: Identifier }[],
): Promise<Set<string>> {
  if (claims.length === 0) return new Set();
  const rows = await sql.query<{ identifier_hash: Buffer }>(
    `with claimed as (
       insert into identifiers (identifier_hash, person_id, kind, created_at)
       select hash, person_id, kind, $5 from unnest($1::bytea[], $2::uuid[], $3::text[]) as claim (hash, person_id, kind) order by hash
       on conflict (identifier_hash) do nothing returning identifier_hash, person_id, kind
     ), kept as (
       insert into person_identifiers (person_id, identifier_hash, kind, sealed, created_at)
       select c.person_id, c.identifier_hash, c.kind, s.sealed, $5
       from claimed c join unnest($1::bytea[], $4::bytea[]) as s (hash, sealed) on s.hash = c.identifier_hash
       on conflict (person_id, identifier_hash) do nothing
     )
     select identifier_hash from claimed`,
    [
      claims.map((claim) => identifierHash(keys, claim.identifier)),
      claims.map((claim) => claim.personKey.personId),
      claims.map((claim) => claim.identifier.kind),
      claims.map((claim) =>
        seal(claim.personKey, world, `identifier:${claim.identifier.kind}`, claim.identifier.value),
      ),
      world.now(),
    ],
  );
  return new Set(rows.map((row) => row.identifier_hash.toString('hex')));
}

/** Stores the wrapped data keys of new people, all in one statement. */
export async function storePersonKeys(
  sql: Sql,
  world: World,
  fresh: readonly { personKey: PersonKey; wrapped: Buffer }[],
): Promise<void> {
  if (fresh.length === 0) return;
  await sql.query(
    `insert into person_keys (person_id, key_epoch, wrapped_key, created_at)
     select person_id, key_epoch, wrapped_key, $4 from unnest($1::uuid[], $2::integer[], $3::bytea[]) as fresh (person_id, key_epoch, wrapped_key)`,
    [
      fresh.map((one) => one.personKey.personId),
      fresh.map((one) => one.personKey.epoch),
      fresh.map((one) => one.wrapped),
      world.now(),
    ],
  );
}

/** The data keys of people; who has none (erased) is absent. */
export async function personKeys(sql: Sql, keys: Keys, personIds: readonly string[]): Promise<Map<string, PersonKey>> {
  const rows = await sql.query<{ person_id: string; key_epoch: number; wrapped_key: Buffer }>(
    'select person_id, key_epoch, wrapped_key from person_keys where person_id = any($1::uuid[])',
    [personIds],
  );
  return new Map(
    rows.map((row) => [row.person_id, unwrapPersonKey(keys, row.person_id, row.key_epoch, row.wrapped_key)]),
  );
}

/** A person's identifiers in the clear. Only for who holds a permit for them: access, or the hand-over of a message. */
export async function readIdentifiers(sql: Sql, keys: Keys, personId: string): Promise<Identifier[]> {
  const personKey = (await personKeys(sql, keys, [personId])).get(personId);
  if (personKey === undefined) return [];
  const rows = await sql.query<{ kind: string; sealed: Buffer }>(
    'select kind, sealed from person_identifiers where person_id = $1 order by created_at, kind',
    [personId],
  );
  return rows.map((row) => ({ kind: row.kind, value: unseal(personKey, `identifier:${row.kind}`, row.sealed) }));
}

/** Moves every identifier of one person to another, sealed anew under the survivor's key. Returns how many. */
export async function moveIdentifiers(
  sql: Sql,
  keys: Keys,
  world: World,
  move: { from: string; to: PersonKey },
): Promise<number> {
  const identifiers = await readIdentifiers(sql, keys, move.from);
  await removeIdentifiers(sql, move.from);
  await claimIdentifiers(
    sql,
    keys,
    world,
    identifiers.map((identifier) => ({ personKey: move.to, identifier })),
  );
  return identifiers.length;
}

/** Removes every way that leads to a person. */
export async function removeIdentifiers(sql: Sql, personId: string, kinds?: readonly string[]): Promise<void> {
  await sql.query(
    `with gone as (delete from person_identifiers where person_id = $1 and ($2::text[] is null or kind = any($2)) returning identifier_hash)
     delete from identifiers i using gone where i.identifier_hash = gone.identifier_hash and i.person_id = $1`,
    [personId, kinds ?? null],
  );
}

/** Destroys a person's data key: what was sealed under it, here and in every backup of this database, is noise once its epoch has ended. */
export async function destroyPersonKey(sql: Sql, personId: string): Promise<void> {
  await sql.query('delete from person_keys where person_id = $1', [personId]);
}
