/**
 * The auditor's side: checks a proof, a whole log, or two checkpoints against each other, with the log's verifier key and nothing else that
 * is trusted. It needs no database and no network, only a reader where a log is to be looked at. What is wrong is a finding, never an
 * exception; a reader that cannot say what is there throws `log.unreadable`, since then nothing has been checked.
 */
import { Refusal } from '../database/refusal.ts';
import type { Checkpoint } from './checkpoint.ts';
import { openCheckpoint } from './checkpoint.ts';
import { commitmentOf } from './commitment.ts';
import { readEntries, readTile, rootsOfRanges } from './internal/read-tiles.ts';
import type { NoteVerifier } from './note.ts';
import { verifierOf } from './note.ts';
import type { LogProof } from './proof.ts';
import { proofOf } from './proof.ts';
import type { ReadLog } from './reader.ts';
import { checkpointPath, hashInTile, tileOf, tileOfNode, tilePath, tilesBetween, tileWidthMax } from './tiles.ts';
import type { Tile } from './tiles.ts';
import {
  completeNodes,
  completeRoot,
  consistencyRanges,
  isConsistent,
  isIncluded,
  leafHash,
  rootOfNodes,
} from './tree.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** How many things of its kind were looked at. */
  readonly rows: number;
  /** What is wrong, in a sentence; null when nothing is. */
  readonly finding: string | null;
}

export interface Verdict {
  /** True when every check is. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

export interface ProofVerdict extends Verdict {
  /** Where the entry stands in which log; only with a checkpoint that the log has signed. */
  readonly place?: { readonly origin: string; readonly index: number; readonly size: number };
  /** The record's text, when the proof opens it and every check holds. */
  readonly record?: string;
}

export interface LogVerdict extends Verdict {
  /** The checkpoint that the log shows, when the log has signed it. */
  readonly checkpoint?: Checkpoint;
}

export interface Comparison extends Verdict {
  /** `unproven`: the log's files do not lead to the newer checkpoint, so nothing can be said from them. */
  readonly relation: 'same' | 'consistent' | 'fork' | 'unproven';
  readonly fork?: Fork;
}

/** Two signed notes that cannot both be true: the evidence that convicts a log. */
export interface Fork {
  /** Entries in the shorter history. */
  readonly size: number;
  /** The root over that many entries in either history, in base64. */
  readonly roots: readonly [string, string];
  readonly notes: readonly [string, string];
}

/**
 * Checks a `tlog-proof` offline. What the entry is comes from the proof's own opening, or from `leaf`, or from the log that `read` reads;
 * with `read` the proof's checkpoint must also be one that fits the log as it is now.
 */
export async function verifyProof(
  proof: string | Uint8Array,
  options: { verifierKey: string; leaf?: Uint8Array; read?: ReadLog },
): Promise<ProofVerdict> {
  const log = verifierOf(options.verifierKey);
  const checks = new Checks();
  const parsed = checks.parse('proof', () => proofOf(proof));
  if (parsed === undefined) return checks.verdict();
  const checkpoint = checks.parse('checkpoint', () => openCheckpoint(parsed.checkpoint, log));
  if (checkpoint === undefined) return checks.verdict();
  const { index, opening } = parsed;
  const place = { origin: checkpoint.origin, index, size: checkpoint.size };
  const shown = options.read && (await checks.look('log', 1, () => logAround(checkpoint, options.read, log)));
  const entry = await entryOf(parsed, { ...options, shown }, checks);
  if (entry === undefined) return { ...checks.verdict(), place };
  const proven = {
    leafHash: leafHash(entry),
    index,
    size: checkpoint.size,
    proof: parsed.hashes,
    root: checkpoint.root,
  };
  checks.note('inclusion', isIncluded(proven), `The hashes do not lead from entry ${index} to the signed root.`);
  const verdict = { ...checks.verdict(), place };
  return verdict.ok && opening !== undefined ? { ...verdict, record: opening.record } : verdict;
}

/**
 * Checks a whole log: every entry against its tile, every tile against the one above, the root against the signed checkpoint, and that none
 * of the `known` checkpoints (signed notes seen earlier) was taken back. Reads each file once; about 800,000 hashes a second.
 */
export async function verifyLog(
  read: ReadLog,
  options: {
    verifierKey: string;
    known?: readonly string[];
    /** `derived`: the reader computes level 0 from the entries, so that comparing the two would say nothing. */
    levelZero?: 'stored' | 'derived';
    /** Files read at the same time; 8 by default. */
    concurrency?: number;
    onProgress?: (entries: number, size: number) => void;
  },
): Promise<LogVerdict> {
  const log = verifierOf(options.verifierKey);
  const checks = new Checks();
  const note = await read(checkpointPath);
  const checkpoint = checks.parse('checkpoint', () => {
    if (note === undefined) throw new Refusal('log.checkpoint', 'The log shows no checkpoint.');
    return openCheckpoint(note, log);
  });
  if (checkpoint === undefined) return checks.verdict();
  const tree = await checks.look('entries', checkpoint.size, () => treeOfEntries(read, checkpoint.size, options));
  if (tree === undefined) return { ...checks.verdict(), checkpoint };
  await checks.look('tiles', tree.tiles, () => checkUpperTiles(read, checkpoint.size, tree.levels));
  checks.note(
    'root',
    rootOfLevels(tree.levels, checkpoint.size).equals(checkpoint.root),
    `The ${checkpoint.size} entries have another root than the one that was signed.`,
  );
  const known = options.known ?? [];
  if (known.length > 0)
    await checks.look('known checkpoints', known.length, async () => {
      for (const earlier of known) await refuseTakenBack(openCheckpoint(earlier, log), checkpoint, read);
    });
  return { ...checks.verdict(), checkpoint };
}

/**
 * Whether two checkpoints are of one history: the smaller one's tree is the beginning of the larger one's, as the log's own files prove.
 * Where they cannot both be true the two notes together are evidence that the log forked.
 */
export async function compareCheckpoints(
  notes: readonly [string | Uint8Array, string | Uint8Array],
  options: { verifierKey: string; read?: ReadLog },
): Promise<Comparison> {
  const log = verifierOf(options.verifierKey);
  const checks = new Checks();
  const opened = notes.map((note) => checks.parse('checkpoint', () => openCheckpoint(note, log)));
  const [older, newer] = opened.filter((one) => one !== undefined).toSorted((a, b) => a.size - b.size);
  if (older === undefined || newer === undefined) return { ...checks.verdict(), relation: 'unproven' };
  if (older.size === newer.size) {
    const same = older.root.equals(newer.root);
    checks.note('consistency', same, `The log signed two trees of ${older.size} entries.`);
    return same
      ? { ...checks.verdict(), relation: 'same' }
      : { ...checks.verdict(), relation: 'fork', fork: forkOf(older.size, older, newer) };
  }
  const found = await checks.attempt('consistency', () => forkBetween({ older, newer, log, read: options.read }));
  if (found === undefined) return { ...checks.verdict(), relation: 'unproven' };
  const { fork } = found;
  checks.note(
    'consistency',
    fork === undefined,
    `The log signed two histories: the first ${fork?.size} entries differ.`,
  );
  return fork === undefined
    ? { ...checks.verdict(), relation: 'consistent' }
    : { ...checks.verdict(), relation: 'fork', fork };
}

/** The entry that the proof is about, from every place that says so; all must agree. */
async function entryOf(
  { index, opening }: LogProof,
  { leaf, read, shown }: { leaf?: Uint8Array; read?: ReadLog; shown: Checkpoint | undefined },
  checks: Checks,
): Promise<Uint8Array | undefined> {
  const entries: Uint8Array[] = leaf === undefined ? [] : [leaf];
  if (opening !== undefined) {
    const commitment = checks.parse('record', () => commitmentOf(opening.record, opening.key));
    if (commitment === undefined) return undefined;
    entries.push(commitment);
  }
  if (read !== undefined && shown !== undefined && index < shown.size) {
    const entry = await checks.look('log entry', 1, () => entryAt(read, { index, size: shown.size }));
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  const [entry, ...others] = entries;
  if (entry !== undefined && others.every((other) => Buffer.from(entry).equals(other))) return entry;
  const finding =
    entry === undefined
      ? 'The proof holds no record: give the entry, or the log that it is in.'
      : 'The record is not the one that stands in the log at this place.';
  checks.note('entry', false, finding);
  return undefined;
}

async function entryAt(read: ReadLog, { index, size }: { index: number; size: number }): Promise<Buffer | undefined> {
  const tile = tileOfNode({ level: 0, index }, size);
  return (await readEntries(read, tile))[index - tile.index * tileWidthMax];
}

/** The checkpoint that the log shows now. A proof's own must lie within it, or its holder was shown another log than everybody else. */
async function logAround(checkpoint: Checkpoint, read: ReadLog | undefined, log: NoteVerifier): Promise<Checkpoint> {
  const note = await read?.(checkpointPath);
  if (note === undefined) throw new Refusal('log.checkpoint', 'The log shows no checkpoint.');
  const shown = openCheckpoint(note, log);
  await refuseTakenBack(checkpoint, shown, read);
  return shown;
}

/** Compares two checkpoints of different sizes within the tree that the log shows, or within the newer one when the log shows less. */
async function forkBetween({
  older,
  newer,
  log,
  read,
}: {
  older: Checkpoint;
  newer: Checkpoint;
  log: NoteVerifier;
  read: ReadLog | undefined;
}): Promise<{ fork: Fork | undefined }> {
  const note = await read?.(checkpointPath);
  const shown = note === undefined ? newer : openCheckpoint(note, log);
  const around = shown.size > newer.size ? shown : newer;
  for (const one of [newer, older]) {
    const root = await rootWithin({ older: one, newer: around, read });
    if (!root.equals(one.root)) return { fork: forkOf(one.size, one, { ...around, root }) };
  }
  return { fork: undefined };
}

function forkOf(size: number, one: Checkpoint, other: Checkpoint): Fork {
  return {
    size,
    roots: [one.root.toString('base64'), other.root.toString('base64')],
    notes: [one.note, other.note],
  };
}

/** Every level of the tree computed from the entries; of level 0 only the last tile, where it is partial. */
interface Levels {
  /** Hashes of level 1 and above, at 1 and above. */
  readonly upper: Buffer[][];
  readonly last: Buffer;
}

async function treeOfEntries(
  read: ReadLog,
  size: number,
  options: {
    levelZero?: 'stored' | 'derived';
    concurrency?: number;
    onProgress?: (entries: number, size: number) => void;
  },
): Promise<{ levels: Levels; tiles: number }> {
  const upper: Buffer[][] = [[], []];
  let last: Buffer = Buffer.alloc(0);
  const count = Math.ceil(size / tileWidthMax);
  const group = options.concurrency ?? 8;
  for (let first = 0; first < count; first += group) {
    const indices = Array.from({ length: Math.min(group, count - first) }, (_, at) => first + at);
    const hashes = await Promise.all(
      indices.map((index) =>
        levelZero(
          read,
          { level: 0, index, width: Math.min(tileWidthMax, size - index * tileWidthMax) },
          options.levelZero,
        ),
      ),
    );
    for (const tile of hashes)
      if (tile.length === fullTileBytes) upper[1]?.push(completeRoot(tile));
      else last = tile;
    options.onProgress?.(Math.min(size, (first + group) * tileWidthMax), size);
  }
  for (let level = 2; (upper[level - 1]?.length ?? 0) >= tileWidthMax; level++) {
    const below = upper[level - 1] ?? [];
    upper[level] = Array.from({ length: Math.floor(below.length / tileWidthMax) }, (_, at) =>
      completeRoot(tileOf(below.slice(at * tileWidthMax, (at + 1) * tileWidthMax))),
    );
  }
  return { levels: { upper, last }, tiles: [...tilesBetween({ older: 0, newer: size })].length };
}

/** The leaf hashes under one tile, computed from its entries and equal to the stored ones. */
async function levelZero(read: ReadLog, tile: Tile, stored: 'stored' | 'derived' = 'stored'): Promise<Buffer> {
  const [entries, shown] = await Promise.all([
    readEntries(read, tile),
    stored === 'stored' ? readTile(read, tile) : undefined,
  ]);
  const hashes = tileOf(entries.map((entry) => leafHash(entry)));
  if (shown !== undefined && !shown.equals(hashes)) throw disagreement(tile);
  return hashes;
}

async function checkUpperTiles(read: ReadLog, size: number, { upper }: Levels): Promise<void> {
  for (const tile of tilesBetween({ older: 0, newer: size })) {
    if (tile.level === 0) continue;
    const first = tile.index * tileWidthMax;
    const computed = tileOf((upper[tile.level] ?? []).slice(first, first + tile.width));
    if (!(await readTile(read, tile)).equals(computed)) throw disagreement(tile);
  }
}

function rootOfLevels({ upper, last }: Levels, size: number): Buffer {
  return rootOfNodes(
    completeNodes({ start: 0, end: size }).map((node) => {
      const tile = tileOfNode(node, size);
      const first = tile.index * tileWidthMax;
      return hashInTile(
        node,
        tile.level === 0 ? last : tileOf((upper[tile.level] ?? []).slice(first, first + tile.width)),
      );
    }),
  );
}

async function refuseTakenBack(earlier: Checkpoint, now: Checkpoint, read: ReadLog | undefined): Promise<void> {
  if (earlier.size > now.size)
    throw new Refusal(
      'log.rolled-back',
      `The log has signed ${earlier.size} entries before and shows ${now.size} now.`,
    );
  const root = await rootWithin({ older: earlier, newer: now, read });
  if (!root.equals(earlier.root))
    throw new Refusal('log.forked', `The log has signed another history of its first ${earlier.size} entries before.`);
}

/**
 * The root over the first `older.size` entries of the tree that `newer` signs. The files are believed only as far as a consistency proof from
 * them leads to `newer.root`; for that, the root is folded from the very hashes of the proof.
 */
async function rootWithin({
  older,
  newer,
  read,
}: {
  older: Checkpoint;
  newer: Checkpoint;
  read: ReadLog | undefined;
}): Promise<Buffer> {
  if (older.size === newer.size) return newer.root;
  if (read === undefined)
    throw new Refusal('log.unproven', 'Checkpoints of different sizes can only be compared with the log at hand.');
  const [root, ...proof] = await rootsOfRanges(read, newer.size, [
    { start: 0, end: older.size },
    ...consistencyRanges({ older: older.size, newer: newer.size }),
  ]);
  if (root === undefined || !isConsistent({ older: { size: older.size, root }, newer, proof }))
    throw new Refusal(
      'log.unproven',
      'The files of the log do not lead to the newer checkpoint, so they prove nothing.',
    );
  return root;
}

function disagreement(tile: Tile): Refusal {
  return new Refusal('log.damaged', `${tilePath(tile)} is not what the entries below it hash to.`);
}

const fullTileBytes = 8_192;

/** Collects checks; a `Refusal` in the course of one is its finding. */
class Checks {
  readonly #checks: Check[] = [];

  note(name: string, ok: boolean, finding: string, rows = 1): void {
    this.#checks.push({ name, ok, rows, finding: ok ? null : finding });
  }

  parse<Result>(name: string, work: () => Result): Result | undefined {
    try {
      const result = work();
      this.note(name, true, '');
      return result;
    } catch (error) {
      this.note(name, false, findingOf(error));
      return undefined;
    }
  }

  async look<Result>(name: string, rows: number, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work();
      this.note(name, true, '', rows);
      return result;
    } catch (error) {
      this.note(name, false, findingOf(error), rows);
      return undefined;
    }
  }

  /** Like `look`, but says nothing of success. */
  async attempt<Result>(name: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.note(name, false, findingOf(error));
      return undefined;
    }
  }

  verdict(): Verdict {
    return { ok: this.#checks.every(({ ok }) => ok), checks: [...this.#checks] };
  }
}

/** The sentence of a refusal that speaks of the log; anything else means that the check did not take place. */
function findingOf(error: unknown): string {
  if (error instanceof Refusal && error.code.startsWith('log.') && error.code !== 'log.unreadable')
    return error.message;
  throw error;
}
