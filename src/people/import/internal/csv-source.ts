/**
 * Rows of a text file with separated columns and a header line (RFC 4180, and what spreadsheets make of it). The file is cut into blocks that end
 * with a whole row, and `csv-parse` reads block after block, so that a quote that is never closed costs its own line and not the rest of the file.
 */
import { parse } from 'csv-parse/sync';
import { Refusal } from '../../../database/refusal.ts';
import {
  type Fault,
  type Row,
  type RowBatch,
  type RowSource,
  type RowSourceOptions,
  positionsOf,
} from '../row-source.ts';
import { type Contents, asUtf8 } from './contents.ts';

/** A row may span lines and be long, but a quote that is open for longer than this was never meant to be one. */
const rowBytesMax = 1024 * 1024;

export async function csvSource(contents: Contents, options: RowSourceOptions): Promise<RowSource> {
  const header = await readHeader(contents, options);
  return {
    format: 'csv',
    bytes: contents.bytes,
    bytesRead: () => contents.bytesRead(),
    columns: header.columns,
    digest: () => contents.digest(),
    read: (wanted, { withText = false } = {}) => {
      const positions = positionsOf(wanted, header.columns);
      return readRows(asUtf8(contents.chunks(), options.encoding), {
        separator: header.separator,
        width: header.columns.length,
        positions,
        withText,
        hasHeader: options.hasHeader ?? true,
      });
    },
  };
}

interface Shape {
  readonly separator: string;
  readonly width: number;
  readonly positions: readonly number[];
  readonly withText: boolean;
  readonly hasHeader: boolean;
}

async function readHeader(
  contents: Contents,
  options: RowSourceOptions,
): Promise<{ columns: string[]; separator: string }> {
  for await (const chunk of asUtf8(oneChunk(contents), options.encoding)) {
    const text = chunk.toString('utf8');
    const line = text.slice(0, lineEnd(text));
    if (line.trim() === '') continue;
    const separator = options.separator ?? separatorIn(line);
    const first = recordsIn(chunk, { separator, firstOnly: true }).records[0];
    const cells = first?.cells ?? [];
    if (options.hasHeader === false) return { columns: cells.map((_, at) => String(at + 1)), separator };
    const columns = cells.map((name) => name.trim());
    const twice = columns.find((name, at) => columns.indexOf(name) !== at);
    if (twice !== undefined) {
      throw new Refusal('import.header', `The header line names the column "${twice}" twice.`, {
        remedy: 'Give every column a name of its own.',
      });
    }
    return { columns, separator };
  }
  throw new Refusal('import.empty', 'The file has no header line.', { remedy: 'The first line names the columns.' });
}

async function* oneChunk(contents: Contents): AsyncGenerator<Buffer> {
  yield await contents.head();
}

function lineEnd(text: string): number {
  const end = text.search(/\r?\n/);
  return end === -1 ? text.length : end;
}

/** The sign that separates most columns of the header, outside quotes. */
function separatorIn(line: string): string {
  const bare = line.replaceAll(/"[^"]*"/g, '');
  const counted = [',', ';', '\t', '|'].map((sign) => ({ sign, count: bare.split(sign).length }));
  return counted.toSorted((left, right) => right.count - left.count)[0]?.sign ?? ',';
}

async function* readRows(chunks: AsyncIterable<Buffer>, shape: Shape): AsyncGenerator<RowBatch> {
  const reading: Reading = { pending: Buffer.alloc(0), line: 1, isHeader: shape.hasHeader };
  for await (const chunk of chunks) {
    reading.pending = reading.pending.length === 0 ? chunk : Buffer.concat([reading.pending, chunk]);
    const end = reading.pending.lastIndexOf(lineSign) + 1;
    if (end > 0) yield* readBlock(reading, end, shape, false);
    if (reading.pending.length > rowBytesMax && reading.isHeader) throw noLines();
  }
  if (reading.pending.length > 0) yield* readBlock(reading, reading.pending.length, shape, true);
}

interface Reading {
  /** What has been read and not yet been given out. */
  pending: Buffer;
  /** The line on which it begins. */
  line: number;
  isHeader: boolean;
}

/** Gives the rows before `end`; an unfinished row stays pending, unless it is the last or too long, in which case its first line is at fault. */
function* readBlock(reading: Reading, end: number, shape: Shape, isLast: boolean): Generator<RowBatch> {
  const rows: Row[] = [];
  const faults: Fault[] = [];
  let until = end;
  for (;;) {
    const { records, taken, lines, isOpen } = recordsIn(reading.pending.subarray(0, until), shape);
    for (const record of records) {
      if (reading.isHeader) reading.isHeader = false;
      else if (record.cells.length !== shape.width) {
        const reason = `has ${record.cells.length} columns where the ${shape.hasHeader ? 'header' : 'first line'} has ${shape.width}`;
        faults.push({ line: reading.line + record.line, reason, ...textOf(record, shape) });
      } else {
        rows.push({
          line: reading.line + record.line,
          values: shape.positions.map((at) => record.cells[at]),
          ...textOf(record, shape),
        });
      }
    }
    until -= taken;
    reading.pending = reading.pending.subarray(taken);
    reading.line += lines;
    if (!isOpen || (!isLast && until <= rowBytesMax)) break;
    const lineBreak = reading.pending.indexOf(lineSign);
    const broken = reading.pending.subarray(0, lineBreak === -1 ? until : lineBreak);
    faults.push({
      line: reading.line,
      reason: 'opens a quote that is never closed',
      ...(shape.withText ? { text: broken.toString('utf8').trimEnd() } : {}),
    });
    const skipped = lineBreak === -1 ? until : lineBreak + 1;
    reading.pending = reading.pending.subarray(skipped);
    until -= skipped;
    reading.line += 1;
    if (until <= 0) break;
  }
  // A copy, so that a block that has been read through can be let go.
  reading.pending = Buffer.from(reading.pending);
  if (rows.length + faults.length > 0) yield { rows, faults };
}

interface CsvRecord {
  readonly cells: readonly string[];
  /** Counted from 0 at the start of the block. */
  readonly line: number;
  readonly text: string | undefined;
}

function textOf(record: CsvRecord, shape: Shape): { text?: string } {
  return shape.withText && record.text !== undefined ? { text: record.text.trimEnd() } : {};
}

interface Records {
  readonly records: CsvRecord[];
  /** How many bytes and lines they take. */
  readonly taken: number;
  readonly lines: number;
  /** Whether a quote is open at the end. */
  readonly isOpen: boolean;
}

interface RecordOptions {
  readonly separator: string;
  readonly withText?: boolean;
  /** Only the first record is wanted. */
  readonly firstOnly?: boolean;
}

/**
 * The whole records at the start of some bytes. Lines without a quote are cut at the separator, which is all that CSV asks for them and a quarter of the
 * work; from a line with a quote on, as many lines as belong together go through `csv-parse`.
 */
function recordsIn(bytes: Buffer, options: RecordOptions): Records {
  const records: CsvRecord[] = [];
  let taken = 0;
  let lines = 0;
  while (taken < bytes.length && !(options.firstOnly === true && records.length > 0)) {
    const quote = bytes.indexOf(quoteSign, taken);
    const plainEnd = quote === -1 ? bytes.length : bytes.lastIndexOf(lineSign, quote) + 1;
    if (plainEnd > taken) {
      lines += plainRecords(bytes.subarray(taken, plainEnd), lines, options, records);
      taken = plainEnd;
    }
    if (quote === -1) break;
    const region = quotedRecords(bytes, taken, options);
    for (const record of region.records) records.push({ ...record, line: lines + record.line });
    taken += region.taken;
    lines += region.lines;
    if (region.isOpen) return { records, taken, lines, isOpen: true };
  }
  return { records, taken, lines, isOpen: false };
}

const quoteSign = 0x22;
const lineSign = 0x0a;
const returnSign = 0x0d;

/** Adds one record a line, but for empty lines; returns how many lines there were. Each line is a text of its own, so that a cell keeps no block alive. */
function plainRecords(bytes: Buffer, before: number, options: RecordOptions, records: CsvRecord[]): number {
  let count = 0;
  for (let from = 0; from < bytes.length; count += 1) {
    const lineBreak = bytes.indexOf(lineSign, from);
    const end = lineBreak === -1 ? bytes.length : lineBreak;
    const line = bytes.toString('utf8', from, end > from && bytes[end - 1] === returnSign ? end - 1 : end);
    from = end + 1;
    if (line === '') continue;
    const text = options.withText === true ? line : undefined;
    records.push({ cells: line.split(options.separator), line: before + count, text });
  }
  return count;
}

/** Parses from a line with a quote on: one line, and more as long as a quote stays open. A record that is whole ends where a line ends. */
function quotedRecords(bytes: Buffer, start: number, options: RecordOptions): Records {
  for (let wanted = 1; ; wanted *= 4) {
    const end = endOfLines(bytes, start, wanted);
    const parsed = parsedRecords(bytes.subarray(start, end), options);
    if (!parsed.isOpen || end === bytes.length) return parsed;
  }
}

function endOfLines(bytes: Buffer, start: number, wanted: number): number {
  let end = start;
  for (let line = 0; line < wanted; line++) {
    const lineBreak = bytes.indexOf(lineSign, end);
    if (lineBreak === -1) return bytes.length;
    end = lineBreak + 1;
  }
  return end;
}

function parsedRecords(bytes: Buffer, options: RecordOptions): Records {
  const records: CsvRecord[] = [];
  let taken = 0;
  let lines = 0;
  const onRecord = (cells: string[], context: { bytes: number }): null => {
    const passed = lineBreaksIn(bytes, taken, context.bytes);
    const own = 1 + cells.reduce((total, cell) => total + (cell.includes('\n') ? cell.split('\n').length - 1 : 0), 0);
    const text =
      options.withText === true ? bytes.subarray(taken, context.bytes).toString('utf8').trimStart() : undefined;
    records.push({ cells, line: lines + passed - own, text });
    lines += passed;
    taken = context.bytes;
    return null;
  };
  try {
    parse(bytes, {
      delimiter: options.separator,
      record_delimiter: ['\r\n', '\n'],
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: onRecord,
    });
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'CSV_QUOTE_NOT_CLOSED')
      return { records, taken, lines, isOpen: true };
    throw error;
  }
  return { records, taken: bytes.length, lines: lines + lineBreaksIn(bytes, taken, bytes.length), isOpen: false };
}

/** A last row without a line break counts as a line of its own. */
function lineBreaksIn(bytes: Buffer, from: number, until: number): number {
  let count = 0;
  for (let at = bytes.indexOf(0x0a, from); at !== -1 && at < until; at = bytes.indexOf(0x0a, at + 1)) count += 1;
  return until > from && bytes[until - 1] !== 0x0a ? count + 1 : count;
}

function noLines(): Refusal {
  return new Refusal('import.format', 'The file has no line breaks, so it has no rows.', {
    remedy: 'Check the format (--format) and the encoding (--encoding).',
  });
}
