/**
 * Two records turn out to be one person. Merging is forgetting on one side and adding on the other: two contributions are subtracted, one is added,
 * and there is one receipt. A refusal on either side wins. A user id never merges into another without `alias`.
 */
import type { ConsentEntry } from '../consent/ledger.ts';
import { appendEntries, consentHistory } from '../consent/ledger.ts';
import { conflictMethod, isSignalled, signalMethod } from '../consent/signals.ts';
import type { Transaction } from '../database/database.ts';
import {
  findPeople,
  identifierHash,
  claimIdentifiers,
  destroyPersonKey,
  moveIdentifiers,
  personKeys,
} from '../vault/identifiers.ts';
import { seal, unseal } from '../vault/sealing.ts';
import { contribute } from './contribute.ts';
import type { ForgettingInstallation } from './forget.ts';
import type { Message } from './internal/admit.ts';
import { moveLooks } from './looks.ts';
import { lockPeople, raiseRevision } from './persons.ts';
import { type Receipt, writeReceipt } from './receipts.ts';
import { mergeSettings } from './settings.ts';
import { copyEvents, dropPurposes } from './stored-events.ts';
import { type TaggedExclusion, exclusionTag, mergedTag, profileFieldTag } from './tags.ts';

/** `identify` with both ids: the visitor becomes the named person, unless the visitor already is a named person. */
export async function mergeByIdentify(
  installation: ForgettingInstallation,
  tx: Transaction,
  message: Message,
): Promise<void> {
  if (message.userId === undefined || message.anonymousId === undefined) return;
  const user = { kind: 'userId', value: message.userId };
  const visitor = { kind: 'anonymousId', value: message.anonymousId };
  const [userId, visitorId] = await bothPeople(
    tx,
    identifierHash(installation.keys, user),
    identifierHash(installation.keys, visitor),
  );
  if (visitorId === undefined || userId === visitorId) return;
  if (await isNamed(tx, visitorId)) return;
  if (userId !== undefined) {
    await mergePeople(installation, tx, { from: visitorId, into: userId });
    return;
  }
  const personKey = (await personKeys(tx, installation.keys, [visitorId])).get(visitorId);
  if (personKey !== undefined)
    await claimIdentifiers(tx, installation.keys, tx.world, [{ personKey, identifier: user }]);
}

/** `alias`: what was known under the previous id goes over to the user id. Returns whether anybody was known by it. */
export async function mergeByAlias(
  installation: ForgettingInstallation,
  tx: Transaction,
  message: Message,
): Promise<boolean> {
  if (message.userId === undefined || message.previousId === undefined) return false;
  const user = { kind: 'userId', value: message.userId };
  const previous = ['userId', 'anonymousId'].map((kind) => ({ kind, value: message.previousId ?? '' }));
  const userHash = identifierHash(installation.keys, user);
  for (const identifier of previous) {
    const [into, from] = await bothPeople(tx, userHash, identifierHash(installation.keys, identifier));
    if (from === undefined || from === into) continue;
    if (into !== undefined) {
      await mergePeople(installation, tx, { from, into });
    } else {
      const personKey = (await personKeys(tx, installation.keys, [from])).get(from);
      if (personKey !== undefined)
        await claimIdentifiers(tx, installation.keys, tx.world, [{ personKey, identifier: user }]);
    }
    return true;
  }
  return false;
}

async function bothPeople(
  tx: Transaction,
  user: Buffer,
  other: Buffer,
): Promise<[string | undefined, string | undefined]> {
  const found = await findPeople(tx, [user, other]);
  const ids = [...new Set(found.values())];
  const present = new Set(await lockPeople(tx, ids));
  const known = (hash: Buffer): string | undefined => {
    const personId = found.get(hash.toString('hex'));
    return personId !== undefined && present.has(personId) ? personId : undefined;
  };
  return [known(user), known(other)];
}

async function isNamed(tx: Transaction, personId: string): Promise<boolean> {
  const rows = await tx.query<{ found: number }>(
    "select 1 as found from person_identifiers where person_id = $1 and kind = 'userId' limit 1",
    [personId],
  );
  return rows.length > 0;
}

/** Moves everything of one person to another and subtracts and adds accordingly. Returns the receipt, which the survivor holds. */
export async function mergePeople(
  installation: ForgettingInstallation,
  tx: Transaction,
  merge: { from: string; into: string },
): Promise<Receipt> {
  await lockPeople(tx, [merge.from, merge.into]);
  await raiseRevision(tx, [merge.from, merge.into]);
  await mergeConsents(installation, tx, merge);
  await moveRows(installation, tx, merge);
  for (const follower of installation.followers)
    await follower(tx, {
      personId: merge.from,
      request: { kind: 'merge', into: merge.into },
      expiredBefore: new Map(),
    });
  // Last, because the rooms above seal anew what goes over.
  await destroyPersonKey(tx, merge.from);
  const moves = await contribute(installation, tx, [merge.from, merge.into]);
  return writeReceipt(tx, merge.into, { kind: 'merge', about: ['two records of one person'], moves });
}

/** For each purpose: a refusal on either side stands; a grant on one side alone goes over. */
async function mergeConsents(
  installation: ForgettingInstallation,
  tx: Transaction,
  merge: { from: string; into: string },
): Promise<void> {
  const [said, heard] = [await consentHistory(tx, merge.from), await consentHistory(tx, merge.into)];
  const lastOf = (entries: readonly ConsentEntry[]) => new Map(entries.map((entry) => [entry.purpose, entry]));
  const [from, into] = [lastOf(said), lastOf(heard)];
  const refused = new Set(
    [...from.values(), ...into.values()].filter((entry) => entry.action === 'withdraw').map((entry) => entry.purpose),
  );
  const known = (entry: ConsentEntry): boolean => Object.hasOwn(installation.policy.purposes, entry.purpose);
  const carried = [...from.values()]
    .filter(known)
    .filter(
      (entry) =>
        into.get(entry.purpose)?.action !== entry.action && (entry.action === 'withdraw' || !into.has(entry.purpose)),
    );
  await appendEntries(
    installation,
    tx,
    carried.map((entry) => ({
      personId: merge.into,
      purpose: entry.purpose,
      action: entry.action,
      // A signal, and consent at a notice of its conflict, stay what they are.
      method: [signalMethod, conflictMethod].includes(entry.method) ? entry.method : 'merge',
      source: entry.source,
      at: entry.at,
    })),
  );
  // A signal speaks for the whole person, also where it was not the last word: then no ordinary yes may count after the merge either.
  const signalled = [...from.values()]
    .filter(known)
    .filter(
      ({ purpose, method }) => method !== signalMethod && isSignalled(said, purpose) && !isSignalled(heard, purpose),
    );
  await appendEntries(
    installation,
    tx,
    signalled.map(({ purpose, source }) => ({
      personId: merge.into,
      purpose,
      action: 'withdraw',
      method: signalMethod,
      source,
    })),
  );
  if (refused.size > 0)
    for (const personId of [merge.from, merge.into])
      await dropPurposes(installation, tx, personId, { purposes: [...refused] });
}

/** Copies under the survivor's id and deletes the rest: the distribution column of a person table never changes. */
async function moveRows(
  installation: ForgettingInstallation,
  tx: Transaction,
  merge: { from: string; into: string },
): Promise<void> {
  const keysOfBoth = await personKeys(tx, installation.keys, [merge.from, merge.into]);
  const fromKey = keysOfBoth.get(merge.from);
  const intoKey = keysOfBoth.get(merge.into);
  await copyEvents(installation, tx, merge);
  await copyExclusions(installation, tx, merge);
  await mergeSettings(installation, tx, merge);
  await moveLooks(installation, tx, merge);
  await tx.query(
    `insert into receipts (person_id, receipt_id, kind, at, record, leaf, leaf_key) select $2, receipt_id, kind, at, record, leaf, leaf_key from receipts where person_id = $1`,
    [merge.from, merge.into],
  );
  const fields = await tx.query<{ field: string; value: string | null; sealed: Buffer | null; updated_at: Date }>(
    'select field, value, sealed, updated_at from profile_fields where person_id = $1',
    [merge.from],
  );
  if (fromKey !== undefined && intoKey !== undefined) {
    for (const row of fields) {
      const sealed =
        row.sealed === null
          ? null
          : seal(intoKey, tx.world, `field:${row.field}`, unseal(fromKey, `field:${row.field}`, row.sealed));
      await tx.query(
        `insert into profile_fields (person_id, field, value, sealed, updated_at, tag) values ($1, $2, $3, $4, $5, $6)
         on conflict (person_id, field) do update set value = excluded.value, sealed = excluded.sealed, updated_at = excluded.updated_at, tag = excluded.tag
         where profile_fields.updated_at < excluded.updated_at`,
        [
          merge.into,
          row.field,
          row.value,
          sealed,
          row.updated_at,
          profileFieldTag(installation, { ...row, person_id: merge.into, sealed }),
        ],
      );
    }
    await moveIdentifiers(tx, installation.keys, tx.world, { from: merge.from, to: intoKey });
  }
  for (const table of ownTables) await tx.query(table, [merge.from]);
  const earlier = await tx.query<{ merged_id: string }>('select merged_id from merged_people where person_id = $1', [
    merge.from,
  ]);
  const mergedAt = tx.world.now();
  const merged = [merge.from, ...earlier.map((row) => row.merged_id)];
  await tx.query(
    'insert into merged_people (person_id, merged_id, merged_at, tag) select $1, merged.merged_id, $2, merged.tag from unnest($3::uuid[], $4::bytea[]) as merged (merged_id, tag)',
    [
      merge.into,
      mergedAt,
      merged,
      merged.map((id) => mergedTag(installation, { person_id: merge.into, merged_id: id, merged_at: mergedAt })),
    ],
  );
  await tx.query('delete from merged_people where person_id = $1', [merge.from]);
}

async function copyExclusions(
  installation: ForgettingInstallation,
  tx: Transaction,
  merge: { from: string; into: string },
): Promise<void> {
  const rows = await tx.query<TaggedExclusion>(
    'select person_id, exclusion_id, item_id, from_at, until_at, excluded_at, deleted_at from exclusions where person_id = $1',
    [merge.from],
  );
  await tx.query(
    `insert into exclusions (person_id, exclusion_id, item_id, from_at, until_at, excluded_at, deleted_at, tag)
     select $2, x.exclusion_id, x.item_id, x.from_at, x.until_at, x.excluded_at, x.deleted_at, copied.tag
     from exclusions x join unnest($3::uuid[], $4::bytea[]) as copied (exclusion_id, tag) on copied.exclusion_id = x.exclusion_id where x.person_id = $1`,
    [
      merge.from,
      merge.into,
      rows.map((row) => row.exclusion_id),
      rows.map((row) => exclusionTag(installation, { ...row, person_id: merge.into })),
    ],
  );
}

const ownTables = [
  'delete from events where person_id = $1',
  'delete from exclusions where person_id = $1',
  'delete from receipts where person_id = $1',
  'delete from profile_fields where person_id = $1',
  'delete from person_settings where person_id = $1',
  'delete from person_sessions where person_id = $1',
  'delete from fold_queue where person_id = $1',
  'delete from persons where person_id = $1',
];
