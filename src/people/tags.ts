/**
 * The tags of the rows that people's history is made of (`database/row-tag.ts`): one function a table, so that whoever writes a row and whoever checks it
 * agree on its columns.
 */
import { type TaggedValue, blockTags, rowTag } from '../database/row-tag.ts';
import type { Installation } from '../consent/installation.ts';
import { canonicalJson } from '../policy/canonical.ts';

type Keyed = Pick<Installation, 'keys'>;

export interface TaggedEvent {
  readonly person_id: string;
  readonly event_id: string;
  readonly name: string;
  readonly item_ids: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly purposes: readonly string[];
  readonly source: string;
  readonly at: Date;
  readonly received_at: Date;
}

export function eventTag(installation: Keyed, row: TaggedEvent): Buffer {
  const properties = Object.keys(row.properties).length === 0 ? '{}' : canonicalJson(row.properties);
  return tag(installation, 'events', [
    row.person_id,
    row.event_id,
    row.name,
    row.item_ids,
    properties,
    row.purposes,
    row.source,
    row.at,
    row.received_at,
  ]);
}

export function profileFieldTag(
  installation: Keyed,
  row: { person_id: string; field: string; value: string | null; sealed: Buffer | null; updated_at: Date },
): Buffer {
  return tag(installation, 'profile_fields', [row.person_id, row.field, row.value, row.sealed, row.updated_at]);
}

export function personSettingTag(
  installation: Keyed,
  row: { person_id: string; setting: string; value: string; updated_at: Date },
): Buffer {
  return tag(installation, 'person_settings', [row.person_id, row.setting, row.value, row.updated_at]);
}

export interface TaggedExclusion {
  readonly person_id: string;
  readonly exclusion_id: string;
  readonly item_id: string | null;
  readonly from_at: Date | null;
  readonly until_at: Date | null;
  readonly excluded_at: Date;
  readonly deleted_at: Date | null;
}

export function exclusionTag(installation: Keyed, row: TaggedExclusion): Buffer {
  return tag(installation, 'exclusions', [
    row.person_id,
    row.exclusion_id,
    row.item_id,
    row.from_at,
    row.until_at,
    row.excluded_at,
    row.deleted_at,
  ]);
}

export function lookTag(
  installation: Keyed,
  row: { person_id: string; look_id: string; duty: string; reason: string; at: Date },
): Buffer {
  return tag(installation, 'looks', [row.person_id, row.look_id, row.duty, row.reason, row.at]);
}

export function sessionTag(
  installation: Keyed,
  row: { person_id: string; session_hash: Buffer; started_at: Date; ends_at: Date },
): Buffer {
  return tag(installation, 'person_sessions', [row.person_id, row.session_hash, row.started_at, row.ends_at]);
}

export function usedLinkTag(installation: Keyed, row: { link_hash: Buffer; ends_at: Date }): Buffer {
  return tag(installation, 'used_links', [row.link_hash, row.ends_at]);
}

export function mergedTag(installation: Keyed, row: { person_id: string; merged_id: string; merged_at: Date }): Buffer {
  return tag(installation, 'merged_people', [row.person_id, row.merged_id, row.merged_at]);
}

export function tuningPersonTag(
  installation: Keyed,
  row: { person_id: string; proposal_id: string; model: string },
): Buffer {
  return tag(installation, 'tuning_people', [row.person_id, row.proposal_id, row.model]);
}

export function erasureTag(installation: Keyed, row: { person_id: string; erased_at: Date }): Buffer {
  return tag(installation, 'erasure_journal', [row.person_id, row.erased_at]);
}

export function intakeCountTag(
  installation: Keyed,
  row: { day: string; reason: string; name: string; count: number },
): Buffer {
  return tag(installation, 'intake_counts', [row.day, row.reason, row.name, row.count]);
}

export function sumTag(
  installation: Keyed,
  row: { model: string; position: number; people: number; digest: Buffer; updated_at: Date },
): Buffer {
  return tag(installation, 'sums', [row.model, row.position, row.people, row.digest, row.updated_at]);
}

/** `removed` and `added` are the positions of items, as the row holds them. */
export function deltaTag(
  installation: Keyed,
  row: { model: string; position: number; removed: ItemRow; added: ItemRow },
): Buffer {
  return tag(installation, 'deltas', [row.model, row.position, bytesOf(row.removed), bytesOf(row.added)]);
}

type ItemRow = Int32Array | readonly number[] | null | undefined;

function bytesOf(items: ItemRow): Uint8Array | null {
  if (items === undefined || items === null) return null;
  const row = Int32Array.from(items);
  return new Uint8Array(row.buffer);
}

/** The tags of rows of `inbox`, 16 bytes each, one after another as the hashes are. */
export function inboxTags(installation: Keyed, messageHashes: Uint8Array, receivedAt: Date): Buffer {
  return blockTags(installation.keys.derived('inbox-tag'), messageHashes, receivedAt.getTime());
}

/** The tags of rows of `fold_queue`, 16 bytes each, one after another as the people are. */
export function queueTags(installation: Keyed, personIds: readonly string[], queuedAt: Date): Buffer {
  const ids = Buffer.from(personIds.join('').replaceAll('-', ''), 'hex');
  return blockTags(installation.keys.derived('queue-tag'), ids, queuedAt.getTime());
}

function tag(installation: Keyed, table: string, values: readonly TaggedValue[]): Buffer {
  return rowTag(installation.keys.derived('row-tag'), table, values);
}
