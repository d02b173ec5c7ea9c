/**
 * Makes the receipt for one logged record, from the database. Called by the route that hands a customer their proof; what it makes,
 * `verify.ts` checks with the public key alone.
 */
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { unverifiedCheckpoint } from './checkpoint.ts';
import { commitmentOf } from './commitment.ts';
import { lastCheckpoint, readDatabase } from './database-reader.ts';
import { damaged, rootsOfRanges } from './internal/read-tiles.ts';
import type { Opening } from './proof.ts';
import { proofText } from './proof.ts';
import { inclusionRanges, isIncluded, leafHash } from './tree.ts';

/**
 * The `tlog-proof` that `leaf` is in the log, against the last signed checkpoint; undefined while the sequencer has yet to take it (seconds)
 * or when it was never logged. With `opening` the receipt carries the record and its key, so that it can be read and checked by itself;
 * a record that is not the one committed to is refused with `log.record-changed`.
 */
export async function proofFor(database: Sql, leaf: Uint8Array, opening?: Opening): Promise<string | undefined> {
  if (opening !== undefined && !commitmentOf(opening.record, opening.key).equals(leaf))
    throw new Refusal('log.record-changed', 'The stored record is not the one that was committed to in the log.', {
      remedy: 'Run fairlead verify to find which record was changed, and treat it as an incident.',
    });
  const last = await lastCheckpoint(database);
  if (last === undefined) return undefined;
  // Without an order, or the planner may walk the entries in theirs instead of asking the index on leaves.
  const [entry] = await database.query<{ leaf_index: number }>(
    'select leaf_index from log_leaves where leaf = $1 and leaf_index < $2::bigint',
    [leaf, last.size],
  );
  if (entry === undefined) return undefined;
  const { size, root } = unverifiedCheckpoint(last.note);
  const ranges = inclusionRanges(entry.leaf_index, size);
  const hashes = await rootsOfRanges(readDatabase(database), size, ranges);
  if (!isIncluded({ leafHash: leafHash(leaf), index: entry.leaf_index, size, proof: hashes, root }))
    throw damaged(`its rows do not lead from entry ${entry.leaf_index} to the signed root`);
  const proof = { index: entry.leaf_index, hashes, checkpoint: last.note };
  return proofText(opening === undefined ? proof : { ...proof, opening });
}
