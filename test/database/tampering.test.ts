/**
 * Every column of every table of the catalogue: one row is changed by SQL, and `fairlead verify` finds it and names the table. A new table joins by
 * itself: it needs a row in the world that is made here, and a tag or a check (`auditing/internal/`), or a reason in `unchecked` why a change there can
 * harm nobody.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roomChecks, verify } from '../../src/auditing/verify.ts';
import { moreChecks } from '../../src/cli/verify-more.ts';
import { dutyPermit } from '../../src/consent/permit.ts';
import { type TableName, tables } from '../../src/database/tables.ts';
import { systemWorld } from '../../src/database/world.ts';
import { createAccessKey } from '../../src/http/access-keys.ts';
import { learn } from '../../src/models/learn.ts';
import { adoptProposal, proposeFromPeople } from '../../src/models/recipe-proposals.ts';
import { releasePopularityWhenDue } from '../../src/models/release-popularity.ts';
import { pausePlacement } from '../../src/deciding/pauses.ts';
import { forget } from '../../src/people/forget.ts';
import { complain } from '../../src/rights/complaints.ts';
import { recordLook } from '../../src/people/looks.ts';
import { linkToken, startSession, useLink } from '../../src/people/person-sessions.ts';
import { approveBatch, createBatch } from '../../src/sending/batch.ts';
import { fetchRemovals } from '../../src/sending/removals.ts';
import { runBatch } from '../../src/sending/run-batch.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';
import { allow, ordered, send, shopPolicy, testEngine, viewed } from '../support/engine.ts';
import { openLivelyShop } from '../support/lively-shop.ts';

/** Columns that are not checked, each with why a change there deceives nobody. */
const isBookkeeping = 'says when it was set up; nothing is decided or shown by it';
const unchecked: Partial<Record<TableName, Readonly<Record<string, string>>>> = {
  migrations: { applied_at: isBookkeeping },
  key_checks: { created_at: isBookkeeping },
  persons: { revision: 'only has to differ: a change makes one decision that is under way come to nothing' },
  // Retention deletes by it, and `verify` finds what is held longer than its notice says; the policy of that day is needed to tell it exactly.
  decisions: {
    expires_at: 'earlier is a deletion; later is found once it is past',
    redacted_at: 'when it was stripped; that it was stripped is checked against the record',
  },
  log_checkpoints: { signed_at: 'the signed note names no time, so nobody relies on one' },
};

const seed = Buffer.alloc(32, 5);
const signer = signerOf({ name: 'shop.example/log', seed });
const engine = await testEngine({
  policy: { ...shopPolicy, privacy: { epsilon: 10, delta: 1e-6, period: '12 months', popularEvery: '3 months' } },
});
const superuser = new Client({ connectionString: engine.database.superuserUrl });

/** A row in every table, all through the doors. */
beforeAll(async () => {
  await superuser.connect();
  await superuser.query("set session_replication_role = 'replica'"); // foreign keys do not stop somebody who may turn them off
  const { adaId, benId, cleoId } = await openLivelyShop(engine);
  await send(engine, [
    ordered('ada', ['item-6']),
    { type: 'track', messageId: 'undeclared', userId: 'ada', event: 'Nobody Declared This' },
  ]);
  // Enough entries of the log for a full tile and the beginning of the next.
  const [, doraId] = await allow(
    engine,
    Array.from({ length: 130 }, (_, at) => `late-${at}`),
    ['suggestions', 'email'],
  );
  await releasePopularityWhenDue(engine, 'alsoLiked', signer);
  await complain(engine, { personId: adaId, about: 'processing', words: 'Too much of it.', via: 'page' });
  await send(
    engine,
    ['late-1', 'late-2', 'late-3', 'late-4', 'late-5', 'late-6'].flatMap((userId) => [
      {
        type: 'identify' as const,
        messageId: `traits of ${userId}`,
        userId,
        traits: { ageBand: '50+', email: `${userId}@example.org` },
      },
      viewed(userId, 'item-2'),
      viewed(userId, 'item-3'),
    ]),
  );
  const batch = await createBatch(engine, { audience: 'grownWeekly', placement: 'weekly', to: 'csv', by: 'eve' });
  await approveBatch(engine, batch.batch, 'frank');
  await runBatch(engine, batch.batch, {
    publicUrl: 'https://shop.example',
    file: path.join(mkdtempSync(path.join(tmpdir(), 'fairlead-tampering-')), 'batch.csv'),
  });
  await forget(engine, doraId ?? '', { kind: 'withdraw', purposes: ['email'], method: 'form', source: 'test' });
  await fetchRemovals(engine, 'own systems', { limit: 10 });
  await recordLook(engine, engine.database, dutyPermit('access', adaId, 'a letter of 3 May'));
  const link = linkToken(engine, adaId, 600);
  await startSession(engine, (await useLink(engine, link)) ?? '');
  await createAccessKey(engine, { kind: 'server', label: 'shop' });
  await forget(engine, cleoId, { kind: 'erase' });
  while ((await sequenceOnce(engine.database, { keys: { origin: 'shop.example/log', seed } }))?.more === true);
  // Enough people for a recipe to be tuned on.
  const tuners = Array.from({ length: 25 }, (_, at) => `tuner-${at}`);
  await allow(engine, tuners);
  await send(
    engine,
    tuners.flatMap((userId, at) => [viewed(userId, `item-${at % 6}`), viewed(userId, `item-${6 + (at % 7)}`)]),
  );
  await learn(engine, 'alsoLiked');
  const tuning = { seed: 1, folds: 1, neighbours: [5], lambdas: [5] };
  const { proposal } = await proposeFromPeople(engine, 'alsoLiked', tuning);
  await adoptProposal(engine, { proposal, adoptedBy: 'eve' });
  await learn(engine, 'alsoLiked');
  // What follows stays on its way: a leaf in the outbox, a delta for followers, a person in the queue.
  await forget(engine, benId, { kind: 'exclude', itemId: 'item-3' });
  await send(engine, [viewed('ada', 'item-9')]);
  await engine.counts.flush(engine, systemWorld.now());
  await engine.nonpersonal.flush();
  await pausePlacement(engine, { placement: 'weekly', reason: 'Wrong prices.', by: 'tests' });
}, 60_000);
afterAll(() => superuser.end());

describe('every table', () => {
  it('has nothing wrong with it before', async () => {
    expect(await findings()).toEqual([]);
  });

  it.each(Object.keys(tables) as TableName[])('%s: a change in any column is found and names it', async (table) => {
    const columns = await columnsOf(table);
    const snapshot = await rowsOf(table);
    expect(
      snapshot,
      `${table} is new: give it a row in the world above, and a tag, a leaf or a check for verify`,
    ).not.toBe('[]');
    const missed: string[] = [];
    for (const { column, type } of columns) {
      if (unchecked[table]?.[column] !== undefined) continue;
      const changed = await change(table, column, type);
      if (!changed) continue; // the database itself does not take the change
      if (!(await isNamed(table))) missed.push(column);
      await putBack(table, snapshot);
    }
    expect(
      missed,
      `verify must find and name a change in these columns of ${table}: give its rows a tag (database/row-tag.ts), or say in "unchecked" why not`,
    ).toEqual([]);
  });

  it('has nothing wrong with it afterwards', async () => {
    expect(await findings()).toEqual([]);
  });
});

async function findings(): Promise<string[]> {
  const { checks } = await verify(engine, { more: moreChecks(signer) });
  return checks.flatMap((check) => check.finding ?? []);
}

/** What `verify` does, check by check until one names the table; the one that trains a model comes last, because it takes as long as all others. */
const slowLast = [...roomChecks, ...moreChecks(signer)].toSorted(
  (left, right) => Number(left.name.startsWith('parameters')) - Number(right.name.startsWith('parameters')),
);
async function isNamed(table: string): Promise<boolean> {
  for (const { check } of slowLast) {
    const found = await check(engine).then(
      (checked) => checked.findings.slice(0, 5),
      (error: unknown) => [String(error)], // a check that cannot run is told as a finding too
    );
    if (found.some((finding) => finding.includes(table))) return true;
  }
  return false;
}

async function columnsOf(table: string): Promise<{ column: string; type: string }[]> {
  const { rows } = await superuser.query<{ column: string; type: string }>(
    `select attname as "column", format_type(atttypid, null) as type from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  return rows;
}

/** SQL for another value of the same type. */
function other(column: string, type: string): string {
  switch (type) {
    case 'uuid':
      return 'gen_random_uuid()';
    case 'text':
    case 'character varying':
      return `coalesce(${column}, '') || '1'`;
    case 'integer':
    case 'bigint':
    case 'smallint':
      return `coalesce(${column}, 0) + 1`;
    case 'boolean':
      return `not coalesce(${column}, false)`;
    case 'timestamp with time zone':
      return `coalesce(${column}, now()) - interval '1 hour'`;
    case 'date':
      return `${column} - 1`;
    case 'bytea':
      return `case when octet_length(${column}) > 0 then set_byte(${column}, octet_length(${column}) - 1, (get_byte(${column}, octet_length(${column}) - 1) + 1) % 256) else '\\x00'::bytea end`;
    case 'jsonb':
      return `case jsonb_typeof(${column}) when 'object' then ${column} || '{"changed": true}' else '{"changed": true}'::jsonb end`;
    case 'text[]':
      return `coalesce(${column}, '{}') || '{changed}'`;
    case 'integer[]':
      return `coalesce(${column}, '{}') || '{0}'`;
    default:
      throw new Error(`say here how a ${type} is changed (${column})`);
  }
}

/** Changes one row, the last written that holds something in the column; answers false when a constraint refuses it. */
async function change(table: string, column: string, type: string): Promise<boolean> {
  try {
    const { rowCount } = await superuser.query(
      `update ${table} set ${column} = ${other(column, type)}
       where ctid = (select ctid from ${table} order by (${column} is null), ctid desc limit 1)`,
    );
    expect(rowCount).toBe(1);
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (['23514', '23505', '428C9'].includes(code)) return false;
    throw error;
  }
}

async function rowsOf(table: string): Promise<string> {
  const { rows } = await superuser.query<{ rows: string }>(
    `select coalesce(jsonb_agg(to_jsonb(t)), '[]')::text as rows from ${table} t`,
  );
  return rows[0]?.rows ?? '[]';
}

async function putBack(table: string, rows: string): Promise<void> {
  await superuser.query(`delete from ${table}`);
  await superuser.query(
    `insert into ${table} overriding system value select * from jsonb_populate_recordset(null::${table}, $1::jsonb)`,
    [rows],
  );
}
