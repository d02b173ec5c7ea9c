/** What adding entries does to the tiles of level 1 and above. Pure; the sequencer stores the result. */
import type { Tile } from '../tiles.ts';
import { hashCount, tileOf, tileWidthMax } from '../tiles.ts';
import { completeRoot, hashBytes } from '../tree.ts';

/** A tile with its hashes. */
export interface FilledTile extends Tile {
  readonly hashes: Buffer;
}

/**
 * The tiles of level 1 and above that change when entries with these leaf hashes follow the first `size` ones. `partial` gives the hashes of a
 * tile that is not yet full, by its coordinates; it is asked once for each level that changes, level 0 included.
 */
export async function grownTiles(
  size: number,
  leafHashes: readonly Buffer[],
  partial: (tile: Tile) => Promise<Buffer>,
): Promise<FilledTile[]> {
  const grown: FilledTile[] = [];
  let added: readonly Buffer[] = leafHashes;
  for (let level = 0; added.length > 0; level++) {
    const before = hashCount({ size, level });
    const first = Math.floor(before / tileWidthMax);
    const width = before % tileWidthMax;
    const begun = width === 0 ? Buffer.alloc(0) : await partial({ level, index: first, width });
    const row = Buffer.concat([begun, tileOf(added)]);
    const filled = tilesOfRow(row, { level, first });
    if (level > 0) grown.push(...filled);
    added = filled.filter((tile) => tile.width === tileWidthMax).map(({ hashes }) => completeRoot(hashes));
  }
  return grown;
}

function tilesOfRow(row: Buffer, { level, first }: { level: number; first: number }): FilledTile[] {
  const count = row.length / hashBytes;
  return Array.from({ length: Math.ceil(count / tileWidthMax) }, (_, at) => {
    const hashes = row.subarray(at * tileWidthMax * hashBytes, (at + 1) * tileWidthMax * hashBytes);
    return { level, index: first + at, width: hashes.length / hashBytes, hashes };
  });
}
