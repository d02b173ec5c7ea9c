/**
 * The tags of the rows that people's history is made of (`database/row-tag.ts`): one function a table, so that whoever writes a row and whoever checks it
 * agree on its columns.
 */
import { type TaggedValue, rowTag } from '../database/row-tag.ts';
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

export function mergedTag(installation: Keyed, row: { person_id: string; merged_id: string; merged_at: Date }): Buffer {
  return tag(installation, 'merged_people', [row.person_id, row.merged_id, row.merged_at]);
}

export function erasureTag(installation: Keyed, row: { person_id: string; erased_at: Date }): Buffer {
  return tag(installation, 'erasure_journal', [row.person_id, row.erased_at]);
}

function tag(installation: Keyed, table: string, values: readonly TaggedValue[]): Buffer {
  return rowTag(installation.keys.derived('row-tag'), table, values);
}
