/**
 * Opens a file of rows and finds out what format it is in. It promises constant memory, and that the same content has the same digest, compressed or
 * not. Called by `fairlead import` and `fairlead init --from`.
 */
import { stat } from 'node:fs/promises';
import { Refusal } from '../../database/refusal.ts';
import { type Contents, openContents } from './internal/contents.ts';
import { csvSource } from './internal/csv-source.ts';
import { feedSource } from './internal/feed-source.ts';
import { jsonSource } from './internal/json-source.ts';
import { parquetSource } from './internal/parquet-source.ts';
import type { RowFormat, RowSource, RowSourceOptions } from './row-source.ts';

/** Opens the file. Refuses with `import.unreadable` what is not there or cannot be read, and with `import.format` what has no known format. */
export async function openRowSource(path: string, options: RowSourceOptions = {}): Promise<RowSource> {
  const contents = await openContents(path);
  const format = options.format ?? (await formatOf(path, contents));
  switch (format) {
    case 'csv':
      return csvSource(contents, options);
    case 'json':
      return jsonSource(contents, options);
    case 'parquet':
      return parquetSource(contents);
    case 'feed':
      return feedSource(contents, options);
    default:
      return format satisfies never;
  }
}

/** By the first bytes where they tell, else by the name. */
async function formatOf(path: string, contents: Contents): Promise<RowFormat> {
  const head = await contents.head();
  if (head.subarray(0, 4).toString('latin1') === 'PAR1') return 'parquet';
  const text = head
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  if (text.startsWith('{')) return 'json';
  if (/^<(\?xml|rss|feed)[\s>]/.test(text)) return 'feed';
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (/\.(jsonl|ndjson|json)$/.test(name)) return 'json';
  if (/\.(csv|tsv|txt|tab)$/.test(name)) return 'csv';
  if (text === '' && (await stat(path)).size === 0) {
    throw new Refusal('import.empty', 'The file is empty.', { remedy: 'Name a file with a header line and rows.' });
  }
  if (head.includes(0)) {
    throw new Refusal('import.format', 'The file is in no format that Fairlead reads.', {
      remedy: 'Bring CSV, JSON lines, Parquet, or a product feed (XML or tab-separated), each also as .gz.',
    });
  }
  return 'csv';
}
