/**
 * The bytes of a file, uncompressed: as chunks from the start, as often as wanted, or in slices for formats that are read at random. Read errors
 * become refusals that say what to do. Used by the sources of rows.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { createGunzip } from 'node:zlib';
import { Refusal } from '../../../database/refusal.ts';

const chunkBytes = 256 * 1024;

export interface Contents {
  readonly path: string;
  readonly bytes: number;
  readonly isCompressed: boolean;
  bytesRead(): number;
  /** The first bytes of the uncompressed content, at most 256 KB. */
  head(): Promise<Buffer>;
  /** Everything from the start. */
  chunks(): AsyncGenerator<Buffer>;
  /** Part of the file as it lies there. */
  slice(start: number, end: number): Promise<Buffer>;
  digest(): Promise<string>;
}

export async function openContents(path: string): Promise<Contents> {
  const opened = await whileReading(path, async () =>
    withFile(path, async (file) => ({ status: await file.stat(), magic: await readAt(file, 0, 2) })),
  );
  if (!opened.status.isFile()) {
    throw new Refusal('import.unreadable', `${path} is not a file.`, {
      remedy: 'Name one file; several are imported one after the other.',
    });
  }
  const isCompressed = opened.magic.equals(Buffer.of(0x1f, 0x8b)); // RFC 1952, section 2.3.1
  let read = 0;
  const chunks = async function* (): AsyncGenerator<Buffer> {
    read = 0;
    const raw = createReadStream(path, { highWaterMark: chunkBytes });
    raw.on('data', (chunk) => (read += chunk.length));
    const plain = isCompressed ? raw.pipe(createGunzip({ chunkSize: chunkBytes })) : raw;
    if (plain !== raw) raw.on('error', (error) => plain.destroy(error));
    try {
      for await (const chunk of plain) yield chunk as Buffer; // streams of bytes without an encoding give buffers
    } catch (error) {
      throw readRefusal(path, error);
    } finally {
      raw.destroy();
      plain.destroy();
    }
  };
  return {
    path,
    bytes: opened.status.size,
    isCompressed,
    bytesRead: () => read,
    chunks,
    async head() {
      for await (const chunk of chunks()) return chunk;
      return Buffer.alloc(0);
    },
    slice: (start, end) => whileReading(path, () => withFile(path, (file) => readAt(file, start, end - start))),
    async digest() {
      const hash = createHash('sha256');
      for await (const chunk of chunks()) hash.update(chunk);
      return hash.digest('hex');
    },
  };
}

/** Chunks as UTF-8, whatever they were, without a byte order mark. */
export async function* asUtf8(chunks: AsyncIterable<Buffer>, encoding: string | undefined): AsyncGenerator<Buffer> {
  let decoder: TextDecoder | undefined;
  let isFirst = true;
  for await (const chunk of chunks) {
    if (isFirst) {
      isFirst = false;
      const found = encoding ?? encodingOf(chunk);
      decoder = isUtf8(found) ? undefined : decoderOf(found);
      if (decoder === undefined) {
        yield chunk.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)) ? chunk.subarray(3) : chunk;
        continue;
      }
    }
    yield decoder === undefined ? chunk : Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
  }
  if (decoder !== undefined) yield Buffer.from(decoder.decode(), 'utf8');
}

function isUtf8(encoding: string): boolean {
  return /^utf-?8$/i.test(encoding);
}

function encodingOf(start: Buffer): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  return 'utf-8';
}

function decoderOf(encoding: string): TextDecoder {
  try {
    return new TextDecoder(encoding);
  } catch (cause) {
    throw new Refusal('import.encoding', `There is no text encoding named "${encoding}".`, {
      remedy: 'Use a name such as utf-8, windows-1252 or utf-16le.',
      cause,
    });
  }
}

async function withFile<Result>(path: string, work: (file: FileHandle) => Promise<Result>): Promise<Result> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

async function whileReading<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw readRefusal(path, error);
  }
}

function readRefusal(path: string, error: unknown): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const because = (message: string, remedy: string) =>
    new Refusal('import.unreadable', message, { remedy, cause: error });
  switch (code) {
    case 'ENOENT':
      return because(`There is no file ${path}.`, 'Check the path.');
    case 'EACCES':
    case 'EPERM':
      return because(`This user may not read ${path}.`, 'Let the user that runs Fairlead read it.');
    case 'EISDIR':
      return because(`${path} is a directory.`, 'Name one file; several are imported one after the other.');
    case 'Z_BUF_ERROR':
      return because(
        `${path} ends in the middle of its compressed content.`,
        'Fetch the file again; what was taken in before is not taken in twice.',
      );
    case 'Z_DATA_ERROR':
      return because(
        `${path} is damaged: its compressed content cannot be read on.`,
        'Fetch the file again; what was taken in before is not taken in twice.',
      );
    default:
      return error;
  }
}
