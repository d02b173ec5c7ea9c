import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { systemWorld, worldOf } from '../../src/database/world.ts';
import { appendRecord, appendRecords } from '../../src/transparency/append.ts';
import { readDatabase } from '../../src/transparency/database-reader.ts';
import { signerOf } from '../../src/transparency/note.ts';
import { proofFor } from '../../src/transparency/proof-for.ts';
import { readDirectory } from '../../src/transparency/reader.ts';
import { beginNewLog, rebuildDirectory, restoreEntries } from '../../src/transparency/repair.ts';
import { examineLog, sequenceOnce, startSequencer } from '../../src/transparency/sequencer.ts';
import type { SequenceOptions, SequencerPoint } from '../../src/transparency/sequencer.ts';
import { compareCheckpoints, verifyLog, verifyProof } from '../../src/transparency/verify.ts';
import { MemoryTree, memoryFiles } from '../support/memory-log.ts';
import { testDatabase } from '../support/database.ts';

const keys = { origin: 'shop.example/log', seed: Buffer.alloc(32, 7) };
const { verifierKey } = signerOf({ name: keys.origin, seed: keys.seed });
const points: SequencerPoint[] = [
  'locked',
  'examined',
  'taken',
  'grown',
  'signed',
  'committed',
  'tiles-written',
  'published',
];

const isLong = process.env['FAIRLEAD_LONG'] === '1';
const sequenceAndDie = fileURLToPath(new URL('../support/sequence-and-die.ts', import.meta.url));

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

function freshDirectory(): string {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-log-'));
  directories.push(directory);
  return directory;
}

/** A database and a directory with a log of `count` entries, and the leaves in the order in which they were appended. */
async function logOf(count: number, options: { at?: Date } = {}) {
  const world = options.at === undefined ? systemWorld : worldOf({ now: () => options.at ?? new Date(0), randomBytes });
  const database = await testDatabase({ world });
  const directory = freshDirectory();
  const step: SequenceOptions = { keys, directory };
  await drain(database, step);
  const leaves = await append(database, count);
  await drain(database, step);
  return { database, directory, step, leaves };
}

async function append(database: Database, count: number): Promise<Buffer[]> {
  const records = Array.from({ length: count }, (_, at) => ({ record: `{"number":${at}}` }));
  return (await database.transaction((tx) => appendRecords(tx, records))).map(({ leaf }) => leaf);
}

async function drain(database: Database, step: SequenceOptions): Promise<void> {
  for (;;) if ((await sequenceOnce(database, step))?.more !== true) return;
}

async function storedLeaves(database: Database): Promise<Buffer[]> {
  const rows = await database.query<{ leaf_index: number; leaf: Buffer }>(
    'select leaf_index, leaf from log_leaves order by leaf_index',
  );
  rows.forEach(({ leaf_index }, at) => expect(leaf_index).toBe(at));
  return rows.map(({ leaf }) => leaf);
}

function filesIn(directory: string): Map<string, Buffer> {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return new Map(
    files
      .filter((file) => statSync(path.join(directory, file)).isFile())
      .map((file) => [file, readFileSync(path.join(directory, file))]),
  );
}

function flipBit(bytes: Buffer, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  const at = Math.floor(bit / 8) % bytes.length;
  flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}

describe('the outbox', () => {
  test('takes leaves in order with the record they stand for, or not at all', async () => {
    const database = await testDatabase();
    const appended = await database.transaction(async (tx) => [
      await appendRecord(tx, 'one'),
      ...(await appendRecords(tx, [{ record: 'two' }, { record: 'three' }])),
      ...(await appendRecords(tx, [])),
    ]);
    await expect(
      database.transaction(async (tx) => {
        await appendRecord(tx, 'four');
        throw new Error('the record was not written');
      }),
    ).rejects.toThrow('not written');
    const rows = await database.query<{ leaf: Buffer }>('select * from log_outbox order by outbox_id');
    expect(rows.map(({ leaf }) => leaf)).toEqual(appended.map(({ leaf }) => leaf));
    // Nothing but a number and the leaf: no kind, time or person.
    expect(Object.keys(rows[0] ?? {})).toEqual(['outbox_id', 'leaf']);
  });
});

describe('the sequencer', () => {
  test('builds exactly the files that the specification defines, whatever the steps', async () => {
    const { database, directory, step, leaves } = await logOf(3);
    for (const count of [1, 251, 1, 1, 300, 256, 700]) {
      leaves.push(...(await append(database, count)));
      await drain(database, { ...step, leavesMax: 277 });
    }
    expect(await storedLeaves(database)).toEqual(leaves);
    const expected = memoryFiles(new MemoryTree(leaves));
    const published = filesIn(directory);
    for (const [file, bytes] of expected) expect(published.get(file)?.equals(bytes), file).toBe(true);
    // Partial tiles of earlier checkpoints may stay until the full tile is there, and nothing else.
    for (const file of published.keys())
      if (!expected.has(file)) expect(file).toMatch(/^tile\/(?:0|entries)\/005\.p\/|^tile\/1\/000\.p\//);
    for (const read of [readDatabase(database), readDirectory(directory)])
      expect(await verifyLog(read, { verifierKey })).toMatchObject({ ok: true, checkpoint: { size: leaves.length } });
    expect(await database.query('select leaf from log_outbox')).toEqual([]);
  });

  test('signs the empty log first, and nothing when there is nothing new', async () => {
    const { database, directory, step } = await logOf(0);
    const before = filesIn(directory);
    expect([...before.keys()]).toEqual(['checkpoint']);
    expect(await sequenceOnce(database, step)).toEqual({
      size: 0,
      added: 0,
      more: false,
      patrolledTo: 0,
      isAhead: false,
    });
    expect(filesIn(directory)).toEqual(before);
  });

  test('loses and doubles nothing with 20 appenders at once, two sequencers, and a kill at every point', async () => {
    const database = await testDatabase({ max: 30 });
    const directory = freshDirectory();
    let appending = true;
    const notes: string[] = [];
    let killed = 0;
    const sequencer = async (first: number) => {
      for (let turn = first; appending; turn++) {
        const deadly = points[turn % (points.length + 2)];
        const at = (point: SequencerPoint) => {
          if (point === deadly) throw new Error('killed');
        };
        await sequenceOnce(database, { keys, directory, at, leavesMax: 61 }).catch((error: unknown) => {
          if (!(error instanceof Error && error.message === 'killed')) throw error;
          killed += 1;
        });
        const note = await readDirectory(directory)('checkpoint');
        if (note !== undefined) notes.push(Buffer.from(note).toString());
      }
    };
    const appender = async () => {
      const leaves: Buffer[] = [];
      // On until every point has had its kills several times over; unhurried, so that the log stays small.
      for (let turn = 0; turn < 15 || (killed < 60 && turn < 1_000); turn++) {
        leaves.push(...(await append(database, 1 + (turn % 3))));
        await sleep(turn < 15 ? 0 : 40);
      }
      return leaves;
    };
    const sequencers = [sequencer(0), sequencer(5)];
    const leaves = (await Promise.all(Array.from({ length: 20 }, appender))).flat();
    appending = false;
    await Promise.all(sequencers);
    await drain(database, { keys, directory });
    const stored = (await storedLeaves(database)).map((leaf) => leaf.toString('hex'));
    expect(stored.toSorted()).toEqual(leaves.map((leaf) => leaf.toString('hex')).toSorted());
    expect(killed).toBeGreaterThanOrEqual(60);
    // Every checkpoint that anybody could have seen is of this history.
    const known = [...new Set(notes)];
    expect(await verifyLog(readDirectory(directory), { verifierKey, known })).toMatchObject({ ok: true });
  });

  test('keeps the order of leaves within a transaction', async () => {
    const { database, leaves } = await logOf(40);
    expect(await storedLeaves(database)).toEqual(leaves);
  });

  test('recovers from a kill at each point in turn, without a gap and with the same files', async () => {
    for (const deadly of points) {
      const { database, directory, step } = await logOf(250);
      await append(database, 10);
      const at = (point: SequencerPoint) => {
        if (point === deadly) throw new Error('killed');
      };
      await expect(sequenceOnce(database, { ...step, at })).rejects.toThrow('killed');
      const sequencer = await startSequencer(database, {
        ...step,
        everyMs: 5,
        onError: (error) => expect.unreachable(String(error)),
      });
      await expect.poll(() => sequencer.status().size).toBe(260);
      await expect
        .poll(async () => (await verifyLog(readDirectory(directory), { verifierKey })).checkpoint?.size)
        .toBe(260);
      await sequencer.stop();
      const expected = memoryFiles(new MemoryTree(await storedLeaves(database)));
      const published = filesIn(directory);
      for (const [file, bytes] of expected) expect(published.get(file)?.equals(bytes), `${deadly} ${file}`).toBe(true);
    }
  });

  test('whose process is killed with SIGKILL at each point leaves nothing that the next one cannot go on from', async () => {
    const { database, directory } = await logOf(250);
    const leaves: Buffer[] = [];
    for (const deadly of points) {
      leaves.push(...(await append(database, 40)));
      const child = spawn(process.execPath, [
        sequenceAndDie,
        database.url,
        directory,
        keys.origin,
        keys.seed.toString('hex'),
        deadly,
      ]);
      const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]; // The event's declared arguments.
      expect([deadly, code, signal]).toEqual([deadly, null, 'SIGKILL']);
    }
    const sequencer = await startSequencer(database, {
      keys,
      directory,
      everyMs: 5,
      onError: (error) => expect.unreachable(String(error)),
    });
    await expect.poll(() => sequencer.status().size).toBe(250 + leaves.length);
    await sequencer.stop();
    expect((await storedLeaves(database)).slice(250)).toEqual(leaves);
    expect(await verifyLog(readDirectory(directory), { verifierKey })).toMatchObject({
      ok: true,
      checkpoint: { size: 570 },
    });
  });

  test('keeps the last checkpoint of each day', async () => {
    const database = await testDatabase();
    const onDay = (day: number): Database => {
      const world = worldOf({ now: () => new Date(Date.UTC(2026, 0, day, 12)), randomBytes });
      return {
        ...database,
        world,
        transaction: (work, options) => database.transaction((tx) => work({ ...tx, world }), options),
      };
    };
    for (const day of [1, 1, 1, 2, 2, 4]) {
      await append(onDay(day), 5);
      await drain(onDay(day), { keys });
    }
    const kept = await database.query<{ tree_size: number }>(
      'select tree_size from log_checkpoints order by tree_size',
    );
    expect(kept.map(({ tree_size }) => tree_size)).toEqual([15, 25, 30]);
  });

  test('goes on in another process when the first one has stopped, and never in two at once', async () => {
    const { database, step } = await logOf(10);
    await append(database, 10);
    let inside: unknown = 'not called';
    await sequenceOnce(database, {
      ...step,
      at: async (point) => {
        if (point === 'taken') inside = await sequenceOnce(database, step);
      },
    });
    expect(inside).toBeUndefined();
    expect(await storedLeaves(database)).toHaveLength(20);
  });
});

describe('damage', () => {
  const total = 700;

  test('of any one bit of a stored leaf blocks the next checkpoint', async () => {
    const { database, directory, step } = await logOf(total);
    const before = filesIn(directory);
    const leaves = await storedLeaves(database);
    await append(database, 1);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: total - 1 }), fc.nat({ max: 255 }), async (index, bit) => {
        const leaf = leaves[index] ?? Buffer.alloc(32);
        await database.query('update log_leaves set leaf = $2 where leaf_index = $1', [index, flipBit(leaf, bit)]);
        await expect(sequenceOnce(database, step)).rejects.toMatchObject({ code: 'log.damaged' });
        await database.query('update log_leaves set leaf = $2 where leaf_index = $1', [index, leaf]);
      }),
      {
        seed: 4400,
        numRuns: 40,
        examples: [
          [0, 0],
          [255, 255],
          [256, 7],
          [511, 0],
          [512, 1],
          [total - 1, 100],
        ],
      },
    );
    expect(filesIn(directory)).toEqual(before);
    expect(await sequenceOnce(database, step)).toMatchObject({ size: total + 1 });
  });

  test('of any one bit of a published tile blocks the next checkpoint', async () => {
    const { database, directory, step } = await logOf(total);
    const files = [...filesIn(directory)].filter(([file]) => file !== 'checkpoint');
    await append(database, 1);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: files.length - 1 }), fc.nat(), async (which, bit) => {
        const [file, bytes] = files[which] ?? ['', Buffer.alloc(1)];
        writeFileSync(path.join(directory, file), flipBit(bytes, bit));
        await expect(sequenceOnce(database, step)).rejects.toMatchObject({ code: 'log.directory-damaged' });
        writeFileSync(path.join(directory, file), bytes);
      }),
      { seed: 4400, numRuns: 40 },
    );
    expect(await sequenceOnce(database, step)).toMatchObject({ size: total + 1 });
  });

  test('of a stored tile, of a checkpoint, a missing row or an added one blocks the next checkpoint', async () => {
    const damages = [
      `update log_tiles set hashes = set_byte(hashes, 40, (get_byte(hashes, 40) + 1) % 256)`,
      `update log_tiles set hashes = substring(hashes from 1 for 32)`,
      `delete from log_tiles`,
      `delete from log_leaves where leaf_index = 3`,
      `delete from log_leaves where leaf_index = ${total - 1}`,
      `insert into log_leaves select ${total}, leaf from log_leaves where leaf_index = 0`,
      `insert into log_leaves select ${total + 5}, leaf from log_leaves where leaf_index = 0`,
      `update log_leaves set leaf_index = case leaf_index when 699 then 10000 else leaf_index end`,
      `update log_checkpoints set note = replace(note, '${total}', '${total - 1}')`,
      `update log_checkpoints set note = replace(note, 'shop', 'chop')`,
      `update log_checkpoints set tree_size = ${total - 1}`,
      `delete from log_checkpoints`,
    ];
    const { database, step } = await logOf(total);
    await append(database, 1);
    for (const damage of damages) {
      // Damaged, tried and taken back inside one transaction each, by way of copies.
      for (const table of ['log_leaves', 'log_tiles', 'log_checkpoints']) await database.query(copies[table] ?? '');
      await database.query(damage);
      await expect(sequenceOnce(database, step), damage).rejects.toMatchObject({
        code: expect.stringMatching(/^log\./),
      });
      await expect(startSequencer(database, { ...step, onError: () => undefined }), damage).rejects.toMatchObject({
        code: expect.stringMatching(/^log\./),
      });
      for (const statement of putBack) await database.query(statement);
    }
    expect(await sequenceOnce(database, step)).toMatchObject({ size: total + 1 });
  });

  const copies: Record<string, string> = {
    log_leaves: 'create table leaves_copy as table log_leaves',
    log_tiles: 'create table tiles_copy as table log_tiles',
    log_checkpoints: 'create table checkpoints_copy as table log_checkpoints',
  };
  const putBack = [
    'delete from log_leaves',
    'insert into log_leaves table leaves_copy',
    'drop table leaves_copy',
    'delete from log_tiles',
    'insert into log_tiles table tiles_copy',
    'drop table tiles_copy',
    'delete from log_checkpoints',
    'insert into log_checkpoints table checkpoints_copy',
    'drop table checkpoints_copy',
  ];

  test('that a step does not reach is found by the patrol within one round', async () => {
    const { database, step } = await logOf(256 * 40);
    const [row] = await database.query<{ leaf: Buffer }>('select leaf from log_leaves where leaf_index = 9000');
    await database.query('update log_leaves set leaf = $1 where leaf_index = 9000', [
      flipBit(row?.leaf ?? Buffer.alloc(32), 5),
    ]);
    let patrolFrom = 0;
    const round = async () => {
      for (let turn = 0; turn < 4; turn++) {
        await append(database, 1);
        const stepped = await sequenceOnce(database, { ...step, patrolFrom, patrolTiles: 10 });
        patrolFrom = stepped?.patrolledTo ?? 0;
      }
    };
    await expect(round()).rejects.toMatchObject({ code: 'log.damaged' });
    await expect(startSequencer(database, { ...step, onError: () => undefined })).rejects.toMatchObject({
      code: 'log.damaged',
    });
  });
});

describe('a start', () => {
  const start = (database: Database, step: SequenceOptions) =>
    startSequencer(database, { ...step, everyMs: 5, onError: () => undefined });

  test('is refused with a remedy when the directory was lost, emptied or truncated, and goes on after it was rebuilt', async () => {
    const { database, directory, step } = await logOf(700);
    const before = filesIn(directory);
    const losses: [string, () => void][] = [
      ['log.directory-lost', () => rmSync(directory, { recursive: true })],
      ['log.directory-lost', () => rmSync(path.join(directory, 'checkpoint'))],
      ['log.directory-damaged', () => rmSync(path.join(directory, 'tile'), { recursive: true })],
      ['log.directory-damaged', () => rmSync(path.join(directory, 'tile/entries/001'))],
      ['log.directory-damaged', () => truncateSync(path.join(directory, 'tile/0/002.p/188'), 32)],
      ['log.directory-damaged', () => truncateSync(path.join(directory, 'tile/entries/000'), 34 * 3)],
      ['log.directory-damaged', () => truncateSync(path.join(directory, 'checkpoint'), 20)],
      ['log.directory-damaged', () => truncateSync(path.join(directory, 'checkpoint'), 0)],
    ];
    for (const [code, lose] of losses) {
      lose();
      await append(database, 1);
      await expect(start(database, step), code).rejects.toMatchObject({ code, remedy: expect.any(String) });
      await expect(sequenceOnce(database, step)).rejects.toMatchObject({ code: expect.stringMatching(/^log\./) });
      await database.query('delete from log_outbox');
      expect(await rebuildDirectory(database, { keys, directory })).toBe(700);
      expect(filesIn(directory)).toEqual(before);
      await (await start(database, step)).stop();
    }
  });

  test('after a restore of an older database is refused, and goes on with the entries fetched back from the directory', async () => {
    const { database, directory, step, leaves } = await logOf(300);
    for (const table of ['leaves', 'tiles', 'checkpoints']) await database.query(backups[table] ?? '');
    const later = await append(database, 450);
    // The backup was taken while some of these waited in the outbox.
    await database.query('create table outbox_copy as table log_outbox');
    await drain(database, step);
    const before = filesIn(directory);
    for (const statement of restores) await database.query(statement);
    const unseen = await append(database, 2);
    await expect(start(database, step)).rejects.toMatchObject({ code: 'log.database-behind' });
    await expect(sequenceOnce(database, step)).rejects.toMatchObject({ code: 'log.database-behind' });
    await expect(rebuildDirectory(database, { keys, directory })).rejects.toMatchObject({
      code: 'log.database-behind',
    });
    expect(filesIn(directory)).toEqual(before);
    expect(await restoreEntries(database, { keys, directory })).toBe(450);
    await (await start(database, step)).stop();
    await drain(database, step);
    expect(await storedLeaves(database)).toEqual([...leaves, ...later, ...unseen]);
    const known = [before.get('checkpoint')?.toString() ?? ''];
    expect(await verifyLog(readDirectory(directory), { verifierKey, known })).toMatchObject({ ok: true });
  });

  const backups: Record<string, string> = {
    leaves: 'create table leaves_copy as table log_leaves',
    tiles: 'create table tiles_copy as table log_tiles',
    checkpoints: 'create table checkpoints_copy as table log_checkpoints',
  };
  const restores = [
    'delete from log_leaves',
    'insert into log_leaves table leaves_copy',
    'delete from log_tiles',
    'insert into log_tiles table tiles_copy',
    'delete from log_checkpoints',
    'insert into log_checkpoints table checkpoints_copy',
    'insert into log_outbox (leaf) select leaf from outbox_copy order by outbox_id',
  ];

  test('on an empty database beside a published log is refused, and on a forked one too', async () => {
    const { directory, step } = await logOf(20);
    const empty = await testDatabase();
    await expect(start(empty, step)).rejects.toMatchObject({ code: 'log.database-behind' });
    // With the right key an empty database takes the whole log back.
    const refilled = await testDatabase();
    expect(await restoreEntries(refilled, { keys, directory })).toBe(20);
    await (await start(refilled, step)).stop();
    const other = await logOf(30);
    await expect(start(other.database, step)).rejects.toMatchObject({ code: 'log.forked' });
    await expect(rebuildDirectory(other.database, { keys, directory })).rejects.toMatchObject({ code: 'log.forked' });
    await append(other.database, 1);
    await expect(sequenceOnce(other.database, step)).rejects.toMatchObject({ code: 'log.forked' });
    await expect(
      restoreEntries(empty, { keys: { ...keys, seed: Buffer.alloc(32, 8) }, directory }),
    ).rejects.toMatchObject({ code: 'log.directory-damaged' });
  });

  test('under another name or key is refused; a new identity is begun explicitly, under a new name, in a new directory', async () => {
    const { database, directory, step, leaves } = await logOf(400);
    const otherKeys = { ...keys, seed: Buffer.alloc(32, 9) };
    await expect(start(database, { ...step, keys: otherKeys })).rejects.toMatchObject({ code: 'log.identity' });
    await append(database, 1);
    await expect(sequenceOnce(database, { ...step, keys: otherKeys })).rejects.toMatchObject({ code: 'log.identity' });
    await database.query('delete from log_outbox');
    // The reason to begin anew: an entry is gone for good.
    await database.query('delete from log_leaves where leaf_index = 5');
    const next = { keys: { origin: 'shop.example/log2', seed: otherKeys.seed }, directory: freshDirectory() };
    await expect(beginNewLog(database, { ...next, directory })).rejects.toMatchObject({ code: 'log.directory-used' });
    await expect(beginNewLog(database, { ...next, keys: otherKeys })).rejects.toMatchObject({ code: 'log.identity' });
    const begun = await beginNewLog(database, next);
    expect(begun).toMatchObject({ logNumber: 2, entries: 399 });
    expect(begun.announcement).toContain('A NEW TRANSPARENCY LOG HAS BEGUN: shop.example/log2');
    const sequencer = await start(database, next);
    const more = await append(database, 3);
    await expect.poll(() => sequencer.status().size).toBe(402);
    await sequencer.stop();
    expect(await storedLeaves(database)).toEqual([...leaves.toSpliced(5, 1), ...more]);
    const verdict = await verifyLog(readDirectory(next.directory), { verifierKey: begun.verifierKey });
    expect(verdict).toMatchObject({ ok: true, checkpoint: { origin: 'shop.example/log2', size: 402 } });
    await expect(start(database, step)).rejects.toMatchObject({ code: 'log.identity' });
  });

  test('without a directory needs none', async () => {
    const database = await testDatabase();
    const sequencer = await start(database, { keys });
    const [leaf] = await append(database, 5);
    await expect.poll(() => sequencer.status().size).toBe(5);
    await sequencer.stop();
    expect(await proofFor(database, leaf ?? Buffer.alloc(32))).toContain('index 0\n');
  });

  test('that cannot write its directory says so and tries again', async () => {
    const { database, directory, step } = await logOf(5);
    const errors: unknown[] = [];
    const sequencer = await startSequencer(database, { ...step, everyMs: 2, onError: (error) => errors.push(error) });
    rmSync(path.join(directory, 'tile'), { recursive: true });
    writeFileSync(path.join(directory, 'tile'), 'in the way');
    await append(database, 1);
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    expect(sequencer.status().failure).toMatchObject({ code: 'log.directory-damaged' });
    rmSync(path.join(directory, 'tile'));
    await rebuildWhenFree(database, directory);
    await expect.poll(() => sequencer.status(), { timeout: 10_000 }).toEqual({ size: 6, failure: undefined });
    await sequencer.stop();
  });
});

/** The sequencer holds the log for a moment at every step. */
async function rebuildWhenFree(database: Database, directory: string): Promise<void> {
  await expect.poll(() => rebuildDirectory(database, { keys, directory }).catch(() => 0)).toBeGreaterThan(0);
}

describe('a proof', () => {
  test('of every entry checks with the public key alone, and with the log at hand', async () => {
    const { database, directory, leaves } = await logOf(600);
    for (const index of [0, 1, 255, 256, 511, 512, 598, 599]) {
      const leaf = leaves[index] ?? Buffer.alloc(32);
      const proof = (await proofFor(database, leaf)) ?? '';
      expect(await verifyProof(proof, { verifierKey, leaf })).toMatchObject({ ok: true, place: { index, size: 600 } });
      expect(await verifyProof(proof, { verifierKey, read: readDirectory(directory) })).toMatchObject({ ok: true });
    }
  });

  test('carries the record and its key when asked, and refuses a record that was changed', async () => {
    const { database, directory, step } = await logOf(30);
    const record = '{"decision":"…","items":["a","ü"]}';
    const { leaf, key } = await database.transaction((tx) => appendRecord(tx, record));
    expect(await proofFor(database, leaf, { record, key })).toBeUndefined();
    await drain(database, step);
    const proof = (await proofFor(database, leaf, { record, key })) ?? '';
    expect(await verifyProof(proof, { verifierKey })).toMatchObject({
      ok: true,
      record,
      place: { index: 30, size: 31 },
    });
    await expect(proofFor(database, leaf, { record: record.replace('a', 'b'), key })).rejects.toMatchObject({
      code: 'log.record-changed',
    });
    expect(await proofFor(database, createHash('sha256').digest())).toBeUndefined();
    // Later checkpoints do not take it back.
    await append(database, 300);
    await drain(database, step);
    expect(await verifyProof(proof, { verifierKey, read: readDirectory(directory) })).toMatchObject({
      ok: true,
      record,
    });
  });

  test('is not made from rows that were changed', async () => {
    const { database, leaves } = await logOf(10);
    await database.query('update log_leaves set leaf = $1 where leaf_index = 3', [randomBytes(32)]);
    await expect(proofFor(database, leaves[4] ?? Buffer.alloc(32))).rejects.toMatchObject({ code: 'log.damaged' });
  });
});

describe('a witness', () => {
  test('who keeps every checkpoint sees one history across kills, restarts and restores of older databases', async () => {
    const { database, directory, step } = await logOf(1);
    const tables = ['leaves', 'tiles', 'checkpoints', 'outbox'];
    const backUp = async () => {
      for (const table of tables) await database.query(`drop table if exists ${table}_copy`);
      for (const table of tables) await database.query(`create table ${table}_copy as table log_${table}`);
    };
    const restore = async () => {
      for (const table of ['leaves', 'tiles', 'checkpoints'])
        for (const statement of [`delete from log_${table}`, `insert into log_${table} table ${table}_copy`])
          await database.query(statement);
      await database.query('delete from log_outbox');
      await database.query('insert into log_outbox (leaf) select leaf from outbox_copy order by outbox_id');
      const published = (await verifyLog(readDirectory(directory), { verifierKey })).checkpoint?.size ?? 0;
      const held = await storedLeaves(database);
      if (published === held.length) return;
      await expect(examineLog(database, step)).rejects.toMatchObject({ code: 'log.database-behind' });
      expect(await restoreEntries(database, { keys, directory })).toBe(published - held.length);
    };
    const seen: string[] = [];
    let restores = 0;
    await backUp();
    const deeds = fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom<SequencerPoint | undefined>(...points, undefined) },
      { weight: 1, arbitrary: fc.constantFrom('back up', 'restore') },
    );
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 40 }), deeds, async (count, deed) => {
        await append(database, count);
        if (deed === 'back up') await backUp();
        else if (deed === 'restore') {
          // What was signed and never shown may be signed anew; what was shown may not.
          await sequenceOnce(database, step);
          await restore();
          restores += 1;
        } else
          await sequenceOnce(database, {
            ...step,
            at: (point) => {
              if (point === deed) throw new Error('killed');
            },
          }).catch(() => undefined);
        await examineLog(database, step);
        const note = Buffer.from((await readDirectory(directory)('checkpoint')) ?? []).toString();
        const options = { verifierKey, read: readDirectory(directory) };
        const { relation } = await compareCheckpoints([seen.at(-1) ?? note, note], options);
        expect(['same', 'consistent']).toContain(relation);
        seen.push(note);
      }),
      { seed: 4400, numRuns: isLong ? 1_000 : 80, endOnFailure: true },
    );
    expect(restores).toBeGreaterThan(1);
    const known = [...new Set(seen)];
    expect(await verifyLog(readDirectory(directory), { verifierKey, known })).toMatchObject({ ok: true });
  }, 600_000);
});
