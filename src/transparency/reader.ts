/**
 * Where a log's files are read from: a directory, an address, or (in `database-reader.ts`) the database. The verifier asks a reader for
 * paths and believes nothing that it gets; a reader only promises that an answer comes within its deadline and has a bounded size.
 */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Refusal } from '../database/refusal.ts';

/** The bytes at a path below the log's prefix; undefined when nothing is there. Throws `log.unreadable` when that cannot be said. */
export type ReadLog = (path: string) => Promise<Uint8Array | undefined>;

/** Reads a log from the directory that holds its `checkpoint`. */
export function readDirectory(directory: string): ReadLog {
  return async (file) => {
    try {
      const opened = await open(path.join(directory, file), constants.O_RDONLY);
      try {
        const { size } = await opened.stat();
        if (size > fileBytesMax) throw tooLarge(file);
        return await opened.readFile();
      } finally {
        await opened.close();
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
      if (error instanceof Refusal) throw error;
      throw new Refusal(
        'log.unreadable',
        `The file ${file} of the log cannot be read (${typeof code === 'string' ? code : 'unknown fault'}).`,
        {
          remedy: 'Give the user that runs this leave to read the log directory.',
        },
      );
    }
  };
}

/** Reads a log over HTTP below an address such as `https://shop.example/log`; follows no redirects. */
export function readUrl(address: string, { timeoutMs = 10_000 }: { timeoutMs?: number } = {}): ReadLog {
  const prefix = address.endsWith('/') ? address : `${address}/`;
  return async (file) => {
    let answer: Response;
    try {
      answer = await fetch(new URL(file, prefix), { redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      if (answer.status === 404 || answer.status === 410) return undefined;
      if (answer.ok) return await bounded(answer, file);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      throw new Refusal(
        'log.unreadable',
        `The log did not answer for ${file} within ${timeoutMs} ms, or the connection broke.`,
        {
          remedy: 'Check the address and the network, then try again.',
        },
      );
    }
    throw new Refusal('log.unreadable', `The log answered ${answer.status} for ${file}.`);
  };
}

/** A full bundle of our 34-byte entries has 8,704 bytes; a checkpoint with 64 post-quantum signatures 320 kB. */
const fileBytesMax = 1_000_000;

async function bounded(answer: Response, file: string): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of answer.body ?? []) {
    bytes += part.length;
    if (bytes > fileBytesMax) throw tooLarge(file);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function tooLarge(file: string): Refusal {
  return new Refusal(
    'log.unreadable',
    `The file ${file} has more than ${fileBytesMax} bytes, so it is none of this log.`,
  );
}
