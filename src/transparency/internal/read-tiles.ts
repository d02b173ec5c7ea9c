/**
 * Hashes of a tree, looked up in its tiles through any reader. A tile that the tree has and the reader has not, or has in another length,
 * is `log.damaged`; whether its hashes are the right ones is for the caller to check against a root.
 */
import { Refusal } from '../../database/refusal.ts';
import type { ReadLog } from '../reader.ts';
import type { Tile } from '../tiles.ts';
import { entriesOf, entriesPath, hashInTile, tileOfNode, tilePath, tileWidthMax } from '../tiles.ts';
import type { EntryRange } from '../tree.ts';
import { completeNodes, hashBytes, rootOfNodes } from '../tree.ts';

/** The roots of ranges of a tree of `size` entries; each tile is read once. */
export async function rootsOfRanges(read: ReadLog, size: number, ranges: readonly EntryRange[]): Promise<Buffer[]> {
  const tiles = new Map<string, Promise<Buffer>>();
  const tileHashes = (tile: Tile): Promise<Buffer> => {
    const path = tilePath(tile);
    const known = tiles.get(path) ?? readTile(read, tile);
    tiles.set(path, known);
    return known;
  };
  return Promise.all(
    ranges.map(async (range) =>
      rootOfNodes(
        await Promise.all(
          completeNodes(range).map(async (node) => hashInTile(node, await tileHashes(tileOfNode(node, size)))),
        ),
      ),
    ),
  );
}

/** The root of the tree as its tiles give it. */
export async function rootOfTiles(read: ReadLog, size: number): Promise<Buffer> {
  const [root] = await rootsOfRanges(read, size, [{ start: 0, end: size }]);
  return root ?? rootOfNodes([]);
}

/** The hashes of the complete subtrees on the right edge, from the largest to the smallest. */
export async function edgeOfTiles(read: ReadLog, size: number): Promise<Buffer[]> {
  const nodes = completeNodes({ start: 0, end: size });
  return rootsOfRanges(
    read,
    size,
    nodes.map(({ level, index }) => ({ start: index * 2 ** level, end: (index + 1) * 2 ** level })),
  );
}

/** The hashes of one tile. A partial one may have been replaced by the full one, whose beginning it is. */
export async function readTile(read: ReadLog, tile: Tile): Promise<Buffer> {
  const exact = await read(tilePath(tile));
  const found = exact ?? (await read(tilePath({ ...tile, width: tileWidthMax })));
  const bytes = (exact === undefined ? tileWidthMax : tile.width) * hashBytes;
  if (found === undefined) throw damaged(`${tilePath(tile)} is missing`);
  if (found.length !== bytes) throw damaged(`${tilePath(tile)} has ${found.length} bytes instead of ${bytes}`);
  return Buffer.from(found.subarray(0, tile.width * hashBytes));
}

/** The entries under one tile of level 0. */
export async function readEntries(read: ReadLog, tile: Tile): Promise<Buffer[]> {
  const exact = await read(entriesPath(tile));
  const found = exact ?? (await read(entriesPath({ ...tile, width: tileWidthMax })));
  if (found === undefined) throw damaged(`${entriesPath(tile)} is missing`);
  const entries = entriesOf(found);
  const count = exact === undefined ? tileWidthMax : tile.width;
  if (entries.length !== count)
    throw damaged(`${entriesPath(tile)} holds ${entries.length} entries instead of ${count}`);
  return entries.slice(0, tile.width);
}

/** The refusal for a log whose files or rows are not what was signed. */
export function damaged(what: string): Refusal {
  return new Refusal('log.damaged', `The transparency log is damaged: ${what}.`, {
    remedy:
      'Nothing more is signed until it is repaired: see "When the log is damaged" in docs/concepts/transparency-log.md.',
  });
}
