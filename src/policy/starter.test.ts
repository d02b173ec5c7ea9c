import { existsSync, readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkPolicy } from './check.ts';
import { draftFromColumns, starterPolicy } from './starter.ts';
import type { ColumnGuess } from './starter.ts';

const awkwardText = fc
  .array(
    fc.constantFrom('Shop', "O'Neill", '"', '\\', '\n', '*/', '//', '${x}', '`', 'ü', '商', '\u2028', '😀', "');"),
    {
      minLength: 1,
      maxLength: 6,
    },
  )
  .map((words) => `A${words.join('')}Z`);

/** The policy that a file's text exports, with this checkout as the package it imports. */
async function exportedPolicy(text: string): Promise<unknown> {
  const here = new URL('policy.ts', import.meta.url).href;
  const module: { default: unknown } = await import(
    `data:text/javascript,${encodeURIComponent(text.replace("'fairlead/policy'", JSON.stringify(here)))}`
  );
  return module.default;
}

describe('the starter policy', () => {
  it('passes the checker without a warning', async () => {
    const text = starterPolicy({
      controllerName: 'Northwind Gifts',
      contact: 'privacy@northwind.example',
      regions: ['EU', 'US-CA'],
    });
    expect(checkPolicy(await exportedPolicy(text), { file: 'fairlead.policy.ts', text })).toEqual([]);
  });

  it('says what it was told, whatever signs are in it, and in its comments too', async () => {
    await fc.assert(
      fc.asyncProperty(awkwardText, fc.array(awkwardText, { maxLength: 3 }), async (name, headers) => {
        const { columns } = draftFromColumns(headers.map((header) => ({ name: `${header} rating`, values: ['5'] })));
        const guesses: ColumnGuess[] = [
          ...columns,
          { name, looksLike: 'sensitive', why: name },
          { name: '', looksLike: 'rating', why: '' },
        ];
        const text = starterPolicy({
          controllerName: name,
          contact: 'https://shop.example/privacy',
          regions: ['UK'],
          columns: guesses,
        });
        const policy = await exportedPolicy(text);
        expect(policy).toMatchObject({
          controller: { name, contact: 'https://shop.example/privacy', regions: ['UK'] },
        });
        const errors = checkPolicy(policy).filter((finding) => finding.path.join('.') !== 'controller.name');
        expect(errors).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('offers each sensitive column of a file as an audit attribute', () => {
    const { columns } = draftFromColumns([{ name: 'Marital Status', values: ['single', 'married'] }]);
    const text = starterPolicy({ controllerName: 'A', contact: 'a@b.example', regions: ['EU'], columns });
    expect(text).toContain("// maritalStatus: sensitive({ oneOf: ['…'], for: ['fairness'] }),");
  });
});

describe('the draft from columns', () => {
  it('has a reason for every column, whatever is in it', () => {
    const column = fc.record({ name: fc.string(), values: fc.array(fc.string()) });
    fc.assert(
      fc.property(fc.array(column), (sample) => {
        const { columns } = draftFromColumns(sample);
        expect(columns.map(({ name }) => name)).toEqual(sample.map(({ name }) => name));
        expect(columns.every(({ why }) => why.length > 0)).toBe(true);
        for (const one of ['person', 'item', 'time']) {
          expect(columns.filter(({ looksLike }) => looksLike === one).length).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  it.each([
    ['user_id', ['1', '2', '2'], 'person'],
    ['KUNDENNUMMER', ['4711', '4712'], 'person'],
    ['id_client', ['a', 'b'], 'person'],
    ['顧客ID', ['1'], 'person'],
    ['movieId', ['10', '20'], 'item'],
    ['Artikel-Nr.', ['A1', 'B2'], 'item'],
    ['referência produto', ['x'], 'item'],
    ['StockCode', ['85123A'], 'item'],
    ['timestamp', ['978300760', '978302109'], 'time'],
    ['Bestelldatum', ['01.12.2010 08:26', '31.12.2010 23:59'], 'time'],
    ['fecha', ['2010/12/01', '2010/12/02'], 'time'],
    ['whatever', ['2010-12-01', '2011-01-31'], 'time'],
    ['order_date', ['12/1/10 8:26', '12/13/10 8:28'], 'time'],
    ['date', ['soon', 'later'], 'other'],
    ['rating', ['5', '3.5'], 'rating'],
    ['Bewertung', ['4,5', '1'], 'rating'],
    ['note', ['nice colour', 'too small'], 'other'],
    ['Preis', ['€ 1.299,00', '2,55'], 'price'],
    ['unit price', ['£3.39', '£2.75'], 'price'],
    ['cons.price.idx', ['93.994', '92.893'], 'other'],
    ['genres', ['Drama|War'], 'category'],
    ['Warengruppe', ['Deko'], 'category'],
    ['contact', ['ada@example.org', 'ben@example.org'], 'identifier'],
    ['handy', ['+49 170 1234567'], 'identifier'],
    ['source', ['192.0.2.1', '198.51.100.7'], 'identifier'],
    ['konto', ['DE89 3704 0044 0532 0130 00'], 'identifier'],
    ['Vorname', ['Ada'], 'identifier'],
    ['Geschlecht', ['w', 'm'], 'sensitive'],
    ['date_of_birth', ['1990-01-01'], 'sensitive'],
    ['Konfession', ['ev', 'rk'], 'sensitive'],
    ['etat_civil', ['mariée'], 'sensitive'],
    ['Quantity', ['6', '8'], 'other'],
    ['', [], 'other'],
  ])('takes the column %j of %j for %s', (name, values, looksLike) => {
    expect(draftFromColumns([{ name, values }]).columns[0]?.looksLike).toBe(looksLike);
  });

  it('takes a title for the item only where nothing else identifies it', () => {
    const title = { name: 'title', values: ['Lantern'] };
    const sku = { name: 'sku', values: ['A-1'] };
    expect(draftFromColumns([title]).columns.map(({ looksLike }) => looksLike)).toEqual(['item']);
    expect(draftFromColumns([title, sku]).columns.map(({ looksLike }) => looksLike)).toEqual(['other', 'item']);
  });

  it('takes the first of two for the person, and seals the other', () => {
    const columns = [
      { name: 'customer_id', values: ['1'] },
      { name: 'user_id', values: ['2'] },
    ];
    expect(draftFromColumns(columns).columns.map(({ looksLike }) => looksLike)).toEqual(['person', 'identifier']);
  });

  const shared = new URL('../../../shared/data/', import.meta.url);
  const retail = new URL('online-retail.csv.gz', shared);
  const bank = new URL('bank-marketing.csv.gz', shared);

  it.skipIf(!existsSync(retail))('gets the columns of an online shop right', () => {
    expect(meaningsOf(retail, ',')).toEqual({
      Description: 'item',
      Quantity: 'other',
      InvoiceDate: 'time',
      UnitPrice: 'price',
      CustomerID: 'person',
      Country: 'other',
    });
  });

  it.skipIf(!existsSync(bank))(
    'finds age and marital status in the calls of a bank, and neither person nor item',
    () => {
      const meanings = Object.entries(meaningsOf(bank, ';'));
      expect(meanings.filter(([, meaning]) => meaning !== 'other')).toEqual([
        ['age', 'sensitive'],
        ['marital', 'sensitive'],
      ]);
      expect(meanings).toHaveLength(21);
    },
  );
});

/** The guesses for a file, from its first 500 rows. */
function meaningsOf(file: URL, delimiter: string): Record<string, string> {
  const start = gunzipSync(readFileSync(file).subarray(0, 60_000), { finishFlush: constants.Z_SYNC_FLUSH });
  const lines = start.toString('utf8').split(/\r?\n/).slice(0, 501).join('\n');
  const [names = [], ...rows]: string[][] = parse(lines, { delimiter });
  const sample = names.map((name, index) => ({ name, values: rows.map((row) => row[index] ?? '') }));
  return Object.fromEntries(draftFromColumns(sample).columns.map(({ name, looksLike }) => [name, looksLike]));
}
