/**
 * Hands a batch over as a CSV file (RFC 4180): one row a person, only for its owner to read, under another name until it is whole. What lasts of it is known to
 * the database, so that after a kill it is cut there and goes on, each person once. Who withdrew while it was written is left out of the whole file.
 */
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Refusal } from '../../database/refusal.ts';
import type { Outlet, Recipient } from './outlet.ts';

/** One column: its name, and what stands in it. */
interface Column {
  readonly name: string;
  readonly of: (recipient: Recipient) => unknown;
}

export function csvOutlet(options: {
  readonly file: string;
  /** How many items a row has columns for; none for ads, whose rows are references alone. */
  readonly items: number | undefined;
}): Outlet {
  const { file } = options;
  const part = `${file}.part`;
  const columns = options.items === undefined ? [referenceColumn] : columnsFor(options.items);
  let handle: FileHandle | undefined;
  let bytes = 0;
  const write = async (text: string): Promise<void> => {
    const block = Buffer.from(text, 'utf8');
    await handle?.write(block, 0, block.length, bytes);
    await handle?.datasync();
    bytes += block.length;
  };
  return {
    groupMax: 256,
    decidedMax: 256,
    afterKill: 'has not left',
    async begin(fileBytes) {
      if (await isThere(file))
        throw new Refusal('batch.file-exists', `${file} is there already.`, {
          remedy: 'Name another file with --out, or move that one away.',
        });
      if (fileBytes > 0 && !(await isThere(part)))
        throw new Refusal('batch.file-missing', `${part}, to which this batch was being written, is gone.`, {
          remedy: 'Name the same file with --out; or cancel the batch and make a new one.',
        });
      handle = await open(part, fileBytes > 0 ? 'r+' : 'w', 0o600);
      await handle.chmod(0o600);
      await handle.truncate(fileBytes);
      bytes = fileBytes;
      if (bytes === 0) await write(csvRow(columns.map(({ name }) => name)));
    },
    async hand(recipients) {
      await write(recipients.map((recipient) => csvRow(columns.map((column) => column.of(recipient)))).join(''));
      return {
        outcomes: new Map(recipients.map(({ handOver }) => [handOver.person_id, 'handed over'])),
        fileBytes: bytes,
      };
    },
    async end(removed) {
      await handle?.close();
      handle = undefined;
      const gone = await removed();
      if (gone.size > 0) await leaveOut(part, gone);
      await rename(part, file);
    },
    async close() {
      await handle?.close();
      handle = undefined;
    },
  };
}

const referenceColumn: Column = { name: 'reference', of: ({ handOver }) => handOver.reference };

function columnsFor(items: number): Column[] {
  return [
    referenceColumn,
    { name: 'email', of: ({ address }) => address },
    { name: 'decision', of: ({ handOver }) => handOver.decision_id },
    { name: 'why_url', of: ({ links }) => links.whyUrl },
    { name: 'unsubscribe_url', of: ({ links }) => links.unsubscribeUrl },
    { name: 'content_url', of: ({ links }) => links.contentUrl },
    ...Array.from({ length: items }, (_, at): Column[] => {
      const value = (recipient: Recipient, field: 'title' | 'url' | 'image'): unknown =>
        recipient.items[at]?.values[field];
      return [
        { name: `item_${at + 1}`, of: ({ items }) => items[at]?.decided.item },
        { name: `item_${at + 1}_title`, of: (recipient) => value(recipient, 'title') },
        { name: `item_${at + 1}_url`, of: (recipient) => value(recipient, 'url') },
        { name: `item_${at + 1}_image`, of: (recipient) => value(recipient, 'image') },
      ];
    }).flat(),
  ];
}

/** One row. A cell that a spreadsheet would compute is made text by a quote before it (OWASP, CSV injection); breaks of line become spaces, so that a row is a line. */
export function csvRow(values: readonly unknown[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  const line = String(value).replaceAll(/[\r\n\u2028\u2029]+/g, ' ');
  const text = /^[=+\-@\t]/.test(line.trimStart()) || line.startsWith('\t') ? `'${line}` : line;
  return /[",';\s]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

async function isThere(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // a file that cannot be seen is not there for us; opening it says more
  return found !== undefined;
}

/** Writes the file anew without the rows of these references, which stand first in them. */
async function leaveOut(part: string, references: ReadonlySet<string>): Promise<void> {
  const rest = `${part}.rest`;
  const handle = await open(rest, 'w', 0o600);
  try {
    const lines = createInterface({ input: createReadStream(part, 'utf8'), crlfDelay: Infinity });
    let block = '';
    for await (const line of lines) {
      if (references.has((line.split(',', 1)[0] ?? '').replace(/^"?'?/, '').replace(/"$/, ''))) continue;
      block += `${line}\r\n`;
      if (block.length < 65_536) continue;
      await handle.write(block);
      block = '';
    }
    await handle.write(block);
    await handle.datasync();
  } catch (error) {
    await rm(rest, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(rest, part);
}
