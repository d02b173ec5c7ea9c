/**
 * Writes what has been signed into the directory that everybody reads: first the tiles, durably, then the checkpoint over them. The directory
 * is only ever a copy: whatever is killed here, the next call writes the same bytes again.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Transaction } from '../../database/database.ts';
import { Refusal } from '../../database/refusal.ts';
import { lastCheckpoint, readDatabase } from '../database-reader.ts';
import type { ReadLog } from '../reader.ts';
import type { Tile } from '../tiles.ts';
import { bundleOf, checkpointPath, entriesPath, tilePath, tilesBetween, tileOf, tileWidthMax } from '../tiles.ts';
import { leafHash } from '../tree.ts';
import { refuseMisfit, shownIn } from './examine.ts';
import type { LogIdentity } from './log-identity.ts';
import { openOwn } from './log-identity.ts';
import { readEntries, readTile } from './read-tiles.ts';

export interface PublishOptions {
  readonly identity: LogIdentity;
  readonly directory: string;
  /** Write every file anew, whatever is there. */
  readonly everything?: boolean;
  /** Called when the tiles are written and the checkpoint is not yet. */
  readonly onTiles?: () => void | Promise<void>;
}

/** Brings the directory to the last checkpoint; the caller is the sole writer for as long as the transaction lasts. */
export async function publish(tx: Transaction, options: PublishOptions): Promise<void> {
  const { identity, directory, everything = false } = options;
  const read = readDatabase(tx);
  const last = await lastCheckpoint(tx);
  if (last === undefined) return;
  const signed = openOwn(last.note, identity);
  const shown = everything ? undefined : await shownIn(directory, identity);
  if (shown?.note === signed.note) return;
  if (!everything) await refuseMisfit(read, { shown, signed });
  const older = shown?.size ?? 0;
  const files = new Files(directory, () => tx.world.uuid());
  for (const tile of tilesBetween({ older, newer: signed.size })) await writeTile(files, read, tile);
  await files.settle();
  await options.onTiles?.();
  // Fails when the connection is gone, and with it the lock: another process may then have published something newer already.
  await tx.query('select 1 as alive');
  await files.write(checkpointPath, Buffer.from(signed.note, 'utf8'));
  await files.settle();
  await removeOutgrown(directory, { older, newer: signed.size });
}

async function writeTile(files: Files, read: ReadLog, tile: Tile): Promise<void> {
  if (tile.level > 0) return files.write(tilePath(tile), await readTile(read, tile));
  const entries = await readEntries(read, tile);
  await files.write(entriesPath(tile), bundleOf(entries));
  await files.write(tilePath(tile), tileOf(entries.map((entry) => leafHash(entry))));
}

/** Partial tiles may go once the full one is there (C2SP tlog-tiles). */
async function removeOutgrown(directory: string, range: { older: number; newer: number }): Promise<void> {
  for (const tile of tilesBetween(range)) {
    if (tile.width < tileWidthMax) continue;
    const paths = tile.level === 0 ? [tilePath(tile), entriesPath(tile)] : [tilePath(tile)];
    for (const full of paths) await rm(path.join(directory, `${full}.p`), { recursive: true, force: true });
  }
}

/** Writes whole files or none, and makes them last. */
class Files {
  readonly #root: string;
  readonly #freshName: () => string;
  /** Directories whose listing has changed since it was last made durable. */
  readonly #touched = new Set<string>();
  readonly #made = new Set<string>();

  constructor(root: string, freshName: () => string) {
    this.#root = root;
    this.#freshName = freshName;
  }

  async write(file: string, bytes: Uint8Array): Promise<void> {
    const target = path.join(this.#root, file);
    const parent = path.dirname(target);
    const draft = path.join(parent, `.${this.#freshName()}`);
    await told(async () => {
      if (!this.#made.has(parent)) await mkdir(parent, { recursive: true });
      this.#made.add(parent);
      const opened = await open(draft, 'wx', 0o644);
      try {
        await opened.writeFile(bytes);
        await opened.sync();
      } finally {
        await opened.close();
      }
      await rename(draft, target);
    });
    for (let above = parent; ; above = path.dirname(above)) {
      this.#touched.add(above);
      if (above === this.#root || above === path.dirname(above)) break;
    }
  }

  /** Makes the names durable; the bytes are already. */
  async settle(): Promise<void> {
    for (const directory of this.#touched)
      await told(async () => {
        const opened = await open(directory, 'r');
        try {
          await opened.sync();
        } finally {
          await opened.close();
        }
      });
    this.#touched.clear();
  }
}

/** A fault of the file system in words. */
async function told(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'fault';
    throw new Refusal('log.directory-unwritable', `The transparency log's directory cannot be written (${code}).`, {
      remedy: 'Make room, or give the user that runs Fairlead leave to write there; entries wait meanwhile.',
      cause: error,
    });
  }
}
