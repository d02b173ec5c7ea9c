/**
 * Rows of line-delimited JSON: one object a line. A wanted column is a member, or a path of members (`context.page.title`). A line that is not an
 * object costs that line alone.
 */
import { Refusal } from '../../../database/refusal.ts';
import type { Fault, Row, RowBatch, RowSource, RowSourceOptions } from '../row-source.ts';
import { type Contents, asUtf8 } from './contents.ts';

const lineBytesMax = 1024 * 1024;

export async function jsonSource(contents: Contents, options: RowSourceOptions): Promise<RowSource> {
  return {
    format: 'json',
    bytes: contents.bytes,
    bytesRead: () => contents.bytesRead(),
    columns: await columnsOf(contents, options),
    digest: () => contents.digest(),
    read: (wanted, { withText = false } = {}) =>
      readRows(asUtf8(contents.chunks(), options.encoding), wanted, withText),
  };
}

/** The member of an object by its own name or by a path of names. Never anything inherited. */
export function memberAt(object: object, path: string): unknown {
  if (Object.hasOwn(object, path)) return (object as Record<string, unknown>)[path]; // the object owns it
  let found: unknown = object;
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name]; // the object owns it
  }
  return found;
}

async function columnsOf(contents: Contents, options: RowSourceOptions): Promise<string[]> {
  const names = new Set<string>();
  const head = async function* (): AsyncGenerator<Buffer> {
    yield await contents.head();
  };
  for await (const chunk of asUtf8(head(), options.encoding)) {
    const text = chunk.toString('utf8');
    if (text.trimStart().startsWith('[')) {
      throw new Refusal('import.format', 'The file holds one JSON array, and not one object a line.', {
        remedy: "Turn it into JSON lines, for example with: jq -c '.[]'",
      });
    }
    for (const line of text.split('\n').slice(0, 50)) {
      const object = objectIn(line);
      if (object !== undefined) for (const name of Object.keys(object)) names.add(name);
    }
  }
  return [...names];
}

function objectIn(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined; // not JSON: the caller counts the line as a fault
  }
}

async function* readRows(
  chunks: AsyncIterable<Buffer>,
  wanted: readonly string[],
  withText: boolean,
): AsyncGenerator<RowBatch> {
  let line = 0;
  for await (const lines of linesOf(chunks)) {
    const rows: Row[] = [];
    const faults: Fault[] = [];
    for (const bytes of lines) {
      line += 1;
      const text = bytes === undefined ? '' : bytes.toString('utf8').trim();
      const shown = withText ? { text } : {};
      if (bytes === undefined) faults.push({ line, reason: 'is longer than 1 MB' });
      else if (text !== '') {
        const object = objectIn(text);
        if (object === undefined) faults.push({ line, reason: 'is not a JSON object', ...shown });
        else rows.push({ line, values: wanted.map((name) => memberAt(object, name)), ...shown });
      }
    }
    if (rows.length + faults.length > 0) yield { rows, faults };
  }
}

/** Lines chunk by chunk, without their breaks; `undefined` in the place of one that is too long to keep. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<(Buffer | undefined)[]> {
  let pending: Buffer = Buffer.alloc(0);
  let isTooLong = false;
  for await (const chunk of chunks) {
    const lines: (Buffer | undefined)[] = [];
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, from)) {
      const own = chunk.subarray(from, end);
      lines.push(isTooLong ? undefined : pending.length === 0 ? own : Buffer.concat([pending, own]));
      pending = Buffer.alloc(0);
      isTooLong = false;
      from = end + 1;
    }
    if (!isTooLong) pending = Buffer.concat([pending, chunk.subarray(from)]);
    if (pending.length > lineBytesMax) {
      isTooLong = true;
      pending = Buffer.alloc(0);
    }
    if (lines.length > 0) yield lines;
  }
  if (pending.length > 0 || isTooLong) yield [isTooLong ? undefined : pending];
}
