/** Checks of people's rows: tags, sealed values, identifiers, standing basis and time. */
import { itemTag, listItems } from '../../catalogue/items.ts';
import { entryOf } from '../../policy/policy.ts';
import { subtractDuration } from '../../policy/durations.ts';
import { purposesOfField } from '../../policy/views.ts';
import type { Engine } from '../../deciding/engine.ts';
import { outcomeTag } from '../../deciding/outcomes.ts';
import { nonpersonalTagOf } from '../../deciding/nonpersonal-tag.ts';
import { redactedTag } from '../../deciding/strip-decisions.ts';
import { type Pause, pauseTag } from '../../deciding/pauses.ts';
import { complaintTag } from '../../rights/complaints.ts';
import {
  tuningPersonTag,
  type TaggedEvent,
  type TaggedExclusion,
  deltaTag,
  erasureTag,
  eventTag,
  exclusionTag,
  inboxTags,
  intakeCountTag,
  lookTag,
  mergedTag,
  personSettingTag,
  profileFieldTag,
  sessionTag,
  usedLinkTag,
  queueTags,
} from '../../people/tags.ts';
import { type BatchRow, batchTag } from '../../sending/batch.ts';
import { type HandOver, handOverTag } from '../../sending/hand-overs.ts';
import { type RemovalReaderRow, removalReaderTag, removalTag } from '../../sending/removals.ts';
import { Refusal } from '../../database/refusal.ts';
import { identifierHash, personKeys } from '../../vault/identifiers.ts';
import { unseal } from '../../vault/sealing.ts';
import type { Checking } from '../verify.ts';

const batch = 2_000;

/** Rows of one table against their tags. */
function tagCheck<Row extends { tag: Buffer | null }>(
  select: string,
  name: (row: Row) => string,
  tagOf: (engine: Engine, row: Row) => Buffer,
): Checking {
  return async (engine) => {
    const findings: string[] = [];
    let rows = 0;
    for await (const part of engine.database.stream<Row>(select, [], { batch })) {
      rows += part.length;
      for (const row of part)
        if (row.tag === null || !tagOf(engine, row).equals(row.tag))
          findings.push(`${name(row)}: was changed after it was written`);
    }
    return { rows, findings };
  };
}

/** Null where a row was written before its table had tags. */
type Tagged<Row> = Row & { tag: Buffer | null };

export const tagChecks: readonly { readonly name: string; readonly check: Checking }[] = [
  {
    name: 'batches are as they were agreed to',
    check: tagCheck<Tagged<BatchRow>>('select * from batches', (row) => `batches ${row.batch_id}`, batchTag),
  },
  {
    name: 'hand-overs are as they were written down',
    check: tagCheck<Tagged<HandOver>>(
      'select * from hand_overs',
      (row) => `hand_overs ${row.person_id} ${row.batch_id}`,
      handOverTag,
    ),
  },
  {
    name: 'removals are as they were written down',
    check: tagCheck<Tagged<Parameters<typeof removalTag>[1]>>(
      'select * from removals',
      (row) => `removals ${row.removal_id}`,
      removalTag,
    ),
  },
  {
    name: 'who has fetched removals is as it was written down',
    check: tagCheck<Tagged<RemovalReaderRow>>(
      'select * from removal_readers',
      () => 'removal_readers: a recipient',
      removalReaderTag,
    ),
  },
  {
    name: 'events are as they were kept',
    check: tagCheck<Tagged<TaggedEvent>>('select * from events', (row) => `events ${row.event_id}`, eventTag),
  },
  {
    name: 'profile fields are as they were kept',
    check: tagCheck<Tagged<Parameters<typeof profileFieldTag>[1]>>(
      'select * from profile_fields',
      (row) => `profile_fields ${row.person_id} ${row.field}`,
      profileFieldTag,
    ),
  },
  {
    name: 'settings are as people set them',
    check: tagCheck<Tagged<Parameters<typeof personSettingTag>[1]>>(
      'select * from person_settings',
      (row) => `person_settings ${row.person_id} ${row.setting}`,
      personSettingTag,
    ),
  },
  {
    name: 'exclusions are as they were made',
    check: tagCheck<Tagged<TaggedExclusion>>(
      'select * from exclusions',
      (row) => `exclusions ${row.exclusion_id}`,
      exclusionTag,
    ),
  },
  {
    name: 'looks are as they were written down',
    check: tagCheck<Tagged<Parameters<typeof lookTag>[1]>>(
      'select * from looks',
      (row) => `looks ${row.look_id}`,
      lookTag,
    ),
  },
  {
    name: 'who recipes were tuned on is as it was written down',
    check: tagCheck<Tagged<Parameters<typeof tuningPersonTag>[1]>>(
      'select * from tuning_people',
      (row) => `tuning_people ${row.person_id}`,
      tuningPersonTag,
    ),
  },
  {
    name: 'merges are as they were made',
    check: tagCheck<Tagged<Parameters<typeof mergedTag>[1]>>(
      'select * from merged_people',
      (row) => `merged_people ${row.person_id} ${row.merged_id}`,
      mergedTag,
    ),
  },
  {
    name: 'the erasure journal is as it was written',
    check: tagCheck<Tagged<Parameters<typeof erasureTag>[1]>>(
      'select * from erasure_journal',
      (row) => `erasure_journal ${row.person_id}`,
      erasureTag,
    ),
  },
  {
    name: 'stays in the privacy centre are as they were begun',
    check: tagCheck<Tagged<Parameters<typeof sessionTag>[1]>>(
      'select * from person_sessions',
      (row) => `person_sessions of ${row.person_id}`,
      sessionTag,
    ),
  },
  {
    name: 'used links are as they were noted',
    check: tagCheck<Tagged<Parameters<typeof usedLinkTag>[1]>>(
      'select * from used_links',
      (row) => `used_links ${row.link_hash.toString('hex')}`,
      usedLinkTag,
    ),
  },
  {
    name: 'messages taken in are as they were noted',
    check: tagCheck<Tagged<{ message_hash: Buffer; received_at: Date }>>(
      'select message_hash, received_at, tag from inbox',
      (row) => `inbox ${row.message_hash.toString('hex')}`,
      (engine, row) => inboxTags(engine, row.message_hash, row.received_at),
    ),
  },
  {
    name: 'people wait to be folded as they were queued',
    check: tagCheck<Tagged<{ person_id: string; queued_at: Date }>>(
      'select person_id, queued_at, tag from fold_queue',
      (row) => `fold_queue ${row.person_id}`,
      (engine, row) => queueTags(engine, [row.person_id], row.queued_at),
    ),
  },
  {
    name: 'counts of intake are as they were counted',
    check: tagCheck<Tagged<Parameters<typeof intakeCountTag>[1]>>(
      'select day::text as day, reason, name, count, tag from intake_counts',
      (row) => `intake_counts ${row.day} ${row.reason}`,
      intakeCountTag,
    ),
  },
  {
    name: 'deltas are as they were left for their followers',
    check: tagCheck<Tagged<Parameters<typeof deltaTag>[1]>>(
      'select model, position, removed, added, tag from deltas',
      (row) => `deltas ${row.model} ${row.position}`,
      deltaTag,
    ),
  },
  {
    name: 'stripped decisions are as they were left',
    check: tagCheck<Tagged<Parameters<typeof redactedTag>[1]>>(
      'select decision_id, record, redacted_at, redacted_tag as tag from decisions where redacted_at is not null',
      (row) => `decisions ${row.decision_id}`,
      redactedTag,
    ),
  },
  {
    name: 'complaints are as they came in and were answered',
    check: tagCheck<Tagged<Parameters<typeof complaintTag>[1]>>(
      'select * from complaints',
      (row) => `complaints ${row.complaint_id}`,
      complaintTag,
    ),
  },
  {
    name: 'pauses of placements are as they were made and ended',
    check: tagCheck<Tagged<Pause>>(
      'select * from placement_pauses',
      (row) => `placement_pauses ${row.pause_id}`,
      pauseTag,
    ),
  },
  {
    name: 'outcomes are as they were recorded',
    check: tagCheck<Tagged<Parameters<typeof outcomeTag>[1]>>(
      'select * from outcomes',
      (row) => `outcomes ${row.outcome_id}`,
      outcomeTag,
    ),
  },
  {
    name: 'non-personal decisions are as they were recorded',
    check: tagCheck<Tagged<Parameters<typeof nonpersonalTagOf>[1]>>(
      'select * from nonpersonal_decisions',
      (row) => `nonpersonal_decisions ${row.decision_id}`,
      nonpersonalTagOf,
    ),
  },
];

export const itemCheck: Checking = async (engine) => {
  const tags = new Map(
    (await engine.database.query<{ item_id: string; tag: Buffer }>('select item_id, tag from items')).map((row) => [
      row.item_id,
      row.tag,
    ]),
  );
  const findings: string[] = [];
  let after = -1;
  for (;;) {
    const items = await listItems(engine.database, { after, limit: batch });
    for (const item of items)
      if (tags.get(item.itemId)?.equals(itemTag(item)) !== true)
        findings.push(`items ${item.itemNumber}: was changed after it was written`);
    after = items.at(-1)?.itemNumber ?? after;
    if (items.length < batch) return { rows: tags.size, findings };
  }
};

/** Every sealed identifier opens, hashes to its look-up, and the look-up leads back to the person; nobody has a look-up without a person. */
export const identifierCheck: Checking = async (engine) => {
  const findings: string[] = [];
  let rows = 0;
  const select =
    'select person_id, identifier_hash, kind, sealed, (select i.person_id from identifiers i where i.identifier_hash = own.identifier_hash) as leads_to from person_identifiers own';
  for await (const part of engine.database.stream<{
    person_id: string;
    identifier_hash: Buffer;
    kind: string;
    sealed: Buffer;
    leads_to: string | null;
  }>(select, [], { batch })) {
    rows += part.length;
    const keys = await keysThatOpen(engine, [...new Set(part.map((row) => row.person_id))]);
    for (const row of part) {
      const name = `person_identifiers of ${row.person_id} (${row.kind})`;
      if (row.leads_to !== row.person_id) findings.push(`identifiers: the look-up of ${name} leads elsewhere`);
      try {
        const key = keys.get(row.person_id);
        if (key === undefined) {
          findings.push(`${name} or person_keys: does not open`);
          continue;
        }
        const value = unseal(key, `identifier:${row.kind}`, row.sealed);
        if (!identifierHash(engine.keys, { kind: row.kind, value }).equals(row.identifier_hash))
          findings.push(`${name}: does not hash to its look-up`);
      } catch {
        findings.push(`${name} or person_keys: does not open`); // the sealed bytes or the wrapped key were changed
      }
    }
  }
  const orphans = await engine.database.query<{ person_id: string }>(
    `select i.person_id from identifiers i left join person_identifiers own on own.person_id = i.person_id and own.identifier_hash = i.identifier_hash where own.person_id is null
     union all select k.person_id from person_keys k left join persons p using (person_id) where p.person_id is null
     union all select p.person_id from persons p left join person_keys k using (person_id) where k.person_id is null`,
  );
  findings.push(...orphans.map((row) => `identifiers, person_keys and persons disagree about ${row.person_id}`));
  return { rows, findings };
};

/** Keys of many people by one statement; one by one when a wrapped key among them was changed, which then opens for nobody. */
async function keysThatOpen(engine: Engine, personIds: readonly string[]): ReturnType<typeof personKeys> {
  try {
    return await personKeys(engine.database, engine.keys, personIds);
  } catch (error) {
    if (personIds.length === 1) {
      if (error instanceof Refusal) return new Map();
      throw error;
    }
    const half = Math.ceil(personIds.length / 2);
    const [left, right] = [
      await keysThatOpen(engine, personIds.slice(0, half)),
      await keysThatOpen(engine, personIds.slice(half)),
    ];
    return new Map([...left, ...right]);
  }
}

/** SQL: the purposes that stand for each person. `$1` are the purposes that stand until withdrawn. */
const standing = `select person_id, purpose from (
    select distinct on (person_id, purpose) person_id, purpose, action from consent_entries order by person_id, purpose, entry_number desc
  ) as last where action = 'grant'`;

/** Every purpose of an event, and one purpose of every field, stands. */
export const basisCheck: Checking = async (engine) => {
  const optOut = Object.entries(engine.policy.purposes).flatMap(([purpose, declared]) =>
    declared.basis === 'opt-out' ? [purpose] : [],
  );
  const events = await engine.database.query<{ event_id: string; purpose: string }>(
    `with standing as materialized (${standing})
     select e.event_id, used.purpose from events e cross join lateral unnest(e.purposes) as used (purpose)
     left join standing s on s.person_id = e.person_id and s.purpose = used.purpose
     where s.purpose is null and not (used.purpose = any($1::text[])
       and not exists (select 1 from consent_entries c where c.person_id = e.person_id and c.purpose = used.purpose)) limit 100`,
    [optOut],
  );
  const findings = events.map((row) => `events ${row.event_id}: is held for "${row.purpose}", which does not stand`);
  const declared = await engine.database.query<{ event_id: string; name: string; purposes: string[] }>(
    'select event_id, name, purposes from events e where not exists (select 1 from jsonb_each($1::jsonb) as rule (name, purposes) where rule.name = e.name and to_jsonb(e.purposes) <@ rule.purposes) limit 100',
    [JSON.stringify(Object.fromEntries(Object.entries(engine.policy.events).map(([name, rule]) => [name, rule.for])))],
  );
  findings.push(
    ...declared.map((row) => `events ${row.event_id}: the policy does not allow it for what it is held for`),
  );
  const fields = Object.keys(engine.policy.people);
  const founded = Object.fromEntries(
    fields.map((field) => [
      field,
      entryOf(engine.policy.people, field)?.kind === 'safeguard'
        ? Object.keys(engine.policy.purposes)
        : purposesOfField(engine.policy, field),
    ]),
  );
  const unfounded = await engine.database.query<{ person_id: string; field: string }>(
    `with standing as materialized (${standing})
     select f.person_id, f.field from profile_fields f
     where not exists (
       select 1 from standing s where s.person_id = f.person_id and ($2::jsonb -> f.field) ? s.purpose
     ) and not (coalesce($2::jsonb -> f.field, '[]'::jsonb) ?| $1::text[]) limit 100`,
    [optOut, JSON.stringify(founded)],
  );
  findings.push(
    ...unfounded.map((row) => `profile_fields ${row.person_id} ${row.field}: is held without a purpose that stands`),
  );
  const orphans = await engine.database.query<{ person_id: string }>(
    `select held.person_id from (select person_id from events union select person_id from profile_fields union select person_id from person_settings union select person_id from contributions union select person_id from decisions) as held
     left join persons p using (person_id) where p.person_id is null limit 100`,
  );
  findings.push(...orphans.map((row) => `rows of ${row.person_id} are held though there is no such person`));
  const [counted] = await engine.database.query<{ rows: number }>(
    'select (select count(*) from events) + (select count(*) from profile_fields) as rows',
  );
  return { rows: counted?.rows ?? 0, findings };
};

/** Retention runs by itself every hour; whatever is a day past its time has been missed. */
export const expiryCheck: Checking = async (engine) => {
  const now = engine.database.world.now();
  const findings: string[] = [];
  for (const [purpose, { keepFor }] of Object.entries(engine.policy.purposes)) {
    const latest = subtractDuration(subtractDuration(now, keepFor), '1 day');
    const rows = await engine.database.query<{ event_id: string }>(
      'select event_id from events where $1 = any(purposes) and at < $2 limit 100',
      [purpose, latest],
    );
    findings.push(...rows.map((row) => `events ${row.event_id}: is held for "${purpose}" longer than its notice says`));
  }
  const decisions = await engine.database.query<{ decision_id: string }>(
    "select decision_id from decisions where expires_at < $1::timestamptz - interval '1 day' limit 100",
    [now],
  );
  findings.push(...decisions.map((row) => `decisions ${row.decision_id}: is held longer than its basis allows`));
  const [counted] = await engine.database.query<{ rows: number }>(
    'select (select count(*) from events) + (select count(*) from decisions) as rows',
  );
  return { rows: counted?.rows ?? 0, findings };
};
