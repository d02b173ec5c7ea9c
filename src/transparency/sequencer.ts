/**
 * Takes leaves from the outbox into the tree, signs checkpoints and publishes them as files: the one writer of the log. At start it derives the
 * root from all entries and refuses to go on from anything that is not what was signed. Started by `serve`; tests run single steps.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { examineDatabase, examineDirectory, shownIn } from './internal/examine.ts';
import type { LogKeys } from './internal/log-identity.ts';
import { identityOf, isSoleWriter } from './internal/log-identity.ts';
import { publish } from './internal/publish.ts';
import type { SequencerPoint, Signed } from './internal/sign-next.ts';
import { signNext } from './internal/sign-next.ts';

export type { LogKeys } from './internal/log-identity.ts';
export type { SequencerPoint } from './internal/sign-next.ts';

export interface SequenceOptions {
  readonly keys: LogKeys;
  /** Where the log's files are published; without it the log lives in the database alone. */
  readonly directory?: string;
  /** Entries in one step at most; 16,384 by default. */
  readonly leavesMax?: number;
  /** Full tiles that each step checks again, in turn; 16 by default, which covers a log of 4,096 entries at every step. */
  readonly patrolTiles?: number;
  /** Where the last step's patrol ended. */
  readonly patrolFrom?: number;
  /** For tests: called at each point, and may throw or kill there. */
  readonly at?: (point: SequencerPoint) => void | Promise<void>;
}

export interface SequencerOptions extends Omit<SequenceOptions, 'patrolFrom'> {
  /** Pause between steps; 500 by default, so that an entry is in the log about half a second after its commit. */
  readonly everyMs?: number;
  /** Pause between examinations of the whole log; a day by default. */
  readonly examineEveryMs?: number;
  /** Told of every step that failed; the next one is tried after a pause that grows to 30 s. */
  readonly onError: (error: unknown) => void;
  /** Told how far the examination at start has come. */
  readonly onProgress?: (entries: number, size: number) => void;
}

export interface Sequencer {
  /** For `/log`, `/metrics` and `verify`. */
  readonly verifierKey: string;
  status(): SequencerStatus;
  /** Finishes the step under way, then ends. */
  stop(): Promise<void>;
}

export interface SequencerStatus {
  /** Entries in the log when this process last looked. */
  readonly size: number;
  /** Why the last step failed; undefined while all is well. */
  readonly failure: unknown;
}

/**
 * Examines the whole log, then sequences until stopped. Refuses to start with `log.damaged`, `log.directory-damaged`, `log.directory-lost`,
 * `log.database-behind`, `log.forked` or `log.identity`, each with what to do. Several processes may call this; one of them at a time writes.
 */
export async function startSequencer(database: Database, options: SequencerOptions): Promise<Sequencer> {
  const { everyMs = 500, examineEveryMs = 86_400_000 } = options;
  let size = await examineLog(database, options);
  let failure: unknown;
  let finding: unknown;
  const stopping = new AbortController();
  const pause = async (ms: number) => {
    // Rejects when stopped, and then the loop's condition ends it.
    await sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);
  };

  const sequence = async () => {
    let patrolFrom = 0;
    let failures = 0;
    while (!stopping.signal.aborted) {
      let more = false;
      try {
        // What an examination has found stays so until somebody has repaired it and started again.
        if (finding !== undefined) throw finding;
        const step = await sequenceOnce(database, { ...options, patrolFrom });
        if (step !== undefined) ({ size, more, patrolledTo: patrolFrom } = step);
        failures = 0;
        failure = undefined;
      } catch (error) {
        failures += 1;
        failure = error;
        options.onError(error);
      }
      if (!more) await pause(failures === 0 ? everyMs : Math.min(30_000, everyMs * 2 ** Math.min(failures, 10)));
    }
  };
  const examine = async () => {
    for (;;) {
      await pause(examineEveryMs);
      if (stopping.signal.aborted) return;
      try {
        await examineLog(database, options);
      } catch (error) {
        if (error instanceof Refusal && error.code.startsWith('log.') && error.code !== 'log.unreadable')
          finding = error;
        else options.onError(error);
      }
    }
  };
  const running = Promise.all([sequence(), examine()]);
  return {
    verifierKey: identityOf(options.keys).signer.verifierKey,
    status: () => ({ size, failure }),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

/**
 * One step: signs what waits in the outbox, then publishes what is signed. Undefined when another process is the sequencer at this moment.
 * Throws the refusals of {@link startSequencer}; then nothing has been signed.
 */
export async function sequenceOnce(database: Database, options: SequenceOptions): Promise<Signed | undefined> {
  const identity = identityOf(options.keys);
  const { directory, at = () => undefined } = options;
  const signed = await database.transaction((tx) =>
    signNext(tx, {
      identity,
      directory,
      leavesMax: options.leavesMax ?? 16_384,
      patrolFrom: options.patrolFrom ?? 0,
      patrolTiles: options.patrolTiles ?? 16,
      at,
    }),
  );
  if (signed === undefined) return undefined;
  await at('committed');
  if (directory !== undefined && signed.isAhead)
    await database.transaction(async (tx) => {
      if (await isSoleWriter(tx)) await publish(tx, { identity, directory, onTiles: () => at('tiles-written') });
    });
  await at('published');
  return signed;
}

/** Derives the root from all entries and compares it with what was signed and published; answers how many entries there are. */
export async function examineLog(
  database: Database,
  options: Pick<SequencerOptions, 'keys' | 'directory' | 'onProgress'>,
): Promise<number> {
  const identity = identityOf(options.keys);
  const { directory } = options;
  const shown = directory === undefined ? undefined : await shownIn(directory, identity);
  const signed = await examineDatabase(database, identity, options.onProgress);
  if (directory !== undefined) await examineDirectory(database, { identity, directory, shown, signed });
  return signed?.size ?? 0;
}
