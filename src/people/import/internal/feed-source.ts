/**
 * Rows of a product feed in XML: the `<item>`s of RSS 2.0 or the `<entry>`s of Atom, as Google Merchant Center takes them. A row is an element, its
 * columns are the elements in it without their prefix (`g:price` is `price`). No entity beyond the five of XML is ever expanded, and nothing outside
 * the file is read.
 */
import { StringDecoder } from 'node:string_decoder';
import { Refusal } from '../../../database/refusal.ts';
import type { Fault, Row, RowBatch, RowSource, RowSourceOptions } from '../row-source.ts';
import { type Contents, asUtf8 } from './contents.ts';

const elementCharsMax = 1024 * 1024;

export async function feedSource(contents: Contents, options: RowSourceOptions): Promise<RowSource> {
  return {
    format: 'feed',
    bytes: contents.bytes,
    bytesRead: () => contents.bytesRead(),
    columns: await columnsOf(contents, options),
    digest: () => contents.digest(),
    read: (wanted, { withText = false } = {}) =>
      readRows(asUtf8(contents.chunks(), options.encoding), wanted, withText),
  };
}

async function columnsOf(contents: Contents, options: RowSourceOptions): Promise<string[]> {
  const head = async function* (): AsyncGenerator<Buffer> {
    yield await contents.head();
  };
  const names = new Set<string>();
  for await (const { element } of elementsOf(asUtf8(head(), options.encoding))) {
    if (element !== undefined) for (const name of membersOf(element).keys()) names.add(name);
  }
  if (names.size === 0) {
    throw new Refusal('import.format', 'The XML file holds no <item> and no <entry>.', {
      remedy: 'Bring a product feed in RSS 2.0 or Atom, or CSV, JSON lines or Parquet.',
    });
  }
  return [...names];
}

async function* readRows(
  chunks: AsyncIterable<Buffer>,
  wanted: readonly string[],
  withText: boolean,
): AsyncGenerator<RowBatch> {
  const rows: Row[] = [];
  const faults: Fault[] = [];
  for await (const { line, element } of elementsOf(chunks)) {
    if (element === undefined) faults.push({ line, reason: 'is an element that never ends' });
    else {
      const members = membersOf(element);
      rows.push({ line, values: wanted.map((name) => members.get(name)), ...(withText ? { text: element } : {}) });
    }
    if (rows.length + faults.length >= 1_000) yield { rows: rows.splice(0), faults: faults.splice(0) };
  }
  if (rows.length + faults.length > 0) yield { rows, faults };
}

/** What stands between `<item>` and `</item>`, with the line it begins on; `undefined` for one that does not end within 1 MB or the file. */
async function* elementsOf(
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<{ line: number; element: string | undefined }> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let line = 1;
  const drop = (count: number): void => {
    for (let at = pending.indexOf('\n'); at !== -1 && at < count; at = pending.indexOf('\n', at + 1)) line += 1;
    pending = pending.slice(count);
  };
  for await (const chunk of chunks) {
    pending += decoder.write(chunk);
    for (;;) {
      const { open, keepFrom } = openingTag(pending);
      if (open === undefined) {
        drop(pending.length - keepFrom > elementCharsMax ? pending.length : keepFrom);
        break;
      }
      drop(open.at);
      const end = closingTag(pending, open.name);
      if (end === undefined) {
        if (pending.length <= elementCharsMax) break;
        yield { line, element: undefined };
        drop(open.length);
        continue;
      }
      yield { line, element: pending.slice(open.length, end.at) };
      drop(end.after);
    }
  }
  if (openingTag(pending).open !== undefined) yield { line, element: undefined };
}

/** The next element that begins; otherwise from where on the text is still needed: an unfinished tag, or a comment that has not ended. */
function openingTag(text: string): { open?: { at: number; length: number; name: 'item' | 'entry' }; keepFrom: number } {
  const pattern = /<!--|<!\[CDATA\[|<(item|entry)(?:\s[^>]*)?>/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const name = match[1];
    if (name === 'item' || name === 'entry')
      return { open: { at: match.index, length: match[0].length, name }, keepFrom: match.index };
    const end = text.indexOf(match[0] === '<!--' ? '-->' : ']]>', pattern.lastIndex);
    if (end === -1) return { keepFrom: match.index };
    pattern.lastIndex = end + 3;
  }
  const last = text.lastIndexOf('<');
  return { keepFrom: last === -1 ? text.length : last };
}

function closingTag(text: string, name: 'item' | 'entry'): { at: number; after: number } | undefined {
  const pattern = name === 'item' ? /<!--|<!\[CDATA\[|<\/item\s*>/g : /<!--|<!\[CDATA\[|<\/entry\s*>/g;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match[0].startsWith('</')) return { at: match.index, after: pattern.lastIndex };
    const end = text.indexOf(match[0] === '<!--' ? '-->' : ']]>', pattern.lastIndex);
    if (end === -1) return undefined;
    pattern.lastIndex = end + 3;
  }
  return undefined;
}

/** The elements directly inside, by local name; the first of several of one name. Atom's `<link href="…"/>` counts as its address. */
function membersOf(element: string): Map<string, string> {
  const members = new Map<string, string>();
  const pattern = /<!--[^]*?-->|<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)((?:\s[^<>]*?)?)(\/>|>)/g;
  for (let match = pattern.exec(element); match !== null; match = pattern.exec(element)) {
    const [whole, prefix = '', name, attributes = '', ending] = match;
    if (name === undefined) continue;
    const put = (value: string): void => {
      if (!members.has(name) && value !== '') members.set(name, value);
    };
    if (ending === '/>') {
      put(
        textOf(
          /\shref\s*=\s*(?:"([^"]*)"|'([^']*)')/
            .exec(attributes)
            ?.slice(1)
            .find((part) => part !== undefined) ?? '',
        ),
      );
      continue;
    }
    const close = `</${prefix}${name}`;
    const end = endOf(element, match.index + whole.length, close);
    if (end === undefined) break;
    put(textOf(element.slice(match.index + whole.length, end)));
    pattern.lastIndex = end + close.length;
  }
  return members;
}

/** Where the closing tag stands, outside CDATA. */
function endOf(text: string, from: number, close: string): number | undefined {
  let at = from;
  for (;;) {
    const end = text.indexOf(close, at);
    if (end === -1) return undefined;
    const section = text.indexOf('<![CDATA[', at);
    if (section === -1 || section > end) return end;
    const sectionEnd = text.indexOf(']]>', section);
    if (sectionEnd === -1) return undefined;
    at = sectionEnd + 3;
  }
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Text of an element: CDATA as it stands, entities and character references read, tags inside left out. */
function textOf(inner: string): string {
  return inner
    .split(/(<!\[CDATA\[[^]*?\]\]>)/)
    .map((part) => (part.startsWith('<![CDATA[') ? part.slice(9, -3) : unescaped(part.replaceAll(/<[^>]*>/g, ' '))))
    .join('')
    .trim();
}

function unescaped(text: string): string {
  return text.replaceAll(
    /&(?:#x([\da-f]{1,6})|#(\d{1,7})|([a-z]+));/gi,
    (written, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? written) : written;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff) ? String.fromCodePoint(point) : '';
    },
  );
}
