/**
 * One step of the log, inside one transaction: take leaves from the outbox, number them, grow the tree, sign. It commits whole or not at all,
 * so a leaf is in the outbox or in the tree and never in both; and nothing is signed that does not follow from what was signed before.
 */
import type { Transaction } from '../../database/database.ts';
import { openCheckpoint, signCheckpoint } from '../checkpoint.ts';
import { lastCheckpoint, readDatabase } from '../database-reader.ts';
import { readDirectory } from '../reader.ts';
import { emptyRoot } from '../tree.ts';
import { examineEdge, examineShownEdge, patrol, refuseMisfit, shownIn } from './examine.ts';
import { growTree } from './grow-tree.ts';
import type { LogIdentity } from './log-identity.ts';
import { isSoleWriter, openOwn } from './log-identity.ts';
import { damaged } from './read-tiles.ts';

/** Where a test may stop the sequencer, in the order in which they come. */
export type SequencerPoint =
  | 'locked'
  | 'examined'
  | 'taken'
  | 'grown'
  | 'signed'
  | 'committed'
  | 'tiles-written'
  | 'published';

export interface SignOptions {
  readonly identity: LogIdentity;
  readonly directory: string | undefined;
  readonly leavesMax: number;
  readonly patrolFrom: number;
  readonly patrolTiles: number;
  readonly at: (point: SequencerPoint) => void | Promise<void>;
}

export interface Signed {
  /** Entries in the log. */
  readonly size: number;
  /** Entries that this step added. */
  readonly added: number;
  /** Whether leaves may be left in the outbox. */
  readonly more: boolean;
  readonly patrolledTo: number;
  /** Whether the directory shows less than this. */
  readonly isAhead: boolean;
}

/** Undefined when another process is the sequencer at this moment. */
export async function signNext(tx: Transaction, options: SignOptions): Promise<Signed | undefined> {
  const { identity, directory, at } = options;
  if (!(await isSoleWriter(tx))) return undefined;
  await at('locked');
  const last = await lastCheckpoint(tx);
  const shown = directory === undefined ? undefined : await shownIn(directory, identity);
  if (last === undefined) {
    await refuseMisfit(readDatabase(tx), { shown, signed: undefined });
    await sign(tx, identity, { logNumber: 1, size: 0, root: emptyRoot });
    await at('signed');
    return { size: 0, added: 0, more: true, patrolledTo: 0, isAhead: true };
  }
  const signed = openOwn(last.note, identity);
  const calm = {
    size: signed.size,
    added: 0,
    more: false,
    patrolledTo: options.patrolFrom,
    isAhead: shown?.note !== signed.note,
  };
  // Nothing is signed beyond the empty log before its directory exists, so that a missing one can be told from a new one.
  if (directory !== undefined && shown === undefined && signed.size === 0) return { ...calm, more: true };
  if (!(await isWaiting(tx))) return calm;
  const read = readDatabase(tx);
  if (last.size !== signed.size) throw damaged('a checkpoint stands at another size than the one that was signed');
  await examineEdge(read, signed);
  const readShown = directory === undefined ? undefined : readDirectory(directory);
  if (readShown !== undefined) await refuseMisfit(read, { shown, signed });
  if (readShown !== undefined && shown !== undefined) await examineShownEdge(read, shown, readShown);
  const { patrolFrom: from, patrolTiles: count } = options;
  const patrolledTo = await patrol(read, { signed, shown, readShown, from, count });
  await at('examined');
  const leaves = await takeLeaves(tx, { size: signed.size, leavesMax: options.leavesMax });
  await at('taken');
  const root = await growTree(tx, { size: signed.size, leaves });
  await at('grown');
  const added = leaves.length / 32;
  await sign(tx, identity, { logNumber: last.logNumber, size: signed.size + added, root });
  await at('signed');
  return { size: signed.size + added, added, more: added === options.leavesMax, patrolledTo, isAhead: true };
}

/** Signs and keeps a checkpoint; of each day only the last is kept. */
export async function sign(
  tx: Transaction,
  { signer, verifier }: LogIdentity,
  { logNumber, size, root }: { logNumber: number; size: number; root: Buffer },
): Promise<string> {
  const note = signCheckpoint({ size, root }, signer);
  // A signature that was computed wrongly can give the key away, so none leaves unchecked.
  openCheckpoint(note, verifier);
  const now = tx.world.now();
  await tx.query(
    `delete from log_checkpoints
     where log_number = $1 and tree_size < $2::bigint and signed_at >= date_trunc('day', $3::timestamptz, 'UTC')`,
    [logNumber, size, now],
  );
  await tx.query(
    'insert into log_checkpoints (log_number, tree_size, note, signed_at) values ($1, $2::bigint, $3, $4)',
    [logNumber, size, note, now],
  );
  return note;
}

async function isWaiting(tx: Transaction): Promise<boolean> {
  const waiting = await tx.query('select outbox_id from log_outbox limit 1');
  return waiting.length > 0;
}

/** Moves the oldest leaves behind the entries that are there; answers them as the table has taken them, one after the other. */
async function takeLeaves(tx: Transaction, { size, leavesMax }: { size: number; leavesMax: number }): Promise<Buffer> {
  const beyond = await tx.query('select leaf_index from log_leaves where leaf_index >= $1::bigint limit 1', [size]);
  if (beyond.length > 0) throw damaged(`there are entries after the ${size} that were signed`);
  const [taken] = await tx.query<{ entries: number; leaves: Buffer | null }>(
    `with taken as (
       delete from log_outbox
       where outbox_id in (select outbox_id from log_outbox order by outbox_id limit $2::integer)
       returning outbox_id, leaf
     ), moved as (
       insert into log_leaves (leaf_index, leaf)
       select $1::bigint + row_number() over (order by outbox_id) - 1, leaf from taken
       returning leaf_index, leaf
     )
     select count(*)::integer as entries, string_agg(leaf, ''::bytea order by leaf_index) as leaves from moved`,
    [size, leavesMax],
  );
  const leaves = taken?.leaves;
  if (!leaves || leaves.length !== taken.entries * 32) throw damaged('leaves left the outbox without reaching the log');
  return leaves;
}
