/**
 * What `fairlead verify` does for somebody outside, who has a proof, or the log, and its verifier key: no installation is opened, nothing is believed but
 * the key, and years later it still works.
 */
import { readFile } from 'node:fs/promises';
import { Refusal } from '../database/refusal.ts';
import { type ReadLog, readDirectory, readUrl } from '../transparency/reader.ts';
import { type Verdict, verifyLog, verifyProof } from '../transparency/verify.ts';
import { formatCount, progressBar } from './terminal.ts';

export interface OutsideOptions {
  /** A `.tlog-proof` file. */
  readonly proof?: string;
  /** The address of a log, or the directory that holds its checkpoint. */
  readonly log?: string;
  /** The verifier key, one line. */
  readonly key?: string;
}

export interface OutsideVerdict extends Verdict {
  /** In a sentence, what holds; null where a check does not. */
  readonly holds: string | null;
  /** Where the entry of a proof stands. */
  readonly place?: { readonly origin: string; readonly index: number; readonly size: number };
  /** What a proof opens to. */
  readonly record?: unknown;
  /** What a log shows of itself. */
  readonly checkpoint?: { readonly origin: string; readonly size: number; readonly root: string };
}

/** Checks a proof, or else a whole log. Refuses with `verify.options`, `log.verifier-key` and `log.unreadable`. */
export async function verifyFromOutside({ proof, log, key }: OutsideOptions): Promise<OutsideVerdict> {
  if (key === undefined)
    throw new Refusal('verify.options', 'Without the verifier key of the log nothing can be checked.', {
      remedy: 'Give it with --key. It stands on the page /log; compare it with one that you have from somewhere else.',
    });
  const read = log === undefined ? undefined : readerOf(log);
  if (proof !== undefined) return verifyOneProof(proof, { key, read });
  if (read === undefined)
    throw new Refusal('verify.options', '--key says by what to check, but not what.', {
      remedy: 'Add --proof FILE, or --log with the address or the directory of a log.',
    });
  return verifyWholeLog(read, key);
}

function readerOf(log: string): ReadLog {
  return /^https?:\/\//.test(log) ? readUrl(log) : readDirectory(log);
}

async function verifyOneProof(
  file: string,
  { key, read }: { key: string; read: ReadLog | undefined },
): Promise<OutsideVerdict> {
  const { record, ...verdict } = await verifyProof(await readFile(file), {
    verifierKey: key,
    ...(read === undefined ? {} : { read }),
  });
  const { place } = verdict;
  return {
    ...verdict,
    holds:
      place === undefined || !verdict.ok
        ? null
        : `The proof holds: entry ${formatCount(place.index)} of the ${formatCount(place.size)} that ${place.origin} had signed.`,
    ...(record === undefined ? {} : { record: parsed(record) }),
  };
}

/** Our records are JSON; what another writer has logged is shown as it is. */
function parsed(record: string): unknown {
  try {
    return JSON.parse(record);
  } catch {
    return record; // text that is no JSON
  }
}

async function verifyWholeLog(read: ReadLog, key: string): Promise<OutsideVerdict> {
  const bar = progressBar('Verifying');
  const { checkpoint, ...verdict } = await verifyLog(read, {
    verifierKey: key,
    onProgress: (done, total) => bar.move(done, total, 'entries'),
  });
  bar.end();
  return {
    ...verdict,
    holds:
      checkpoint === undefined || !verdict.ok
        ? null
        : `The log holds: all ${formatCount(checkpoint.size)} entries lead to the root that was signed.`,
    ...(checkpoint === undefined
      ? {}
      : {
          checkpoint: {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: checkpoint.root.toString('base64'),
          },
        }),
  };
}
