/**
 * What the transparency log costs and how fast it is: leaves queued beside a bare insert of the same rows, the time from a record's commit to its
 * place under a signed checkpoint at 1,000 records a second, and how fast proofs and whole logs are checked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { connect } from '../src/database/connect.ts';
import type { Database } from '../src/database/database.ts';
import { startEmbedded } from '../src/database/embedded.ts';
import { migrate } from '../src/database/migrate.ts';
import { systemWorld } from '../src/database/world.ts';
import { appendRecord, appendRecords } from '../src/transparency/append.ts';
import { readDatabase } from '../src/transparency/database-reader.ts';
import { signerOf } from '../src/transparency/note.ts';
import { proofFor } from '../src/transparency/proof-for.ts';
import { readDirectory } from '../src/transparency/reader.ts';
import { sequenceOnce, startSequencer } from '../src/transparency/sequencer.ts';
import { verifyLog, verifyProof } from '../src/transparency/verify.ts';

export const bench: Bench = { name: 'transparency-log', run };

const keys = { origin: 'bench.example/log', seed: Buffer.alloc(32, 7) };
const { verifierKey } = signerOf({ name: keys.origin, seed: keys.seed });
/** As long as the record of a decision with 12 items and their terms. */
const record = JSON.stringify({
  decision: '018f',
  items: Array.from({ length: 12 }, (_, at) => ({ item: `item-${at}`, terms: [at, at, at] })),
});

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const home = mkdtempSync(path.join(process.getuid?.() === 0 ? '/tmp' : os.tmpdir(), 'fairlead-bench-log-'));
  const embedded = await startEmbedded({ directory: home, world: systemWorld });
  const database = await connect(embedded.url, systemWorld);
  const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-bench-files-'));
  try {
    await migrate(database);
    onLine('Queueing leaves.');
    const batched = await queuedPerSecond(database, { records: quick ? 5_000 : 100_000, batch: 1_000 });
    const bare = await bareInsertsPerSecond(database, { rows: quick ? 5_000 : 100_000, batch: 1_000 });
    const single = await queuedPerSecond(database, { records: quick ? 200 : 2_000, batch: 1 });
    onLine('Sequencing what has been queued.');
    const sequenced = await sequencedPerSecond(database, directory);
    onLine('1,000 records a second, one transaction each.');
    const waits = await inclusionMs(database, { directory, seconds: quick ? 2 : 30, perSecond: 1_000 });
    onLine('Making and checking proofs.');
    const proofs = await proofRates(database, quick ? 200 : 2_000);
    const started = performance.now();
    const rows = await verifyLog(readDatabase(database), { verifierKey, levelZero: 'derived', concurrency: 2 });
    const rowsSeconds = (performance.now() - started) / 1_000;
    const files = await verifyLog(readDirectory(directory), { verifierKey });
    const filesSeconds = (performance.now() - started) / 1_000 - rowsSeconds;
    if (!rows.ok || !files.ok) throw new Error('The log that was built does not verify.');
    const size = rows.checkpoint?.size ?? 0;
    return [
      { name: 'leaves queued, 1,000 a transaction', value: batched, unit: 'leaves/s' },
      { name: 'bare insert of the same rows', value: bare, unit: 'rows/s' },
      { name: 'leaves queued, one a transaction', value: single, unit: 'leaves/s' },
      { name: 'sequenced, signed and published', value: sequenced, unit: 'leaves/s' },
      { name: 'records offered', value: waits.offered, unit: 'records/s' },
      { name: 'commit to signed checkpoint, median', value: waits.median, unit: 'ms' },
      { name: 'commit to signed checkpoint, longest', value: waits.longest, unit: 'ms', limit: { atMost: 5_000 } },
      { name: 'database storage', value: await bytesPerEntry(database), unit: 'bytes/entry' },
      { name: 'proofs made', value: proofs.made, unit: 'proofs/s' },
      { name: 'proofs checked offline', value: proofs.checked, unit: 'proofs/s' },
      { name: `root derived from ${size} entries in the database`, value: size / rowsSeconds, unit: 'entries/s' },
      { name: `whole log of ${size} entries checked from files`, value: size / filesSeconds, unit: 'entries/s' },
    ];
  } finally {
    await database.close();
    await embedded.stop();
    for (const folder of [home, directory]) rmSync(folder, { recursive: true, force: true });
  }
}

async function queuedPerSecond(
  database: Database,
  { records, batch }: { records: number; batch: number },
): Promise<number> {
  const all = Array.from({ length: batch }, () => ({ record }));
  const started = performance.now();
  for (let done = 0; done < records; done += batch) await database.transaction((tx) => appendRecords(tx, all));
  return records / ((performance.now() - started) / 1_000);
}

async function bareInsertsPerSecond(
  database: Database,
  { rows, batch }: { rows: number; batch: number },
): Promise<number> {
  await database.query(
    'create table bare (bare_id bigint generated always as identity primary key, leaf bytea not null)',
  );
  const leaves = Array.from({ length: batch }, () => systemWorld.randomBytes(32));
  const started = performance.now();
  for (let done = 0; done < rows; done += batch)
    await database.query('insert into bare (leaf) select * from unnest($1::bytea[])', [leaves]);
  const perSecond = rows / ((performance.now() - started) / 1_000);
  await database.query('drop table bare');
  return perSecond;
}

async function sequencedPerSecond(database: Database, directory: string): Promise<number> {
  const started = performance.now();
  for (;;) {
    const step = await sequenceOnce(database, { keys, directory });
    if (step?.more === false) return step.size / ((performance.now() - started) / 1_000);
  }
}

/** How long each record waited from its commit until a signed and committed checkpoint covered it. */
async function inclusionMs(
  database: Database,
  { directory, seconds, perSecond }: { directory: string; seconds: number; perSecond: number },
): Promise<{ offered: number; median: number; longest: number }> {
  const failures: unknown[] = [];
  const sequencer = await startSequencer(database, { keys, directory, onError: (error) => failures.push(error) });
  const first = sequencer.status().size;
  const committedAt: number[] = [];
  const waits: number[] = [];
  const observe = async (until: () => boolean) => {
    while (!until()) {
      const [row] = await database.query<{ size: number }>('select max(tree_size) as size from log_checkpoints');
      const seenAt = performance.now();
      // Records commit in nearly the order of their leaves; the longest wait among the first n is that of the oldest of them.
      const included = Math.min((row?.size ?? 0) - first, committedAt.length);
      while (waits.length < included) waits.push(seenAt - (committedAt[waits.length] ?? seenAt));
      await sleep(10);
    }
  };
  const total = seconds * perSecond;
  const observing = observe(() => waits.length === total);
  const started = performance.now();
  // Eight callers, as many as a busy server has connections for; each takes its turn at its time.
  const caller = async (offset: number) => {
    for (let number = offset; number < total; number += 8) {
      const due = started + (number / perSecond) * 1_000 - performance.now();
      if (due > 1) await sleep(due);
      await database.transaction((tx) => appendRecord(tx, record));
      committedAt.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, offset) => caller(offset)));
  const offered = total / ((performance.now() - started) / 1_000);
  await observing;
  await sequencer.stop();
  if (failures.length > 0) throw failures[0];
  const sorted = waits.toSorted((a, b) => a - b);
  return { offered, median: sorted[Math.floor(sorted.length / 2)] ?? 0, longest: sorted.at(-1) ?? 0 };
}

async function bytesPerEntry(database: Database): Promise<number> {
  const [row] = await database.query<{ bytes: number; entries: number }>(
    `select pg_total_relation_size('log_leaves') + pg_total_relation_size('log_tiles') as bytes, (select count(*) from log_leaves) as entries`,
  );
  return (row?.bytes ?? 0) / (row?.entries ?? 1);
}

async function proofRates(database: Database, count: number): Promise<{ made: number; checked: number }> {
  const leaves = await database.query<{ leaf: Buffer }>(
    'select leaf from log_leaves order by leaf_index % 997, leaf_index limit $1',
    [count],
  );
  const started = performance.now();
  const proofs: { leaf: Buffer; proof: string }[] = [];
  for (const { leaf } of leaves) proofs.push({ leaf, proof: (await proofFor(database, leaf)) ?? '' });
  const made = performance.now();
  for (const { leaf, proof } of proofs)
    if (!(await verifyProof(proof, { verifierKey, leaf })).ok) throw new Error('A proof does not check.');
  return {
    made: leaves.length / ((made - started) / 1_000),
    checked: leaves.length / ((performance.now() - made) / 1_000),
  };
}
