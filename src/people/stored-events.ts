/** Changes to events that are already kept: purposes taken out of them, and their move to the person who took another over. Tags are made anew. */
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import { type TaggedEvent, eventTag } from './tags.ts';

/** Takes purposes out of what was kept for them, before a moment or altogether; what is left without any purpose goes. */
export async function dropPurposes(
  installation: Installation,
  tx: Transaction,
  personId: string,
  drop: { purposes: readonly string[]; before?: Date },
): Promise<void> {
  const values = [personId, drop.purposes, drop.before ?? null];
  await tx.query(
    'delete from events where person_id = $1 and purposes <@ $2::text[] and ($3::timestamptz is null or at < $3)',
    values,
  );
  const rows = await tx.query<TaggedEvent>(
    `select person_id, event_id, name, item_ids, properties, purposes, source, at, received_at from events
     where person_id = $1 and purposes && $2::text[] and ($3::timestamptz is null or at < $3)`,
    values,
  );
  if (rows.length === 0) return;
  const kept = rows.map((row) => ({
    ...row,
    purposes: row.purposes.filter((purpose) => !drop.purposes.includes(purpose)),
  }));
  await tx.query(
    `update events e set purposes = array(select jsonb_array_elements_text(kept.purposes)), tag = kept.tag
     from unnest($2::uuid[], $3::jsonb[], $4::bytea[]) as kept (event_id, purposes, tag) where e.person_id = $1 and e.event_id = kept.event_id`,
    [
      personId,
      kept.map((row) => row.event_id),
      kept.map((row) => JSON.stringify(row.purposes)),
      kept.map((row) => eventTag(installation, row)),
    ],
  );
}

/** Copies a person's events to another; the caller deletes the old ones. The distribution column of a person table never changes. */
export async function copyEvents(
  installation: Installation,
  tx: Transaction,
  copy: { from: string; into: string },
): Promise<void> {
  const rows = await tx.query<TaggedEvent>(
    'select person_id, event_id, name, item_ids, properties, purposes, source, at, received_at from events where person_id = $1',
    [copy.from],
  );
  await tx.query(
    `insert into events (person_id, event_id, name, item_ids, properties, purposes, source, at, received_at, tag)
     select $2, e.event_id, e.name, e.item_ids, e.properties, e.purposes, e.source, e.at, e.received_at, copied.tag
     from events e join unnest($3::uuid[], $4::bytea[]) as copied (event_id, tag) on copied.event_id = e.event_id where e.person_id = $1`,
    [
      copy.from,
      copy.into,
      rows.map((row) => row.event_id),
      rows.map((row) => eventTag(installation, { ...row, person_id: copy.into })),
    ],
  );
}

/** Takes items out of a person's events for good; an event that mentions nothing else goes. */
export async function removeItems(
  installation: Installation,
  tx: Transaction,
  personId: string,
  itemIds: readonly string[],
): Promise<void> {
  if (itemIds.length === 0) return;
  await tx.query('delete from events where person_id = $1 and item_ids <> $3 and item_ids <@ $2::text[]', [
    personId,
    itemIds,
    [],
  ]);
  const rows = await tx.query<TaggedEvent>(
    `select person_id, event_id, name, item_ids, properties, purposes, source, at, received_at from events
     where person_id = $1 and item_ids && $2::text[]`,
    [personId, itemIds],
  );
  const kept = rows.map((row) => ({ ...row, item_ids: row.item_ids.filter((itemId) => !itemIds.includes(itemId)) }));
  await tx.query(
    `update events e set item_ids = array(select jsonb_array_elements_text(kept.item_ids)), tag = kept.tag
     from unnest($2::uuid[], $3::jsonb[], $4::bytea[]) as kept (event_id, item_ids, tag) where e.person_id = $1 and e.event_id = kept.event_id`,
    [
      personId,
      kept.map((row) => row.event_id),
      kept.map((row) => JSON.stringify(row.item_ids)),
      kept.map((row) => eventTag(installation, row)),
    ],
  );
}
