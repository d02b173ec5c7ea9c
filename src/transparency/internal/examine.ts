/**
 * Looks whether what is stored is still what was signed: all of it at start and once a day, the right edge and a few tiles in turn before
 * every signature. Throws a `Refusal`; nothing is repaired here.
 */
import type { Sql } from '../../database/database.ts';
import { Refusal } from '../../database/refusal.ts';
import type { Checkpoint } from '../checkpoint.ts';
import { readDatabase } from '../database-reader.ts';
import type { ReadLog } from '../reader.ts';
import { readDirectory } from '../reader.ts';
import type { Tile } from '../tiles.ts';
import { checkpointPath, entriesPath, hashCount, partialTiles, tileOf, tilePath, tileWidthMax } from '../tiles.ts';
import { completeRoot, hashBytes, leafHash } from '../tree.ts';
import { verifyLog } from '../verify.ts';
import { openOwn } from './log-identity.ts';
import type { LogIdentity } from './log-identity.ts';
import { damaged, readEntries, readTile, rootOfTiles, rootsOfRanges } from './read-tiles.ts';

/** Re-derives the root from all leaves; answers the last checkpoint, or undefined for a database without a log. */
export async function examineDatabase(
  sql: Sql,
  identity: LogIdentity,
  onProgress?: (entries: number, size: number) => void,
): Promise<Checkpoint | undefined> {
  const notes = await sql.query<{ note: string }>(
    `select note from log_checkpoints where log_number = (select max(log_number) from log_checkpoints) order by tree_size desc`,
  );
  const [last] = notes;
  if (last !== undefined) openOwn(last.note, identity);
  // In one statement, since a sequencer in another process commits entries and their checkpoint together.
  const [found] = await sql.query<{ entries: number; signed: number }>(
    `select (select coalesce(max(leaf_index) + 1, 0) from log_leaves) as entries,
            (select coalesce(max(tree_size), 0) from log_checkpoints
             where log_number = (select max(log_number) from log_checkpoints)) as signed`,
  );
  if (found === undefined || found.entries > found.signed)
    throw damaged(`there are entries after the ${found?.signed ?? 0} that were signed`);
  if (last === undefined) return undefined;
  const verdict = await verifyLog(readDatabase(sql), {
    verifierKey: identity.signer.verifierKey,
    known: notes.map(({ note }) => note),
    levelZero: 'derived',
    // Leaves connections to those who serve people.
    concurrency: 2,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const wrong = verdict.checks.find(({ ok }) => !ok);
  if (wrong !== undefined || verdict.checkpoint === undefined)
    throw damaged(`the database does not hold what was signed (${wrong?.name}: ${wrong?.finding})`);
  return verdict.checkpoint;
}

/**
 * Checks every file of the directory, and that it shows a beginning of what the database holds. `shown` was read before the database, so that
 * a sequencer in another process can only have made the database longer.
 */
export async function examineDirectory(
  sql: Sql,
  options: { identity: LogIdentity; directory: string; shown: Checkpoint | undefined; signed: Checkpoint | undefined },
): Promise<void> {
  const { identity, directory, shown, signed } = options;
  await refuseMisfit(readDatabase(sql), { shown, signed });
  if (shown === undefined) return;
  const verdict = await verifyLog(readDirectory(directory), {
    verifierKey: identity.signer.verifierKey,
    known: [shown.note],
  });
  const wrong = verdict.checks.find(({ ok }) => !ok);
  if (wrong !== undefined)
    throw new Refusal(
      'log.directory-damaged',
      `The directory of the transparency log is damaged (${wrong.name}: ${wrong.finding}).`,
      { remedy: rebuildRemedy },
    );
}

/** The checkpoint in the directory, or undefined when there is none. */
export async function shownIn(directory: string, identity: LogIdentity): Promise<Checkpoint | undefined> {
  const note = await readDirectory(directory)(checkpointPath);
  try {
    return note === undefined ? undefined : openOwn(note, identity);
  } catch (error) {
    if (!(error instanceof Refusal) || error.code === 'log.identity') throw error;
    throw new Refusal('log.directory-damaged', `The checkpoint in the log directory is damaged. ${error.message}`, {
      remedy: rebuildRemedy,
      cause: error,
    });
  }
}

/** Refuses a directory that the database could not have written; `read` reads the database. */
export async function refuseMisfit(
  read: ReadLog,
  { shown, signed }: { shown: Checkpoint | undefined; signed: Checkpoint | undefined },
): Promise<void> {
  if (shown === undefined) {
    // The checkpoint of the empty log is published before anything else is signed, so a log with entries has had a directory.
    if (signed === undefined || signed.size === 0) return;
    throw new Refusal(
      'log.directory-lost',
      `The log has ${signed.size} signed entries, but its directory holds no checkpoint: it was lost or emptied.`,
      { remedy: rebuildRemedy },
    );
  }
  if (shown.size > (signed?.size ?? 0))
    throw new Refusal(
      'log.database-behind',
      `The log has published ${shown.size} entries, but the database knows of ${signed?.size ?? 0}: it was restored from an older backup or lost.`,
      {
        remedy:
          'Restore the missing entries from the log directory, or begin a new log identity, which everybody can see.',
      },
    );
  const [root] =
    signed === undefined ? [shown.root] : await rootsOfRanges(read, signed.size, [{ start: 0, end: shown.size }]);
  if (!root?.equals(shown.root))
    throw new Refusal(
      'log.forked',
      `The log has published another history of its first ${shown.size} entries than the database holds.`,
      {
        remedy:
          'Keep both as evidence, find out which one was changed, and begin a new log identity, which everybody can see.',
      },
    );
}

/** Checks the root of the rows at the right edge. */
export async function examineEdge(read: ReadLog, signed: Checkpoint): Promise<void> {
  if (!(await rootOfTiles(read, signed.size)).equals(signed.root))
    throw damaged('the entries and tiles at its end have another root than the one that was signed');
}

/** Checks the published files of the right edge against the rows. */
export async function examineShownEdge(read: ReadLog, shown: Checkpoint, readShown: ReadLog): Promise<void> {
  for (const tile of partialTiles(shown.size)) await refuseOtherFile(read, readShown, tile);
}

/**
 * Checks `count` full tiles, beginning with number `from` in an order that runs through all of them: their hash against the tile above, and
 * their files against the rows. Answers where to go on. So a damaged tile stops the log within one round, not only at the next start.
 */
export async function patrol(
  read: ReadLog,
  options: {
    signed: Checkpoint;
    shown: Checkpoint | undefined;
    readShown: ReadLog | undefined;
    from: number;
    count: number;
  },
): Promise<number> {
  const { signed, shown, readShown, from, count } = options;
  const total = [...fullTileCounts(signed.size)].reduce((sum, tiles) => sum + tiles, 0);
  for (let step = 0; step < Math.min(count, total); step++) {
    const tile = fullTileAt((from + step) % total, signed.size);
    const root = completeRoot(await readTile(read, tile));
    const above = Math.floor(tile.index / tileWidthMax);
    const width = Math.min(
      tileWidthMax,
      hashCount({ size: signed.size, level: tile.level + 1 }) - above * tileWidthMax,
    );
    const parent = await readTile(read, { level: tile.level + 1, index: above, width });
    const place = (tile.index % tileWidthMax) * hashBytes;
    if (!parent.subarray(place, place + hashBytes).equals(root))
      throw damaged(`${tilePath(tile)} does not hash to what the tile above it holds`);
    const isShown =
      shown !== undefined && tile.index < Math.floor(hashCount({ size: shown.size, level: tile.level }) / tileWidthMax);
    if (isShown && readShown !== undefined) await refuseOtherFile(read, readShown, tile);
  }
  return total === 0 ? 0 : (from + count) % total;
}

const rebuildRemedy =
  'Rebuild the directory from the database, which holds every entry, once you know that the database was not restored from an older backup.';

async function refuseOtherFile(read: ReadLog, readShown: ReadLog, tile: Tile): Promise<void> {
  try {
    const [rows, file] = [await readTile(read, tile), await readTile(readShown, tile)];
    if (!rows.equals(file)) throw damaged(`${tilePath(tile)} is not what the database holds`);
    if (tile.level > 0) return;
    const entries = await readEntries(readShown, tile);
    if (!tileOf(entries.map((entry) => leafHash(entry))).equals(rows))
      throw damaged(`${entriesPath(tile)} is not what the database holds`);
  } catch (error) {
    if (!(error instanceof Refusal) || !['log.damaged', 'log.bundle'].includes(error.code)) throw error;
    throw new Refusal('log.directory-damaged', error.message, { remedy: rebuildRemedy, cause: error });
  }
}

/** How many full tiles each level has. */
function* fullTileCounts(size: number): Generator<number> {
  for (let level = 0; hashCount({ size, level }) >= tileWidthMax; level++)
    yield Math.floor(hashCount({ size, level }) / tileWidthMax);
}

/** Full tiles in one order: level by level, from the left. */
function fullTileAt(position: number, size: number): Tile {
  let before = 0;
  let level = 0;
  for (const tiles of fullTileCounts(size)) {
    if (position < before + tiles) return { level, index: position - before, width: tileWidthMax };
    before += tiles;
    level += 1;
  }
  throw new RangeError(`There is no full tile ${position} in a tree of ${size}.`);
}
