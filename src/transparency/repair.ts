/**
 * What an operator may do about a log that refuses to start: write the directory anew from the database, fetch lost entries back from the
 * directory, or begin a new log identity. None of it ever happens by itself, and none of it can change what was signed.
 */
import type { Database, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { unverifiedCheckpoint } from './checkpoint.ts';
import { lastCheckpoint, readDatabase } from './database-reader.ts';
import { examineDatabase, refuseMisfit, shownIn } from './internal/examine.ts';
import { growTree } from './internal/grow-tree.ts';
import type { LogKeys } from './internal/log-identity.ts';
import { identityOf, isSoleWriter } from './internal/log-identity.ts';
import { publish } from './internal/publish.ts';
import { damaged, readEntries } from './internal/read-tiles.ts';
import { sign } from './internal/sign-next.ts';
import { readDirectory } from './reader.ts';
import { tilesBetween, tileWidthMax } from './tiles.ts';
import { verifyLog } from './verify.ts';

export interface RepairOptions {
  readonly keys: LogKeys;
  readonly directory: string;
}

/**
 * Writes every file of the directory anew from the database, once all entries there agree with the last signed checkpoint. Answers how many
 * entries the log has. Refused where the directory has published more than the database knows: then entries are missing in the database.
 */
export async function rebuildDirectory(database: Database, { keys, directory }: RepairOptions): Promise<number> {
  const identity = identityOf(keys);
  const signed = await examineDatabase(database, identity);
  if (signed === undefined)
    throw new Refusal('log.empty', 'The database holds no log that a directory could be built from.');
  await database.transaction(async (tx) => {
    await refuseOtherWriter(tx);
    const shown = await shownIn(directory, identity).catch(damagedAsMissing);
    if (shown !== undefined) await refuseMisfit(readDatabase(tx), { shown, signed });
    await publish(tx, { identity, directory, everything: true });
  });
  return signed.size;
}

/**
 * Fetches the entries that the directory has published and the database lacks (it was restored from an older backup), so that the log goes on
 * where it was. The whole directory is checked first. Answers how many entries came back. Their records are not in the directory and stay lost.
 */
export async function restoreEntries(database: Database, { keys, directory }: RepairOptions): Promise<number> {
  const identity = identityOf(keys);
  const read = readDirectory(directory);
  const verdict = await verifyLog(read, { verifierKey: identity.signer.verifierKey });
  const shown = verdict.checkpoint;
  const wrong = verdict.checks.find(({ ok }) => !ok);
  if (wrong !== undefined || shown === undefined)
    throw new Refusal(
      'log.directory-damaged',
      `The directory cannot be restored from (${wrong?.name}: ${wrong?.finding}).`,
      {
        remedy: 'Restore the directory from a backup first.',
      },
    );
  const signed = await examineDatabase(database, identity);
  const size = signed?.size ?? 0;
  if (shown.size <= size)
    throw new Refusal('log.nothing-missing', 'The database has every entry that the directory has published.');
  return database.transaction(async (tx) => {
    await refuseOtherWriter(tx);
    const last = await lastCheckpoint(tx);
    if ((last?.size ?? 0) !== size) throw damaged('another process has changed the log meanwhile');
    let root: Buffer | undefined;
    // From the beginning of the last partial tile, whose other entries the database has already.
    for (const tile of tilesBetween({ older: size, newer: shown.size })) {
      if (tile.level > 0) break;
      const from = Math.max(size, tile.index * tileWidthMax);
      const entries = (await readEntries(read, tile)).slice(from - tile.index * tileWidthMax);
      root = await addEntries(tx, { size: from, leaves: Buffer.concat(entries) });
    }
    if (!root?.equals(shown.root))
      throw new Refusal('log.forked', 'The directory and the database hold two different histories.', {
        remedy: 'Keep both as evidence and begin a new log identity, which everybody can see.',
      });
    await tx.query(
      'insert into log_checkpoints (log_number, tree_size, note, signed_at) values ($1, $2::bigint, $3, $4)',
      [last?.logNumber ?? 1, shown.size, shown.note, tx.world.now()],
    );
    // The backup may hold them in the outbox still.
    await tx.query(
      'delete from log_outbox where leaf in (select leaf from log_leaves where leaf_index >= $1::bigint)',
      [size],
    );
    return shown.size - size;
  });
}

/** What has to be told to everybody who relied on the old log. */
export interface NewLog {
  readonly logNumber: number;
  readonly verifierKey: string;
  readonly entries: number;
  readonly announcement: string;
}

/**
 * Ends the log and begins another one under another origin, in an empty directory, with the entries that are still there. For when a log cannot
 * be repaired or its key was lost. Proofs from the old log stay what they were; the old checkpoints stay in the database as evidence.
 */
export async function beginNewLog(database: Database, { keys, directory }: RepairOptions): Promise<NewLog> {
  const identity = identityOf(keys);
  if ((await readDirectory(directory)('checkpoint')) !== undefined)
    throw new Refusal('log.directory-used', 'The directory of a new log must be empty: this one holds a checkpoint.', {
      remedy: 'Name another directory and keep this one as evidence.',
    });
  const begun = await database.transaction(async (tx) => {
    await refuseOtherWriter(tx);
    const earlier = await tx.query<{ log_number: number; note: string }>(
      'select distinct on (log_number) log_number, note from log_checkpoints order by log_number desc, tree_size desc',
    );
    if (earlier.some(({ note }) => unverifiedCheckpoint(note).origin === keys.origin))
      throw new Refusal(
        'log.identity',
        `There has been a log named ${keys.origin} already; a new one needs a new name.`,
      );
    const entries = await closeGaps(tx);
    await tx.query('delete from log_tiles');
    const read = readDatabase(tx);
    let root = await growTree(tx, { size: 0, leaves: Buffer.alloc(0) });
    for (const tile of tilesBetween({ older: 0, newer: entries })) {
      if (tile.level > 0) break;
      const leaves = Buffer.concat(await readEntries(read, tile));
      root = await growTree(tx, { size: tile.index * tileWidthMax, leaves });
    }
    const logNumber = (earlier[0]?.log_number ?? 0) + 1;
    await sign(tx, identity, { logNumber, size: entries, root });
    return { logNumber, entries, before: earlier[0] === undefined ? undefined : unverifiedCheckpoint(earlier[0].note) };
  });
  await database.transaction((tx) => publish(tx, { identity, directory, everything: true }));
  const ended =
    begun.before === undefined
      ? 'There was no log before it.'
      : `The log ${begun.before.origin} has ended; its last checkpoint had ${begun.before.size} entries. Its proofs can no longer be followed up in a running log.`;
  return {
    logNumber: begun.logNumber,
    verifierKey: identity.signer.verifierKey,
    entries: begun.entries,
    announcement: `A NEW TRANSPARENCY LOG HAS BEGUN: ${keys.origin}, with ${begun.entries} entries, verifier key ${identity.signer.verifierKey}. ${ended}`,
  };
}

async function refuseOtherWriter(tx: Transaction): Promise<void> {
  if (await isSoleWriter(tx)) return;
  throw new Refusal('log.busy', 'Another process is writing the transparency log.', {
    remedy: 'Stop Fairlead before repairing its log.',
  });
}

async function addEntries(tx: Transaction, { size, leaves }: { size: number; leaves: Buffer }): Promise<Buffer> {
  await tx.query(
    `insert into log_leaves (leaf_index, leaf)
     select $1::bigint + number, substring($2::bytea from (number * 32) + 1 for 32)
     from generate_series(0, octet_length($2::bytea) / 32 - 1) as number`,
    [size, leaves],
  );
  return growTree(tx, { size, leaves });
}

/** Numbers the entries from 0 without a gap, in the order that they have; answers how many there are. */
async function closeGaps(tx: Transaction): Promise<number> {
  const [found] = await tx.query<{ entries: number; next: number }>(
    'select count(*) as entries, coalesce(max(leaf_index) + 1, 0) as next from log_leaves',
  );
  const { entries, next } = found ?? { entries: 0, next: 0 };
  if (entries !== next)
    await tx.query(
      `with numbered as (delete from log_leaves returning leaf_index, leaf)
       insert into log_leaves (leaf_index, leaf)
       select row_number() over (order by leaf_index) - 1, leaf from numbered`,
    );
  return entries;
}

/** A checkpoint that was damaged with its directory says nothing; one by another log still does. */
function damagedAsMissing(error: unknown): undefined {
  if (error instanceof Refusal && error.code === 'log.directory-damaged') return undefined;
  throw error;
}
