/**
 * Folding: people about whom something new was kept are taken from the queue, and their contributions are made anew. One folder works at a time;
 * a batch commits whole, so an interruption loses nothing.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { contribute } from './contribute.ts';
import { lockPeople } from './persons.ts';
import { queueTags } from './tags.ts';

/** Puts people into the queue of those whose contributions are to be made anew. */
export async function queueFold(
  installation: Pick<Installation, 'keys'>,
  sql: Sql,
  personIds: readonly string[],
  queuedAt: Date,
): Promise<void> {
  const once = [...new Set(personIds)].toSorted();
  await sql.query(
    `insert into fold_queue (person_id, queued_at, tag)
     select person_id, $2, substring($3::bytea from (number::integer - 1) * 16 + 1 for 16) from unnest($1::uuid[]) with ordinality as queued (person_id, number)
     on conflict (person_id) do nothing`,
    [once, queuedAt, queueTags(installation, once, queuedAt)],
  );
}

/** Puts everybody into the queue who has touched one of these items: for a change in the catalogue that decides what may be learned from. */
export async function queueFoldForItems(
  installation: Pick<Installation, 'keys'>,
  sql: Sql,
  itemIds: readonly string[],
  queuedAt: Date,
): Promise<void> {
  const touched = await sql.query<{ person_id: string }>(
    'select distinct person_id from events where item_ids && $1::text[]',
    [itemIds],
  );
  await queueFold(
    installation,
    sql,
    touched.map((row) => row.person_id),
    queuedAt,
  );
}

/** How many people wait. */
export async function foldBacklog(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ waiting: number }>('select count(*)::integer as waiting from fold_queue');
  return row?.waiting ?? 0;
}

/** Folds one batch of waiting people. Returns who they were; nobody when nobody waits. */
export async function foldOnce(installation: Installation, options: { batch?: number } = {}): Promise<string[]> {
  return installation.database.transaction(async (tx) => {
    // One folder at a time: two would only wait for each other at the sum.
    await tx.query("select pg_advisory_xact_lock(hashtext('fairlead fold'))");
    const waiting = await tx.query<{ person_id: string }>(
      'select person_id from fold_queue order by queued_at limit $1',
      [options.batch ?? 500],
    );
    if (waiting.length === 0) return [];
    const personIds = waiting.map((row) => row.person_id);
    // People first, queue second, as intake does: an event that commits in between queues its person again.
    const present = await lockPeople(tx, personIds);
    await tx.query('delete from fold_queue where person_id = any($1::uuid[])', [personIds]);
    await contribute(installation, tx, present);
    return present;
  });
}

/** Folds until nobody waits. */
export async function foldAll(
  installation: Installation,
  options: { batch?: number; onProgress?: (folded: number) => void } = {},
): Promise<number> {
  let total = 0;
  for (;;) {
    const folded = await foldOnce(installation, options);
    if (folded.length === 0 && (await foldBacklog(installation.database)) === 0) return total;
    total += folded.length;
    options.onProgress?.(total);
  }
}
