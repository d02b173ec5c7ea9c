/**
 * The file of refused rows: one JSON object a line with the line in the source and the reason, in the order in which they were met. The row itself is
 * in it only where the operator asked for that. Made anew by each run, and not at all when nothing was refused.
 */
import { type FileHandle, lstat, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../../database/refusal.ts';
import type { Fault } from './row-source.ts';

export class Rejects {
  readonly #candidates: readonly string[];
  #file: { handle: FileHandle; path: string } | undefined;
  #reasons = new Map<string, number>();

  private constructor(candidates: readonly string[]) {
    this.#candidates = candidates;
  }

  /** Beside the source, or in the present directory where the source's may not be written to; `file` puts it where the operator wants it. */
  static async open(source: string, file: string | undefined): Promise<Rejects> {
    const beside = `${source}.rejects`;
    const isOpen = await mayBeWrittenTo(path.dirname(beside));
    const candidates = file === undefined ? [...(isOpen ? [beside] : []), path.basename(beside)] : [file];
    if (file !== undefined && path.resolve(file) === path.resolve(source)) {
      throw new Refusal('import.rejects', 'The refused rows would be written over the file that is imported.', {
        remedy: 'Name another file with --rejects.',
      });
    }
    // What an earlier run has left goes; a device or anything else that is no plain file is written to as it is.
    for (const candidate of candidates) if (await isPlainFile(candidate)) await rm(candidate);
    return new Rejects(candidates);
  }

  /** Where it lies; undefined while nothing has been refused. */
  get path(): string | undefined {
    return this.#file?.path;
  }

  /** Reason → how many, most first. */
  get reasons(): [string, number][] {
    return [...this.#reasons].toSorted(([, left], [, right]) => right - left);
  }

  async add(faults: readonly Fault[]): Promise<void> {
    if (faults.length === 0) return;
    this.#file ??= await openFirst(this.#candidates);
    for (const { reason } of faults) this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    const lines = faults.map(({ line, reason, text }) =>
      JSON.stringify({ line, reason, ...(text === undefined ? {} : { row: text }) }),
    );
    try {
      await this.#file.handle.write(`${lines.join('\n')}\n`);
    } catch (cause) {
      throw new Refusal(
        'import.rejects',
        `The refused rows cannot be written to ${this.#file.path}: ${faultOf(cause)}.`,
        {
          remedy:
            'Free some space or say where with --rejects FILE, then run the import again: nothing is taken in twice.',
          cause,
        },
      );
    }
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
  }
}

async function isPlainFile(file: string): Promise<boolean> {
  try {
    return (await lstat(file)).isFile();
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

/** By its mode, which also counts for a root process that could write there all the same. */
async function mayBeWrittenTo(directory: string): Promise<boolean> {
  return ((await stat(directory)).mode & 0o222) !== 0;
}

async function openFirst(candidates: readonly string[]): Promise<{ handle: FileHandle; path: string }> {
  for (const candidate of candidates) {
    try {
      return { handle: await open(candidate, 'w', 0o600), path: candidate };
    } catch (error) {
      if (!isForbidden(error)) throw error;
    }
  }
  throw new Refusal('import.rejects', `The refused rows cannot be written to ${candidates.join(' or ')}.`, {
    remedy: 'Say where with --rejects FILE.',
  });
}

function faultOf(cause: unknown): string {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no space left on the disk' : 'the file system refuses';
}

function isForbidden(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOENT';
}
