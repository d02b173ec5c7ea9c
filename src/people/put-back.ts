/**
 * What a person took out is restricted at once and deleted an hour later. Until then they can put it back, with the one function here; the other deletes
 * what is due, each person in a transaction of their own, so that an interruption loses nothing. The rule itself stays: what was taken out is never used again,
 * also when it comes anew, until the person says otherwise.
 */
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { contribute } from './contribute.ts';
import { lockPeople, raiseRevision } from './persons.ts';
import { removeItems } from './stored-events.ts';
import { type TaggedExclusion, exclusionTag } from './tags.ts';

/** How long something that was taken out can be put back as it was. */
export const putBackMs = 3_600_000;

/**
 * Ends an exclusion. Within the hour everything is as if it had never been taken out; afterwards what was deleted stays gone and only what comes anew is used.
 * Refuses with `person.unknown`, and with `exclusion.unknown` for one that is not this person's.
 */
export async function putBack(
  installation: Installation,
  personId: string,
  exclusionId: string,
): Promise<{ readonly wasWhole: boolean }> {
  return installation.database.transaction(async (tx) => {
    await lockOne(tx, personId);
    const [ended] = await tx.query<{ deleted_at: Date | null }>(
      'delete from exclusions where person_id = $1 and exclusion_id = $2 returning deleted_at',
      [personId, exclusionId],
    );
    if (ended === undefined)
      throw new Refusal('exclusion.unknown', 'There is nothing of that kind to put back.', {
        remedy: 'Reload the page: it may have been put back already.',
      });
    await raiseRevision(tx, [personId]);
    await contribute(installation, tx, [personId]);
    return { wasWhole: ended.deleted_at === null };
  });
}

const exclusionsAtOnce = 500;

/** Deletes the events behind exclusions that are older than an hour. Returns how many exclusions that were. */
export async function deleteTakenOut(installation: Installation): Promise<number> {
  const { database } = installation;
  let total = 0;
  for (;;) {
    const before = new Date(database.world.now().getTime() - putBackMs);
    const due = await database.query<{ person_id: string }>(
      'select distinct person_id from exclusions where deleted_at is null and excluded_at <= $1 limit $2',
      [before, exclusionsAtOnce],
    );
    for (const { person_id: personId } of due) total += await deleteFor(installation, personId, before);
    if (due.length < exclusionsAtOnce) return total;
  }
}

async function deleteFor(installation: Installation, personId: string, before: Date): Promise<number> {
  return installation.database.transaction(async (tx) => {
    // Erased or merged in the meantime: then the exclusions are gone too, or come with their new owner.
    if ((await lockPeople(tx, [personId])).length === 0) return 0;
    const rows = await tx.query<TaggedExclusion>(
      `select person_id, exclusion_id, item_id, from_at, until_at, excluded_at, deleted_at from exclusions
       where person_id = $1 and deleted_at is null and excluded_at <= $2`,
      [personId, before],
    );
    const deletedAt = tx.world.now();
    await removeItems(
      installation,
      tx,
      personId,
      rows.flatMap((row) => row.item_id ?? []),
    );
    await tx.query(
      `delete from events e using exclusions x where e.person_id = $1 and x.person_id = $1 and x.exclusion_id = any($2::uuid[])
         and x.item_id is null and e.at >= x.from_at and e.at < x.until_at`,
      [personId, rows.map((row) => row.exclusion_id)],
    );
    await tx.query(
      `update exclusions x set deleted_at = $2, tag = due.tag from unnest($3::uuid[], $4::bytea[]) as due (exclusion_id, tag)
       where x.person_id = $1 and x.exclusion_id = due.exclusion_id`,
      [
        personId,
        deletedAt,
        rows.map((row) => row.exclusion_id),
        rows.map((row) => exclusionTag(installation, { ...row, deleted_at: deletedAt })),
      ],
    );
    return rows.length;
  });
}

async function lockOne(tx: Transaction, personId: string): Promise<void> {
  const [locked] = await lockPeople(tx, [personId]);
  if (locked === undefined)
    throw new Refusal('person.unknown', 'There is no such person.', {
      remedy: 'Look the person up again: they may have been merged or erased.',
    });
}
