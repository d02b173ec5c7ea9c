/**
 * Puts entries that already stand in `log_leaves` into the tree, and answers its new root only when two ways of computing it agree: once from
 * the right edge and the new leaves in memory, once from the rows as the database gives them back. One flipped bit in memory between hashing
 * and signing has ended a public log before (Certificate Transparency, Yeti 2022), so neither way is trusted alone.
 */
import type { Transaction } from '../../database/database.ts';
import { readDatabase } from '../database-reader.ts';
import { leafHash, RightEdge } from '../tree.ts';
import { grownTiles } from './grown-tiles.ts';
import type { FilledTile } from './grown-tiles.ts';
import { damaged, edgeOfTiles, readTile, rootOfTiles } from './read-tiles.ts';

/** The root after `leaves` (entries `size` and following, one after the other) have been added; throws `log.damaged`. */
export async function growTree(tx: Transaction, { size, leaves }: { size: number; leaves: Buffer }): Promise<Buffer> {
  const read = readDatabase(tx);
  const edge = new RightEdge(size, await edgeOfTiles(read, size));
  const hashes = Array.from({ length: leaves.length / leafBytes }, (_, at) =>
    leafHash(leaves.subarray(at * leafBytes, (at + 1) * leafBytes)),
  );
  for (const hash of hashes) edge.add(hash);
  await storeTiles(tx, await grownTiles(size, hashes, (tile) => readTile(read, tile)));
  const root = edge.root();
  if (!(await rootOfTiles(read, edge.size)).equals(root))
    throw damaged('the rows just written have another root than the entries they were computed from');
  return root;
}

/** Entries are commitments of 32 bytes. */
export const leafBytes = 32;

/** A tile may only grow: what it held stays its beginning. */
async function storeTiles(tx: Transaction, tiles: readonly FilledTile[]): Promise<void> {
  if (tiles.length === 0) return;
  const stored = await tx.query(
    `insert into log_tiles (level, tile_index, hashes)
     select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
     on conflict (level, tile_index) do update set hashes = excluded.hashes
     where log_tiles.hashes = substring(excluded.hashes from 1 for octet_length(log_tiles.hashes))
     returning level`,
    [tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes)],
  );
  if (stored.length !== tiles.length) throw damaged('a stored tile is not the beginning of what it has to become');
}
