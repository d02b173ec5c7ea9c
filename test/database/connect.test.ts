import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { array, assert, asyncProperty, date, jsonValue, maxSafeInteger, record, string, uint8Array } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { connect, refuseUnsafe } from '../../src/database/connect.ts';
import type { Database } from '../../src/database/database.ts';
import { Refusal } from '../../src/database/refusal.ts';
import { isSqlFailure, SqlFailure } from '../../src/database/sql-failure.ts';
import { systemWorld } from '../../src/database/world.ts';
import { testDatabase } from '../support/database.ts';
import { runSql } from '../support/run-sql.ts';

const database = await testDatabase({ max: 6 });
await runSql(database.url, 'create table notes (note_id bigint primary key, body text not null unique)');

/** The code of the refusal that a call ends with; anything else fails the test. */
async function refusalOf(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.then(
    () => new Error('it was not refused'),
    (fault: unknown) => fault,
  );
  if (!(error instanceof Refusal)) throw error;
  return error.code;
}

async function bodyOf(noteId: number): Promise<string | undefined> {
  return (await database.query<{ body: string }>('select body from notes where note_id = $1', [noteId]))[0]?.body;
}

describe('values', () => {
  test('come back as they were sent', async () => {
    const sent = record({
      whole: maxSafeInteger(),
      text: string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '').toWellFormed()),
      at: date({
        min: new Date('0001-01-02T00:00:00Z'),
        max: new Date('9999-12-30T00:00:00Z'),
        noInvalidDate: true,
      }),
      bytes: uint8Array(),
      wholes: array(maxSafeInteger()),
      texts: array(string().map((text) => text.replaceAll('\0', ''))),
      json: jsonValue().map((value) => ({
        value: JSON.parse(JSON.stringify(value).replaceAll('\\u0000', '')) as unknown,
      })), // reason: `any`
    });
    const echo = `select $1::bigint as whole, $2::text as text, $3::timestamptz as at, $4::bytea as bytes, $5::bigint[] as wholes,
                         $6::text[] as texts, $7::jsonb as json`;
    await assert(
      asyncProperty(sent, async (row) => {
        const [back] = await database.query<typeof row>(echo, Object.values(row));
        expect({ ...back, bytes: [...(back?.bytes ?? [])] }).toEqual({ ...row, bytes: [...row.bytes] });
      }),
      { numRuns: 200 },
    );
  });

  test('a bigint that a number cannot hold fails instead of losing digits, and leaves the connection usable', async () => {
    await expect(database.query('select 9007199254740993::bigint as n')).rejects.toThrow(RangeError);
    await expect(database.query('select array[9007199254740993]::bigint[] as n')).rejects.toThrow(RangeError);
    expect(await database.query('select -9007199254740991::bigint as n')).toEqual([{ n: -9007199254740991 }]);
  });

  test('a date is the same text in every time zone', async () => {
    expect(await database.query(`select date '2024-02-29' as day, timestamp '2024-02-29 23:59:59' as moment`)).toEqual([
      { day: '2024-02-29', moment: '2024-02-29 23:59:59' },
    ]);
  });
});

describe('statements', () => {
  test('are prepared once a connection', async () => {
    const single = await testDatabase({ max: 1, empty: true });
    for (let n = 0; n < 20; n++) await single.query('select $1::integer as n', [n]);
    const prepared = await single.query<{ statement: string }>('select statement from pg_prepared_statements');
    expect(prepared.filter(({ statement }) => statement === 'select $1::integer as n')).toHaveLength(1);
  });

  test('survive a change of their table between two uses, inside and outside of transactions', async () => {
    const single = await testDatabase({ max: 1, empty: true });
    await runSql(single.url, 'create table shapes (a integer)');
    await single.query('select * from shapes');
    await runSql(single.url, 'alter table shapes add column b integer');
    expect(await single.query('select * from shapes')).toEqual([]);
    await runSql(single.url, 'alter table shapes add column c integer');
    expect(await single.transaction((tx) => tx.query('select * from shapes'))).toEqual([]);
  });

  test('that are refused name table and constraint but no value', async () => {
    await database.query('insert into notes (note_id, body) values ($1, $2)', [1, 'ada@example.org']);
    const twice = database.query('insert into notes (note_id, body) values ($1, $2)', [2, 'ada@example.org']);
    const error: unknown = await twice.catch((fault: unknown) => fault);
    expect(isSqlFailure(error, '23505', 'notes_body_key')).toBe(true);
    expect(`${JSON.stringify(error)} ${String(error)} ${error instanceof Error ? error.stack : ''}`).not.toContain(
      'ada@',
    );
    const malformed: unknown = await database
      .query('select $1::uuid', ['ada@example.org'])
      .catch((fault: unknown) => fault);
    expect(malformed).toBeInstanceOf(SqlFailure);
    expect(String(malformed)).not.toContain('ada@');
  });

  test('that name a missing table say which', async () => {
    await expect(database.query('select * from nowhere')).rejects.toThrow('relation "nowhere" does not exist');
  });

  test('have a time limit', async () => {
    const hurried = await connect(database.url, systemWorld, { max: 1, statementTimeoutMs: 100 });
    expect(await refusalOf(hurried.query('select pg_sleep(10)'))).toBe('database.slow');
    const patient = hurried.transaction((tx) => tx.query('select pg_sleep(0.3)'), { statementTimeoutMs: 5_000 });
    expect(await patient).toHaveLength(1);
    expect(await refusalOf(hurried.query('select pg_sleep(10)'))).toBe('database.slow');
    await hurried.close();
  });
});

describe('a transaction', () => {
  test('that throws leaves nothing and runs nothing afterwards', async () => {
    const ran: string[] = [];
    const failing = database.transaction(async (tx) => {
      await tx.query('insert into notes (note_id, body) values ($1, $2)', [10, 'ten']);
      tx.afterCommit(() => ran.push('after'));
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect([await bodyOf(10), ran]).toEqual([undefined, []]);
  });

  test('that commits runs what was to follow, in order, and once', async () => {
    const ran: string[] = [];
    await database.transaction(async (tx) => {
      tx.afterCommit(() => ran.push('first'));
      tx.afterCommit(() => ran.push('second'));
      await tx.query('insert into notes (note_id, body) values ($1, $2)', [11, 'eleven']);
      expect(ran).toEqual([]);
    });
    expect([await bodyOf(11), ran]).toEqual(['eleven', ['first', 'second']]);
  });

  test('whose failed statement was swallowed is not reported as kept', async () => {
    const swallowing = database.transaction(async (tx) => {
      await tx.query('insert into notes (note_id, body) values ($1, $2)', [12, 'twelve']);
      await tx.query('select 1 / 0').catch(() => undefined); // the swallowing is what is tested
    });
    await expect(swallowing).rejects.toThrow('nothing was kept');
    expect(await bodyOf(12)).toBeUndefined();
  });

  test('refuses a statement after its end', async () => {
    let leaked: Database['query'] | undefined;
    await database.transaction(async (tx) => {
      leaked = (text) => tx.query(text);
    });
    await expect(leaked?.('select 1')).rejects.toThrow('has ended');
  });

  test('may send statements side by side', async () => {
    const sums = await database.transaction((tx) =>
      Promise.all(Array.from({ length: 50 }, (_, n) => tx.query<{ n: number }>('select $1::integer as n', [n]))),
    );
    expect(sums.map((rows) => rows[0]?.n)).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  test('is tried again after serialisation failures, until both have happened', async () => {
    await database.query('insert into notes (note_id, body) values (20, $1)', ['0']);
    const increment = () =>
      database.transaction(
        async (tx) => {
          const [row] = await tx.query<{ body: string }>('select body from notes where note_id = 20');
          await sleep(20);
          await tx.query('update notes set body = $1 where note_id = 20', [String(Number(row?.body) + 1)]);
        },
        { isolation: 'serializable' },
      );
    await Promise.all([increment(), increment(), increment()]);
    expect(await bodyOf(20)).toBe('3');
  });

  test('is tried again after a deadlock', async () => {
    await database.query(`insert into notes (note_id, body) values (21, 'a'), (22, 'b')`);
    const touch = (order: number[]) =>
      database.transaction(async (tx) => {
        for (const noteId of order) {
          await tx.query(`update notes set body = body || '!' where note_id = $1`, [noteId]);
          await sleep(50);
        }
      });
    await Promise.all([touch([21, 22]), touch([22, 21])]);
    expect([await bodyOf(21), await bodyOf(22)]).toEqual(['a!!', 'b!!']);
  });

  test('gives up after five retries and then tells the cause', async () => {
    let attempts = 0;
    const hopeless = database.transaction(async (tx) => {
      attempts++;
      await tx.script(`do $$ begin raise sqlstate '40001'; end $$`);
    });
    await expect(hopeless).rejects.toThrow('40001');
    expect(attempts).toBe(6);
  });

  test('that is read-only refuses to write', async () => {
    const writing = database.transaction((tx) => tx.query(`insert into notes values (30, 'thirty')`), {
      readOnly: true,
    });
    expect(await refusalOf(writing)).toBe('database.read-only');
  });
});

describe('a stream', () => {
  test('gives all rows in order, in batches, and gives its connection back', async () => {
    const batches: number[] = [];
    let sum = 0;
    for await (const rows of database.stream<{ n: number }>(
      'select n from generate_series(1, $1::integer) as n',
      [2_500],
      { batch: 1_000 },
    )) {
      batches.push(rows.length);
      for (const row of rows) sum += row.n;
    }
    expect([batches, sum]).toEqual([[1_000, 1_000, 500], (2_500 * 2_501) / 2]);
    expect(database.load()).toMatchObject({ waiting: 0 });
  });

  test('that is left early or fails gives its connection back', async () => {
    const single = await testDatabase({ max: 1, empty: true });
    for await (const rows of single.stream('select generate_series(1, 1000000)', [], { batch: 10 })) {
      expect(rows).toHaveLength(10);
      break;
    }
    const failing = async () => {
      for await (const rows of single.stream('select 1 / (5 - n) from generate_series(1, 10) as n', [], { batch: 2 })) {
        expect(rows).toHaveLength(2);
      }
    };
    await expect(failing()).rejects.toThrow('22012');
    expect(await single.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('of 100 MB holds a batch at a time', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void; // reason: the flag above makes V8 define it
    const held = () => {
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = held();
    let most = 0;
    let batches = 0;
    const wide = `select repeat('x', 1000) as filler from generate_series(1, 100000)`;
    for await (const rows of database.stream<{ filler: string }>(wide, [], { batch: 500 })) {
      expect(rows[0]?.filler).toHaveLength(1_000);
      if (++batches % 20 === 0) most = Math.max(most, held() - before);
    }
    expect(batches).toBe(200);
    // A batch is 0.5 MB and the driver's buffers a few; all the rows would be 100.
    expect(most).toBeLessThan(40 * 1024 * 1024);
  });
});

describe('too many calls', () => {
  test('are refused at once when the queue is full, and the others are answered', async () => {
    const small = await connect(database.url, systemWorld, { max: 2, waitingMax: 3, waitMsMax: 10_000 });
    await Promise.all([small.query('select 1'), small.query('select 1')]);
    const outcomes: string[] = [];
    const calls = Array.from({ length: 20 }, () =>
      small.query('select pg_sleep(0.3)').then(
        () => outcomes.push('answered'),
        (error: unknown) => outcomes.push(error instanceof Refusal ? error.code : String(error)),
      ),
    );
    await sleep(100);
    expect(outcomes).toEqual(Array.from({ length: 15 }, () => 'database.busy'));
    await Promise.all(calls);
    expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(5);
    await small.close();
  });

  test('are refused after the longest wait when the database is slow', async () => {
    const small = await connect(database.url, systemWorld, { max: 1, waitMsMax: 100 });
    const slow = small.query('select pg_sleep(1)');
    expect(await refusalOf(small.query('select 1'))).toBe('database.busy');
    await slow;
    await small.close();
  });
});

describe('a connection', () => {
  test('that the server ends is replaced, and the process lives on', async () => {
    const single = await testDatabase({ max: 2, empty: true });
    const killers = [() => single.query('select 1'), () => single.transaction((tx) => tx.query('select 1'))];
    for (const next of killers) {
      const dying = single.query('select pg_terminate_backend(pg_backend_pid())');
      expect(await refusalOf(dying)).toBe('database.lost');
      expect(await next()).toHaveLength(1);
    }
  });

  test('that was idle when the server ended it does not spoil a transaction', async () => {
    const single = await testDatabase({ max: 3, empty: true });
    await Promise.all([
      single.query('select pg_sleep(0.05)'),
      single.query('select pg_sleep(0.05)'),
      single.query('select pg_sleep(0.05)'),
    ]);
    const others =
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';
    await runSql(single.superuserUrl, others);
    expect(await single.transaction((tx) => tx.query('select 1 as one'))).toEqual([{ one: 1 }]);
  });

  test('that the server ends in the middle of a transaction, between two statements, fails that transaction alone', async () => {
    const single = await testDatabase({ max: 2, empty: true });
    const broken = single.transaction(async (tx) => {
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await runSql(single.superuserUrl, `select pg_terminate_backend(${row?.pid})`);
      await sleep(100);
      await tx.query('select 1');
    });
    expect(await refusalOf(broken)).toBe('database.lost');
    expect(await single.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('that breaks during a commit leaves the outcome unknown, and says so', async () => {
    const breaking = database.transaction(async (tx) => {
      await tx.script(`create function pg_temp.die() returns trigger language plpgsql as
                         'begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return null; end';
                       create temp table fuses (n integer);
                       create constraint trigger late after insert on fuses deferrable initially deferred
                         for each row execute function pg_temp.die();
                       insert into fuses values (1);`);
    });
    expect(await refusalOf(breaking)).toBe('database.unknown-outcome');
  });

  test('to a wrong address, user or database is refused with the reason', async () => {
    const wrong = (change: (url: URL) => void) => {
      const url = new URL(database.url);
      change(url);
      return refusalOf(connect(url.href, systemWorld, { waitMsMax: 500 }));
    };
    const deaf = createServer(() => undefined);
    await new Promise<void>((resolve) => void deaf.listen(0, '127.0.0.1', resolve));
    const address = deaf.address();
    const deafPort = typeof address === 'object' && address ? address.port : 0;
    expect(await wrong((url) => (url.password = 'wrong'))).toBe('database.password');
    expect(await wrong((url) => (url.pathname = '/nowhere'))).toBe('database.absent');
    expect(await refusalOf(connect('postgresql://a:b@127.0.0.1:1/c', systemWorld))).toBe('database.unreachable');
    expect(await refusalOf(connect('postgresql://a:b@x/c?host=/nowhere', systemWorld))).toBe('database.unreachable');
    const silent = connect(`postgresql://a:b@127.0.0.1:${deafPort}/c`, systemWorld, { waitMsMax: 200 });
    expect(await refusalOf(silent)).toBe('database.unreachable');
    deaf.close();
  });

  test('to something that is no address is refused without repeating it', async () => {
    for (const url of ['postgresql://user:secret@ho st/x', 'mysql://user:secret@host/x', 'secret']) {
      const error: unknown = await connect(url, systemWorld).catch((fault: unknown) => fault);
      expect(error).toMatchObject({ code: 'database.url' });
      expect(error instanceof Error ? `${error.stack}${JSON.stringify(error)}` : '').not.toContain('secret@');
    }
  });

  test('that is closed refuses further calls, and closes once', async () => {
    const short = await connect(database.url, systemWorld);
    await Promise.all([short.close(), short.close()]);
    expect(await refusalOf(short.query('select 1'))).toBe('database.closed');
    expect(await refusalOf(short.listen('news', () => undefined))).toBe('database.closed');
  });
});

describe('listening', () => {
  test('hears every notice of its channel until it stops', async () => {
    const heard: string[] = [];
    const stop = await database.listen('news', (payload) => heard.push(payload));
    await database.query(`select pg_notify('news', 'one'), pg_notify('gossip', 'no')`);
    await database.query(`select pg_notify('news', 'two')`);
    await until(() => heard.length === 2);
    await stop();
    await database.query(`select pg_notify('news', 'three')`);
    await sleep(100);
    expect(heard).toEqual(['one', 'two']);
  });

  test('survives a broken connection, and is told to look for itself', async () => {
    const own = await testDatabase({ empty: true, name: 'listening test' });
    const heard: string[] = [];
    await own.listen('news', (payload) => heard.push(payload));
    const listening = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query = 'listen "news"'`;
    await runSql(own.superuserUrl, listening);
    await until(() => heard.length === 1);
    await own.query(`select pg_notify('news', 'after')`);
    await until(() => heard.length === 2);
    expect(heard).toEqual(['', 'after']);
  });

  test('takes plain names alone', async () => {
    await expect(database.listen('news"; drop table notes; --', () => undefined)).rejects.toThrow(RangeError);
  });
});

describe('an unsafe server', () => {
  test('that may lose commits is refused, unless nothing needs to last', async () => {
    const unsafe = await connect(database.url, systemWorld, { max: 1 });
    await unsafe.query(`set synchronous_commit = 'off'`);
    expect(await refusalOf(refuseUnsafe(unsafe))).toBe('database.unsafe');
    await expect(refuseUnsafe(unsafe)).rejects.toThrow('synchronous_commit');
    await refuseUnsafe(unsafe, { unsafeDev: true });
    await unsafe.close();
  });

  test.each([
    [{ version: 140_019 }, 'database.too-old'],
    [{ replica: true }, 'database.read-only'],
    [{ fsync: 'off' }, 'database.unsafe'],
    [{ full_page_writes: 'off' }, 'database.unsafe'],
    [{ data_checksums: 'off' }, 'database.unsafe'],
  ])('that says %o is refused', async (said, code) => {
    const safe = {
      version: 150_000,
      fsync: 'on',
      full_page_writes: 'on',
      synchronous_commit: 'on',
      data_checksums: 'on',
      replica: false,
    };
    const answering = (row: object): Database => ({
      ...database,
      query: async <Row extends object>() => [row] as Row[],
    }); // reason: the row asked for
    await refuseUnsafe(answering(safe));
    expect(await refusalOf(refuseUnsafe(answering({ ...safe, ...said })))).toBe(code);
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; !isSo(); waitedMs += 10) {
    if (waitedMs > 10_000) throw new Error('It has not happened within ten seconds.');
    await sleep(10);
  }
}
