/**
 * How the tree and its entries are cut into immutable files: C2SP tlog-tiles, in tiles of 256 hashes. Says which tiles a tree of a size has,
 * where each one lies, what it holds, and how an entry bundle is written. Pure; used by the sequencer, the verifier and the route `/log`.
 */
import { Refusal } from '../database/refusal.ts';
import type { TreeNode } from './tree.ts';
import { completeRoot, hashBytes } from './tree.ts';

/** Hashes in a full tile, and entries in a full bundle. */
export const tileWidthMax = 256;

/** One tile of the tree: `width` hashes, each the root of 256^level entries; full at 256. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/** What a path below the log's prefix names. */
export type LogPath =
  | { kind: 'checkpoint' }
  | { kind: 'tile'; tile: Tile }
  /** A bundle of entries; its tile has level 0. */
  | { kind: 'entries'; tile: Tile };

/** Where the checkpoint lies below the log's prefix. */
export const checkpointPath = 'checkpoint';

/** Where a tile lies, for example `tile/0/x001/x234/067` or `tile/1/000.p/17`. */
export function tilePath(tile: Tile): string {
  return `tile/${tile.level}/${indexPath(tile)}`;
}

/** Where the entries of a tile of level 0 lie, for example `tile/entries/000.p/112`. */
export function entriesPath(tile: Tile): string {
  return `tile/entries/${indexPath(tile)}`;
}

/** Reads a path strictly: what this does not return, no log has. So nothing else can be asked of a directory through it. */
export function logPathOf(path: string): LogPath | undefined {
  if (path === checkpointPath) return { kind: 'checkpoint' };
  const parts = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  if (!parts) return undefined;
  const [, level = '', digits = '', width] = parts;
  const tile = {
    level: level === 'entries' ? 0 : Number(level),
    index: Number(digits.replaceAll(/[x/]/g, '')),
    width: width === undefined ? tileWidthMax : Number(width),
  };
  if (tile.level > levelMax || !Number.isSafeInteger(tile.index)) return undefined;
  const kind = level === 'entries' ? 'entries' : 'tile';
  // Only the one spelling: no padding with `x000`, no partial tile of width 256.
  const written = kind === 'entries' ? entriesPath(tile) : tilePath(tile);
  return written === path ? { kind, tile } : undefined;
}

/** How many hashes of this level a tree of `size` entries has: one for each 256^level entries that are complete. */
export function hashCount({ size, level }: { size: number; level: number }): number {
  return Math.floor(size / tileWidthMax ** level);
}

/** The tiles that a tree of `newer` entries has and that a tree of `older` entries has not, or has narrower; level by level. */
export function* tilesBetween({ older, newer }: { older: number; newer: number }): Generator<Tile> {
  for (let level = 0; level <= levelMax; level++) {
    const before = hashCount({ size: older, level });
    const after = hashCount({ size: newer, level });
    if (after === 0) return;
    if (after === before) continue;
    for (let index = Math.floor(before / tileWidthMax); index * tileWidthMax < after; index++)
      yield { level, index, width: Math.min(tileWidthMax, after - index * tileWidthMax) };
  }
}

/** The partial tiles of a tree, one a level at most: the only ones that will still grow. */
export function partialTiles(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; hashCount({ size, level }) > 0; level++) {
    const count = hashCount({ size, level });
    const width = count % tileWidthMax;
    if (width > 0) tiles.push({ level, index: Math.floor(count / tileWidthMax), width });
  }
  return tiles;
}

/** The tile that holds a complete subtree of a tree of `size` entries, as wide as that tree has it. */
export function tileOfNode(node: TreeNode, size: number): Tile {
  const level = Math.floor(node.level / tileHeight);
  const first = node.index * 2 ** (node.level % tileHeight);
  const index = Math.floor(first / tileWidthMax);
  return { level, index, width: Math.min(tileWidthMax, hashCount({ size, level }) - index * tileWidthMax) };
}

/** The hash of a complete subtree, computed from the tile that holds it. */
export function hashInTile(node: TreeNode, hashes: Uint8Array): Buffer {
  const height = node.level % tileHeight;
  return completeRoot(hashes, (node.index * 2 ** height) % tileWidthMax, 2 ** height);
}

/** Entries as a bundle: each behind its length in two bytes, big endian. */
export function bundleOf(entries: readonly Uint8Array[]): Buffer {
  const bundle = Buffer.alloc(entries.reduce((bytes, entry) => bytes + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    at = bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at);
    at += entry.length;
  }
  return bundle;
}

/** The first `count` entries of a bundle; refused when it is cut short, or longer than a whole bundle of `width` may be. */
export function entriesOf(bundle: Uint8Array): Buffer[] {
  const bytes = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : Number.POSITIVE_INFINITY;
    if (end > bytes.length || entries.length === tileWidthMax)
      throw new Refusal('log.bundle', 'An entry bundle is cut short or holds more than 256 entries.');
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}

/** The hashes of a tile as one value. */
export function tileOf(hashes: readonly Uint8Array[]): Buffer {
  return Buffer.concat(hashes, hashes.length * hashBytes);
}

/** Tree levels in one tile: 2^8 = 256. */
const tileHeight = 8;
/** The specification's bound. Level 6 is the highest that a tree of 2^53 entries reaches. */
const levelMax = 63;

function indexPath({ index, width }: Tile): string {
  const digits = String(index);
  const groups = (digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/[0-9]{3}/g) ?? []).map(String);
  const path = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return width === tileWidthMax ? path : `${path}.p/${width}`;
}
