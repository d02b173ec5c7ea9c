import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openRowSource } from './open-row-source.ts';
import type { RowBatch, RowSourceOptions } from './row-source.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-rows-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function fileWith(name: string, content: string | Buffer): string {
  const file = path.join(directory, `${(files += 1)}-${name}`);
  writeFileSync(file, content);
  return file;
}

async function read(
  file: string,
  wanted: string[],
  options: RowSourceOptions & { withText?: boolean } = {},
): Promise<{ rows: RowBatch['rows'][number][]; faults: RowBatch['faults'][number][] }> {
  const source = await openRowSource(file, options);
  const rows: RowBatch['rows'][number][] = [];
  const faults: RowBatch['faults'][number][] = [];
  for await (const batch of source.read(wanted, { withText: options.withText === true })) {
    rows.push(...batch.rows);
    faults.push(...batch.faults);
  }
  return { rows, faults };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no refusal',
    (error: { code: string }) => error.code,
  );
}

describe('rows of CSV', () => {
  it('survive quotes, separators, line breaks and any text inside cells', async () => {
    const cell = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\r', '').replaceAll('\uFEFF', ''));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell, cell), { maxLength: 40 }),
        fc.constantFrom(',', ';', '\t', '|'),
        fc.constantFrom('\n', '\r\n'),
        async (table, separator, ending) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
          const lines = [['a', 'b', 'c'], ...table].map((row) => row.map(quoted).join(separator));
          const { rows, faults } = await read(fileWith('any.csv', lines.join(ending)), ['c', 'a', 'b'], { separator });
          expect(faults).toEqual([]);
          expect(rows.map((row) => row.values)).toEqual(table.map(([a, b, c]) => [c, a, b]));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('carry the line that they begin on', async () => {
    const { rows } = await read(fileWith('lines.csv', 'a,b\n1,x\n\n2,"two\nlines\nlong"\n3,y\n'), ['a']);
    expect(rows.map((row) => [row.line, row.values[0]])).toEqual([
      [2, '1'],
      [4, '2'],
      [7, '3'],
    ]);
  });

  it('are the same rows and lines however the file is cut into chunks', async () => {
    const long = Array.from({ length: 20_000 }, (_, at) =>
      at % 7 === 0 ? `${at},"text ${at}\nover lines"` : `${at},text ${at}`,
    );
    const text = `a,b\n${long.join('\n')}\n`;
    const plain = await read(fileWith('long.csv', text), ['a', 'b']);
    const zipped = await read(fileWith('long.csv.gz', gzipSync(text)), ['a', 'b']);
    expect(plain.rows).toHaveLength(20_000);
    expect(zipped).toEqual(plain);
    let line = 2;
    for (const [at, row] of plain.rows.entries()) {
      expect(row.line).toBe(line);
      line += at % 7 === 0 ? 2 : 1;
    }
  });

  it('are named and passed over where they are broken, and the rows after them are read', async () => {
    const text = 'a,b\n1,x\n2\n3,y,z\n4,"never closed\n5,w\n6,v\n';
    const { rows, faults } = await read(fileWith('broken.csv', text), ['a'], { withText: true });
    expect(rows.map((row) => row.values[0])).toEqual(['1', '5', '6']);
    expect(faults).toEqual([
      { line: 3, reason: 'has 1 columns where the header has 2', text: '2' },
      { line: 4, reason: 'has 3 columns where the header has 2', text: '3,y,z' },
      { line: 5, reason: 'opens a quote that is never closed', text: '4,"never closed' },
    ]);
  });

  it('are not lost after a quote that stays open for longer than a row may be', async () => {
    const rest = Array.from({ length: 30_000 }, (_, at) => `${at},a text that is long enough to make the file long`);
    const { rows, faults } = await read(fileWith('open.csv', `a,b\n0,"open\n${rest.join('\n')}\n`), ['a']);
    expect(faults.map((fault) => fault.line)).toEqual([2]);
    expect(rows).toHaveLength(30_000);
  });

  it('may open with a byte order mark, in UTF-8 and UTF-16, and be in an encoding that is named', async () => {
    const text = 'name,price\ncafé,1\n';
    expect((await read(fileWith('bom.csv', `\uFEFF${text}`), ['name'])).rows[0]?.values).toEqual(['café']);
    expect(
      (await read(fileWith('wide.csv', Buffer.from(`\uFEFF${text}`, 'utf16le')), ['name'])).rows[0]?.values,
    ).toEqual(['café']);
    const latin = fileWith('latin.csv', Buffer.from(text, 'latin1'));
    expect((await read(latin, ['name'], { encoding: 'windows-1252' })).rows[0]?.values).toEqual(['café']);
    expect(await refusal(read(latin, ['name'], { encoding: 'klingon' }))).toBe('import.encoding');
  });

  it('find their separator in the header, outside quotes', async () => {
    for (const [text, columns] of [
      ['a;b;c\n1;2;3\n', ['a', 'b', 'c']],
      ['"a,1,2,3";b\nx;y\n', ['a,1,2,3', 'b']],
      ['a\tb\n1\t2\n', ['a', 'b']],
      ['only\n1\n', ['only']],
    ] as const) {
      expect((await openRowSource(fileWith('separated.csv', text))).columns).toEqual(columns);
    }
  });

  it('are refused where the header lacks a column, names one twice, or is not there', async () => {
    expect(await refusal(read(fileWith('x.csv', 'a,b\n1,2\n'), ['c']))).toBe('import.column');
    expect(await refusal(read(fileWith('x.csv', 'a,a\n1,2\n'), ['a']))).toBe('import.header');
    expect(await refusal(read(fileWith('x.csv', ''), ['a']))).toBe('import.empty');
    expect(await refusal(read(fileWith('x.csv', '\n\n'), ['a']))).toBe('import.empty');
  });
});

describe('rows of JSON lines', () => {
  it('give members by name and by path, and nothing that is inherited', async () => {
    const lines = [{ a: 1, user: { id: 'u' }, 'x.y': 2 }, { a: null }, { user: { id: ['list'] } }].map((row) =>
      JSON.stringify(row),
    );
    const { rows } = await read(fileWith('rows.jsonl', lines.join('\n')), [
      'a',
      'user.id',
      'x.y',
      'constructor',
      'user.constructor.name',
    ]);
    expect(rows.map((row) => row.values)).toEqual([
      [1, 'u', 2, undefined, undefined],
      [null, undefined, undefined, undefined, undefined],
      [undefined, ['list'], undefined, undefined, undefined],
    ]);
  });

  it('are named and passed over where they are no object', async () => {
    const { rows, faults } = await read(
      fileWith('rows.jsonl', `{"a":1}\n\n[1]\nnull\n{"a":\n${'x'.repeat(2_000_000)}\n{"a":2}`),
      ['a'],
    );
    expect(rows.map((row) => [row.line, row.values[0]])).toEqual([
      [1, 1],
      [7, 2],
    ]);
    expect(faults.map((fault) => fault.line)).toEqual([3, 4, 5, 6]);
    expect(await refusal(read(fileWith('array.json', '[{"a":1}]'), ['a']))).toBe('import.format');
  });
});

describe('rows of Parquet', () => {
  const orders = path.resolve(import.meta.dirname, '../../../test/support/fixtures/orders.parquet');

  it('are read over row groups, with times, long numbers, nulls and nested members', async () => {
    const { rows } = await read(orders, ['customer', 'product', 'at', 'user.id']);
    expect(rows.map((row) => row.line)).toEqual([1, 2, 3, 4, 5]);
    expect(rows[0]?.values).toEqual([17850n, 'WHITE HEART', new Date('2024-01-02T03:04:05.000Z'), 'a']);
    expect(rows[2]?.values).toEqual([null, 'RED LAMP', new Date('2024-01-02T03:04:05.000Z'), undefined]);
  });

  it('are refused with a sentence where the file lacks a column or is damaged', async () => {
    expect(await refusal(read(orders, ['nothing']))).toBe('import.column');
    expect(await refusal(read(fileWith('bad.parquet', 'PAR1 and then nothing of the kind'), ['a']))).toBe(
      'import.unreadable',
    );
  });
});

describe('rows of a product feed', () => {
  const item = (id: string) =>
    `<item><g:id>${id}</g:id><title><![CDATA[Mug <b>& more</b> </g:id>]]></title><g:price>12.00 GBP</g:price><description>Fish &amp; chips &#163;&#x20AC; &unknown;</description></item>`;

  it('are its items, with the text of their elements', async () => {
    const feed = `<?xml version="1.0"?><!-- <item><g:id>hidden</g:id></item> --><rss><channel><title>Shop</title>\n${item('A')}\n${item('B')}</channel></rss>`;
    const { rows, faults } = await read(fileWith('feed.xml', feed), ['id', 'title', 'price', 'description']);
    expect(faults).toEqual([]);
    expect(rows.map((row) => row.values)).toEqual(
      ['A', 'B'].map((id) => [id, 'Mug <b>& more</b> </g:id>', '12.00 GBP', 'Fish & chips £€ &unknown;']),
    );
    expect(rows.map((row) => row.line)).toEqual([2, 3]);
  });

  it('are Atom entries too, whose link is an address', async () => {
    const feed = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><g:id>A</g:id><link href="https://shop.example/a?x=1&amp;y=2"/></entry></feed>`;
    expect((await read(fileWith('atom.xml', feed), ['id', 'link'])).rows[0]?.values).toEqual([
      'A',
      'https://shop.example/a?x=1&y=2',
    ]);
  });

  it('are all found in a long file, and one that never ends is named', async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => item(`item-${at}`)).join('\n');
    const { rows, faults } = await read(fileWith('long.xml', `<rss>${many}\n<item><g:id>cut off</g:id>`), ['id']);
    expect(rows).toHaveLength(5_000);
    expect(rows.at(-1)?.line).toBe(5_000);
    expect(faults).toEqual([{ line: 5_001, reason: 'is an element that never ends' }]);
  });

  it('expand no entities but those of XML itself', async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><rss><item><g:id>&b;</g:id></item></rss>`;
    expect((await read(fileWith('bomb.xml', bomb), ['id'])).rows[0]?.values).toEqual(['&b;']);
  });
});

describe('a file', () => {
  it('has the same digest compressed and plain', async () => {
    const text = 'a,b\n1,2\n';
    const plain = await openRowSource(fileWith('x.csv', text));
    const zipped = await openRowSource(fileWith('x.csv.gz', gzipSync(text)));
    expect(await zipped.digest()).toBe(await plain.digest());
  });

  it('that cannot be read is refused in a sentence', async () => {
    expect(await refusal(openRowSource(path.join(directory, 'nothing.csv')))).toBe('import.unreadable');
    expect(await refusal(openRowSource(directory))).toBe('import.unreadable');
    const text = `a,b\n${'1,2\n'.repeat(100_000)}`;
    expect(await refusal(read(fileWith('cut.csv.gz', gzipSync(text).subarray(0, 300)), ['a']))).toBe(
      'import.unreadable',
    );
    expect(await refusal(openRowSource(fileWith('image.png', Buffer.from([0x89, 0x50, 0, 0, 1]))))).toBe(
      'import.format',
    );
  });
});
