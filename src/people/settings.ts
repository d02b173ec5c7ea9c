/**
 * What people have set for themselves: where their dial stands, and whether lists are personal at all. Their own wish and no signal: read with a decision,
 * never learned from. No purpose is needed to keep it, and no placement can take the switch away; it goes when the person is erased.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { type DialPosition, dialPositions } from '../policy/policy.ts';
import { lockPeople, raiseRevision } from './persons.ts';
import { personSettingTag } from './tags.ts';

export interface Settings {
  /** From −2, "more of what I like", to 2, "surprise me"; 0 is as the placement says. */
  readonly dial: DialPosition;
  /** Whether lists may be personal. When false, the person gets the list that everybody gets. */
  readonly personal: boolean;
  /** Placements at which nothing is put together for the person any more, since they complained. */
  readonly withheld: readonly string[];
}

/**
 * Sets the dial, the switch, or both, and returns how they stand. The next decision obeys: one that was being made meanwhile comes to nothing.
 * Refuses with `person.unknown` and `request.invalid`.
 */
export async function setDial(
  installation: Installation,
  personId: string,
  change: Partial<Omit<Settings, 'withheld'>>,
): Promise<Settings> {
  const { dial, personal } = change;
  if (dial !== undefined && !dialPositions.includes(dial))
    throw new Refusal('request.invalid', 'The dial has no such position.', {
      remedy: `Its positions are ${dialPositions.join(', ')}.`,
    });
  return installation.database.transaction(async (tx) => {
    const [locked] = await lockPeople(tx, [personId]);
    if (locked === undefined)
      throw new Refusal('person.unknown', 'There is no such person.', {
        remedy: 'Look the person up again: they may have been merged or erased.',
      });
    await raiseRevision(tx, [personId]);
    const at = tx.world.now();
    if (dial !== undefined) await store(installation, tx, { personId, setting: 'dial', value: String(dial), at });
    if (personal !== undefined)
      await store(installation, tx, { personId, setting: 'personal', value: personal ? 'on' : 'off', at });
    return readSettings(tx, personId);
  });
}

export async function readSettings(sql: Sql, personId: string): Promise<Settings> {
  const rows = await sql.query<{ setting: string; value: string }>(
    'select setting, value from person_settings where person_id = $1',
    [personId],
  );
  return settingsFrom(Object.fromEntries(rows.map((row) => [row.setting, row.value])));
}

/** Settings from their rows: what was never set stands in the middle and on; what cannot be read protects. */
export function settingsFrom(values: Readonly<Record<string, string>>): Settings {
  const { dial = '0', personal = 'on' } = values;
  return {
    dial: dialPositions.find((position) => String(position) === dial) ?? 0,
    personal: personal === 'on',
    withheld: Object.entries(values).flatMap(([setting, value]) =>
      setting.startsWith(withheldPrefix) && value !== 'off' ? [setting.slice(withheldPrefix.length)] : [],
    ),
  };
}

/** Keeps a placement from putting anything together for somebody, or lets it again. The person is locked and their revision raised. */
export async function withholdPlacement(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  change: { personId: string; placement: string; isWithheld: boolean },
): Promise<void> {
  await raiseRevision(tx, [change.personId]);
  await store(installation, tx, {
    personId: change.personId,
    setting: `${withheldPrefix}${change.placement}`,
    value: change.isWithheld ? 'on' : 'off',
    at: tx.world.now(),
  });
}

const withheldPrefix = 'withheld:';

/** SQL: the settings of `permitted.person_id` as one JSON object, for the statement that reads for a decision. */
export const settingsSql = `(select coalesce(json_object_agg(s.setting, s.value), '{}'::json) from person_settings s where s.person_id = permitted.person_id)`;

/** The later dial stays; a switch that is off on either side stays off. The people are locked. */
export async function mergeSettings(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  merge: { from: string; into: string },
): Promise<void> {
  const rows = await tx.query<{ person_id: string; setting: string; value: string; updated_at: Date }>(
    'select person_id, setting, value, updated_at from person_settings where person_id = any($1::uuid[]) order by updated_at, person_id',
    [[merge.from, merge.into]],
  );
  const kept = new Map(rows.map((row) => [row.setting, row]));
  const off = rows.find((row) => row.setting === 'personal' && row.value === 'off');
  if (off !== undefined) kept.set('personal', off);
  for (const row of rows) if (row.setting.startsWith(withheldPrefix) && row.value === 'on') kept.set(row.setting, row);
  for (const { setting, value, updated_at: at } of kept.values())
    await store(installation, tx, { personId: merge.into, setting, value, at });
}

async function store(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  row: { personId: string; setting: string; value: string; at: Date },
): Promise<void> {
  const { personId, setting, value, at } = row;
  await tx.query(
    `insert into person_settings (person_id, setting, value, updated_at, tag) values ($1, $2, $3, $4, $5)
     on conflict (person_id, setting) do update set value = excluded.value, updated_at = excluded.updated_at, tag = excluded.tag`,
    [
      personId,
      setting,
      value,
      at,
      personSettingTag(installation, { person_id: personId, setting, value, updated_at: at }),
    ],
  );
}
