/**
 * The log as the database holds it, in the shape of its files, so that the same code proves and verifies either. Rows are only ever added
 * below a signed size, so reads need no common snapshot: whoever reads the checkpoint first finds everything that it covers.
 */
import type { Sql } from '../database/database.ts';
import type { ReadLog } from './reader.ts';
import type { Tile } from './tiles.ts';
import { bundleOf, logPathOf, tileOf, tileWidthMax } from './tiles.ts';
import { hashBytes, leafHash } from './tree.ts';

/** Reads the current log from the database: its last checkpoint, its entries, and its tiles (level 0 is computed from the entries). */
export function readDatabase(sql: Sql): ReadLog {
  return async (path) => {
    const asked = logPathOf(path);
    if (asked === undefined) return undefined;
    if (asked.kind === 'checkpoint') {
      const last = await lastCheckpoint(sql);
      return last === undefined ? undefined : Buffer.from(last.note, 'utf8');
    }
    if (asked.kind === 'entries') {
      const entries = await entriesIn(sql, asked.tile);
      return entries === undefined ? undefined : bundleOf(entries);
    }
    if (asked.tile.level === 0) {
      const entries = await entriesIn(sql, asked.tile);
      return entries === undefined ? undefined : tileOf(entries.map((entry) => leafHash(entry)));
    }
    return hashesIn(sql, asked.tile);
  };
}

/** The last signed checkpoint of the current log identity. */
export async function lastCheckpoint(sql: Sql): Promise<{ logNumber: number; size: number; note: string } | undefined> {
  const [row] = await sql.query<{ log_number: number; tree_size: number; note: string }>(
    'select log_number, tree_size, note from log_checkpoints order by log_number desc, tree_size desc limit 1',
  );
  return row && { logNumber: row.log_number, size: row.tree_size, note: row.note };
}

/** When a checkpoint was signed; undefined for one that has made way for a later one of its day, since a note itself names no time. */
export async function signedAt(sql: Sql, note: string): Promise<Date | undefined> {
  const [row] = await sql.query<{ signed_at: Date }>('select signed_at from log_checkpoints where note = $1', [note]);
  return row?.signed_at;
}

/** The entries under a tile, or undefined when not all of them are there. */
async function entriesIn(sql: Sql, { index, width }: Tile): Promise<Buffer[] | undefined> {
  // One value for all entries: reading 256 rows costs the driver as much again as hashing them.
  const [row] = await sql.query<{ entries: number; leaves: Buffer | null }>(
    `select count(*)::integer as entries, string_agg(leaf, ''::bytea order by leaf_index) as leaves
     from log_leaves where leaf_index >= $1::bigint and leaf_index < $2::bigint`,
    [index * tileWidthMax, index * tileWidthMax + width],
  );
  const leaves = row?.leaves;
  if (!leaves || row.entries !== width) return undefined;
  return Array.from({ length: width }, (_, at) => leaves.subarray(at * leafBytes, (at + 1) * leafBytes));
}

async function hashesIn(sql: Sql, { level, index, width }: Tile): Promise<Buffer | undefined> {
  const [row] = await sql.query<{ hashes: Buffer }>(
    `select substring(hashes from 1 for $3::integer) as hashes from log_tiles
     where level = $1::smallint and tile_index = $2::bigint`,
    [level, index, width * hashBytes],
  );
  return row?.hashes.length === width * hashBytes ? row.hashes : undefined;
}

/** Entries of this log are commitments; the table admits nothing else. */
const leafBytes = 32;
