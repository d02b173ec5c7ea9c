/** `fairlead verify` finds a row that was changed by other means, in any table that holds truth, and names it. */
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { verify } from '../../src/auditing/verify.ts';
import { learn } from '../../src/models/learn.ts';
import { forget } from '../../src/people/forget.ts';
import { setDial } from '../../src/people/settings.ts';
import { testEngine } from '../support/engine.ts';
import { openLivelyShop } from '../support/lively-shop.ts';

const engine = await testEngine();
const { adaId, benId, cleoId } = await openLivelyShop(engine);
await setDial(engine, benId, { personal: false });
await forget(engine, benId, { kind: 'exclude', itemId: 'item-3' });
await forget(engine, cleoId, { kind: 'erase' });
await engine.nonpersonal.flush();
await learn(engine, 'alsoLiked');

/** One changed row in each table, as somebody with SQL would do it. The finding must name the table. */
const tampering: readonly (readonly [table: string, sql: string])[] = [
  [
    'person_keys',
    `update person_keys set wrapped_key = set_byte(wrapped_key, 20, (get_byte(wrapped_key, 20) + 1) % 256) where person_id = '${adaId}'`,
  ],
  ['identifiers', `update identifiers set person_id = '${benId}' where person_id = '${adaId}'`],
  [
    'person_identifiers',
    `update person_identifiers set sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256) where person_id = '${adaId}'`,
  ],
  ['items', `update items set price_minor = price_minor + 1 where item_id = 'item-7'`],
  ['policy_versions', `update policy_versions set document = jsonb_set(document, '{controller,name}', '"Other"')`],
  ['policy_versions', `update policy_versions set adopted_by = 'somebody else'`],
  [
    'consent_entries',
    `update consent_entries set notice_version = 9 where person_id = '${adaId}' and entry_number = 1`,
  ],
  ['consent_entries', `delete from consent_entries where person_id = '${adaId}' and entry_number = 1`],
  ['persons', `delete from persons where person_id = '${adaId}'`],
  ['profile_fields', `update profile_fields set value = '50+' where person_id = '${adaId}' and field = 'ageBand'`],
  [
    'profile_fields',
    `update profile_fields set sealed = set_byte(sealed, 20, (get_byte(sealed, 20) + 1) % 256) where person_id = '${adaId}' and field = 'email'`,
  ],
  [
    'events',
    `update events set item_ids = array['item-9'] where event_id = (select event_id from events where person_id = '${adaId}' limit 1)`,
  ],
  [
    'events',
    `update events set purposes = array['suggestions', 'email'] where event_id = (select event_id from events where person_id = '${adaId}' limit 1)`,
  ],
  [
    'contributions',
    `delete from events where event_id = (select event_id from events where person_id = '${adaId}' limit 1)`,
  ],
  ['person_settings', `update person_settings set value = '-2' where setting = 'dial'`],
  ['person_settings', `update person_settings set value = 'on' where setting = 'personal'`],
  ['merged_people', `update merged_people set merged_at = merged_at + interval '1 day'`],
  ['exclusions', `update exclusions set item_id = 'item-1' where person_id = '${benId}'`],
  ['contributions', `update contributions set items = items || 15 where person_id = '${adaId}'`],
  ['contributions', `delete from contributions where person_id = '${adaId}'`],
  ['sums', `update sums set people = people + 1`],
  ['sums', `update sums set digest = set_byte(digest, 5, (get_byte(digest, 5) + 1) % 256)`],
  ['receipts', `update receipts set record = jsonb_set(record, '{kind}', '"withdraw"') where person_id = '${benId}'`],
  ['erasure_journal', `update erasure_journal set erased_at = erased_at + interval '1 day'`],
  ['recipes', `update recipes set recipe = jsonb_set(recipe, '{lambda}', '11')`],
  [
    'model_versions',
    `update model_versions set parameters = set_byte(parameters, 40, (get_byte(parameters, 40) + 1) % 256) where superseded_at is null`,
  ],
  ['model_versions', `update model_versions set people = people + 1 where superseded_at is null`],
  ['decisions', `update decisions set record = replace(record, '"show":5', '"show":6')`],
  ['decisions', `update decisions set record = regexp_replace(record, '"points":(\\d)', '"points":1\\1')`],
  ['decisions', `update decisions set placement = 'weekly'`],
  ['decision_people', `update decision_people set person_id = '${benId}'`],
  ['outcomes', `update outcomes set kind = 'goal'`],
  ['nonpersonal_decisions', `update nonpersonal_decisions set items = array['item-1']`],
  [
    'consent_entries',
    `with lost as (delete from log_outbox returning leaf) delete from log_leaves where leaf in (select leaf from lost)`,
  ],
];

describe('verify', () => {
  it('finds nothing wrong with what came through the doors', async () => {
    const { ok, checks } = await verify(engine);
    expect(checks.filter((check) => !check.ok)).toEqual([]);
    expect(ok).toBe(true);
    expect(checks.reduce((rows, check) => rows + check.rows, 0)).toBeGreaterThan(300);
  });

  it.each(tampering)('finds and names a changed row in %s', async (table, sql) => {
    // The change is undone afterwards: the tables are copied, tampered with, checked and put back.
    const snapshot = await rowsOf(table);
    const extra = sql.includes('log_outbox') ? await rowsOf('log_outbox') : undefined;
    const events = sql.includes('from events') && table === 'contributions' ? await rowsOf('events') : undefined;
    await engine.database.query(sql);
    try {
      const { ok, checks } = await verify(engine);
      const findings = checks.flatMap((check) => check.finding ?? []);
      expect(ok).toBe(false);
      expect(findings.join('\n')).toContain(table);
    } finally {
      await putBack(table, snapshot);
      if (extra !== undefined) await putBack('log_outbox', extra);
      if (events !== undefined) await putBack('events', events);
    }
  });

  it('is satisfied again when everything is as it was', async () => {
    expect((await verify(engine)).checks.filter((check) => !check.ok)).toEqual([]);
  });
});

async function rowsOf(table: string): Promise<string> {
  const [row] = await engine.database.query<{ rows: string }>(
    `select coalesce(jsonb_agg(to_jsonb(t)), '[]')::text as rows from ${table} t`,
  );
  return row?.rows ?? '[]';
}

/** As the superuser, who may write rows back without the foreign keys asking. */
async function putBack(table: string, rows: string): Promise<void> {
  const client = new Client({ connectionString: engine.database.superuserUrl });
  await client.connect();
  try {
    await client.query("set session_replication_role = 'replica'");
    await client.query(`delete from ${table}`);
    await client.query(
      `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
      [rows],
    );
  } finally {
    await client.end();
  }
}
