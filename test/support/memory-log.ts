/**
 * A transparency log in memory, built straight from the definitions of RFC 6962 and C2SP tlog-tiles and in nothing like the way that the
 * sequencer builds one, so that tests have something to hold it against.
 */
import { createHash } from 'node:crypto';
import { signCheckpoint } from '../../src/transparency/checkpoint.ts';
import type { NoteSigner } from '../../src/transparency/note.ts';
import { signerOf } from '../../src/transparency/note.ts';
import type { ReadLog } from '../../src/transparency/reader.ts';
import { entriesPath, tilePath, tilesBetween } from '../../src/transparency/tiles.ts';

/** Entries and the root of every range of them (MTH of RFC 6962, section 2.1), remembered. */
export class MemoryTree {
  readonly entries: readonly Buffer[];
  readonly #roots = new Map<string, Buffer>();

  constructor(entries: readonly Buffer[]) {
    this.entries = entries;
  }

  root(start = 0, end: number = this.entries.length): Buffer {
    const name = `${start}-${end}`;
    const known = this.#roots.get(name);
    if (known !== undefined) return known;
    const root = this.#compute(start, end);
    this.#roots.set(name, root);
    return root;
  }

  #compute(start: number, end: number): Buffer {
    const width = end - start;
    const sha256 = createHash('sha256');
    if (width === 0) return sha256.digest();
    if (width === 1)
      return sha256
        .update('\0')
        .update(this.entries[start] ?? '')
        .digest();
    let split = 1;
    while (split * 2 < width) split *= 2;
    const left = this.root(start, start + split);
    return sha256
      .update('\u0001')
      .update(left)
      .update(this.root(start + split, end))
      .digest();
  }
}

export const memorySigner: NoteSigner = signerOf({ name: 'shop.example/log', seed: Buffer.alloc(32, 7) });

/** Entry number `n`: 32 bytes that follow from the number and the branch of history. */
export function memoryEntries(count: number, branch = ''): Buffer[] {
  return Array.from({ length: count }, (_, at) => createHash('sha256').update(`${branch}entry ${at}`).digest());
}

/** All files of a log with these entries, by path. */
export function memoryFiles(tree: MemoryTree, signer: NoteSigner = memorySigner): Map<string, Buffer> {
  const size = tree.entries.length;
  const files = new Map([['checkpoint', Buffer.from(signCheckpoint({ size, root: tree.root() }, signer), 'utf8')]]);
  for (const tile of tilesBetween({ older: 0, newer: size })) {
    const span = 256 ** tile.level;
    const hashes = Array.from({ length: tile.width }, (_, at) => {
      const start = (tile.index * 256 + at) * span;
      return tree.root(start, start + span);
    });
    files.set(tilePath(tile), Buffer.concat(hashes));
    if (tile.level > 0) continue;
    const entries = tree.entries.slice(tile.index * 256, tile.index * 256 + tile.width);
    const bundle = entries.flatMap((entry) => [Buffer.from([entry.length >> 8, entry.length & 255]), entry]);
    files.set(entriesPath(tile), Buffer.concat(bundle));
  }
  return files;
}

export function readMemory(files: ReadonlyMap<string, Buffer>): ReadLog {
  return (path) => Promise.resolve(files.get(path));
}
