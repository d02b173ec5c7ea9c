/**
 * Rows of a Parquet file, read by `hyparquet` in slices of a row group, so that memory does not grow with the file. The "line" of a row is its
 * number, counted from 1. A wanted column is a top-level column, or a path into one (`user.id`).
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { Refusal } from '../../../database/refusal.ts';
import { type RowBatch, type RowSource, positionsOf } from '../row-source.ts';
import type { Contents } from './contents.ts';
import { memberAt } from './json-source.ts';

/** Pages before a slice are stepped over without being unpacked, so short slices cost little. */
const sliceRows = 20_000;

export async function parquetSource(contents: Contents): Promise<RowSource> {
  if (contents.isCompressed) {
    throw new Refusal('import.format', 'A Parquet file is read at random and cannot be compressed as a whole.', {
      remedy: 'Unpack it first with gunzip.',
    });
  }
  let done = 0;
  const file: AsyncBuffer = {
    byteLength: contents.bytes,
    slice: async (start, end) => {
      const bytes = await contents.slice(start, end ?? contents.bytes);
      return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer; // Buffer.alloc never shares memory between threads
    },
  };
  const metadata = await whileParsing(contents, () => parquetMetadataAsync(file));
  const columns = parquetSchema(metadata).children.map((child) => child.element.name);
  return {
    format: 'parquet',
    bytes: contents.bytes,
    bytesRead: () => done,
    columns,
    digest: () => contents.digest(),
    async *read(wanted, { withText = false } = {}) {
      const roots = wanted.map((name) => (columns.includes(name) ? name : (name.split('.')[0] ?? name)));
      positionsOf(roots, columns);
      const rowsTotal = Number(metadata.num_rows);
      for (const slice of slicesOf(metadata)) {
        const read = withText ? columns : [...new Set(roots)];
        const objects = await whileParsing(contents, () =>
          parquetReadObjects({ file, metadata, compressors, columns: read, ...slice }),
        );
        const rows = objects.map((object, at) => ({
          line: slice.rowStart + at + 1,
          values: wanted.map((name) => memberAt(object, name)),
          ...(withText
            ? {
                text: JSON.stringify(object, (_, value: unknown) =>
                  typeof value === 'bigint' ? String(value) : value,
                ),
              }
            : {}),
        }));
        done = Math.round((contents.bytes * slice.rowEnd) / Math.max(rowsTotal, 1));
        yield { rows, faults: [] } satisfies RowBatch;
      }
    },
  };
}

const compressors = {
  GZIP: (input: Uint8Array) => gunzipSync(input),
  BROTLI: (input: Uint8Array) => brotliDecompressSync(input),
  ZSTD: (input: Uint8Array) => zstdDecompressSync(input),
};

function slicesOf(metadata: FileMetaData): { rowStart: number; rowEnd: number }[] {
  const slices: { rowStart: number; rowEnd: number }[] = [];
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    for (let rowStart = start; rowStart < end; rowStart += sliceRows)
      slices.push({ rowStart, rowEnd: Math.min(rowStart + sliceRows, end) });
    start = end;
  }
  return slices;
}

/** What `hyparquet` throws is about the file's structure and quotes no values of its rows. */
async function whileParsing<Result>(contents: Contents, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const said = error instanceof Error ? error.message : 'unknown fault';
    throw new Refusal('import.unreadable', `${contents.path} cannot be read as Parquet: ${said}.`, {
      remedy: 'Write it again, uncompressed or with snappy, gzip, brotli or zstd.',
      cause: error,
    });
  }
}
