import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import type { Engine } from '../../src/deciding/engine.ts';
import { choose } from '../../src/people/choose.ts';
import { foldAll } from '../../src/people/fold.ts';
import { forget } from '../../src/people/forget.ts';
import { importConsents } from '../../src/people/import/import-consents.ts';
import { type ImportEventsOptions, importEvents } from '../../src/people/import/import-events.ts';
import { importItems } from '../../src/people/import/import-items.ts';
import type { Mapping } from '../../src/people/import/mapping.ts';
import { openRowSource } from '../../src/people/import/open-row-source.ts';
import { Rejects } from '../../src/people/import/rejects.ts';
import type { RowSource } from '../../src/people/import/row-source.ts';
import { findPerson } from '../../src/people/persons.ts';
import { readWholePerson } from '../../src/people/profile.ts';
import { dutyPermit } from '../../src/consent/permit.ts';
import { shopPolicy, testEngine } from '../support/engine.ts';
import type { ImportProcessOptions } from '../support/import-process.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'fairlead-import-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const importProcess = path.resolve(import.meta.dirname, '../support/import-process.ts');
const today = new Date(Date.now() - 86_400_000).toISOString();
const mapping: Mapping = {
  person: 'customer',
  event: 'Order Completed',
  item: 'item',
  time: 'at',
  skip: ['quantity<=0'],
};
const basis = { purposes: ['suggestions'], evidence: 'sign-up form, wording 3' };

let files = 0;
function fileWith(name: string, lines: readonly string[]): string {
  const file = path.join(directory, `${(files += 1)}-${name}`);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Opens the file and its rejects, and closes both. */
async function withFile<Result>(
  file: string,
  work: (opened: { source: RowSource; rejects: Rejects }) => Promise<Result>,
): Promise<Result> {
  const rejects = await Rejects.open(file, undefined);
  try {
    return await work({ source: await openRowSource(file), rejects });
  } finally {
    await rejects.close();
  }
}

async function importFile(engine: Engine, file: string, options: Partial<ImportEventsOptions> = {}) {
  return withFile(file, (opened) => importEvents(engine, { ...opened, mapping, counts: engine.counts, ...options }));
}

const orders = [
  'customer,item,at,quantity',
  `ada,lamp,${today},1`,
  `ada,mug,${today},2`,
  // The same row twice is two orders.
  `ada,mug,${today},2`,
  `,mug,${today},1`,
  `ben,lamp,${today},-1`,
  `ben,lamp,not a time,1`,
  `ben,lamp,${today}`,
  `ben,cup,${today},1`,
];

async function personOf(engine: Engine, userId: string) {
  const personId = await findPerson(engine, engine.database, { userId });
  if (personId === undefined) return undefined;
  return readWholePerson(engine, engine.database, dutyPermit('access', personId, 'test'));
}

test('every row of a file is stored, anonymous, without a basis, refused or known, and the refused ones are named', async () => {
  const engine = await testEngine();
  const file = fileWith('orders.csv', orders);
  expect(await importFile(engine, file, { basis, itemsFromRows: true })).toEqual({
    read: 8,
    stored: 4,
    anonymous: 1,
    withoutBasis: 0,
    rejected: 3,
    duplicates: 0,
    unknownItems: 0,
  });
  const lines = readFileSync(`${file}.rejects`, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { line: 6, reason: 'is left out by the rule quantity<=0' },
    { line: 7, reason: 'its time cannot be read (--time-format)' },
    { line: 8, reason: 'has 3 columns where the header has 4' },
  ]);
  const ada = await personOf(engine, 'ada');
  expect(ada?.events.flatMap((event) => event.items).toSorted()).toEqual(['lamp', 'mug', 'mug']);
  expect(ada?.standing).toEqual(['suggestions']);
  expect(ada?.consents).toMatchObject([{ purpose: 'suggestions', action: 'grant', method: 'import' }]);
  await foldAll(engine);
  expect((await personOf(engine, 'ada'))?.contributions).toEqual([{ model: 'alsoLiked', items: ['lamp', 'mug'] }]);
});

test('refused rows are written out whole only where that was asked for', async () => {
  const engine = await testEngine();
  const file = fileWith('orders.csv', orders);
  await importFile(engine, file, { basis, withRows: true });
  expect(readFileSync(`${file}.rejects`, 'utf8')).toContain('ben,lamp,not a time,1');
  await importFile(engine, file, { basis });
  expect(readFileSync(`${file}.rejects`, 'utf8')).not.toContain('ben');
});

test('a repeated import stores nothing, and the same rows in another file count again', async () => {
  const engine = await testEngine();
  await importFile(engine, fileWith('orders.csv', orders), { basis, itemsFromRows: true });
  const before = await engine.database.query('select * from events order by event_id');
  expect(await importFile(engine, fileWith('again.csv', orders), { basis })).toMatchObject({
    stored: 0,
    duplicates: 4,
    anonymous: 1,
    rejected: 3,
  });
  expect(await engine.database.query('select * from events order by event_id')).toEqual(before);
  expect(await importFile(engine, fileWith('other.csv', [...orders, `cat,mug,${today},1`]), { basis })).toMatchObject({
    stored: 5,
    duplicates: 0,
  });
});

test('rows with ids of their own count once across files', async () => {
  const engine = await testEngine();
  const own: Mapping = { person: 'customer', event: 'Order Completed', item: 'item', time: 'at', id: 'order' };
  const one = fileWith('one.csv', ['order,customer,item,at', `1,ada,lamp,${today}`, `2,ada,mug,${today}`]);
  const two = fileWith('two.csv', ['order,customer,item,at', `2,ada,mug,${today}`, `3,ada,cup,${today}`]);
  expect(await importFile(engine, one, { mapping: own, basis })).toMatchObject({ stored: 2, duplicates: 0 });
  expect(await importFile(engine, two, { mapping: own, basis })).toMatchObject({ stored: 1, duplicates: 1 });
});

test('without a stated basis people whose consent does not stand are kept out, and can be taken in later', async () => {
  const engine = await testEngine();
  await choose(engine, [
    {
      who: { kind: 'userId', value: 'ben' },
      choices: { purposes: { suggestions: true }, method: 'form', source: 'test' },
    },
  ]);
  const file = fileWith('orders.csv', orders);
  expect(await importFile(engine, file)).toMatchObject({ stored: 1, withoutBasis: 3, anonymous: 1, rejected: 3 });
  expect(await findPerson(engine, engine.database, { userId: 'ada' })).toBeUndefined();
  expect(await importFile(engine, file, { basis })).toMatchObject({ stored: 3, duplicates: 1, withoutBasis: 0 });
});

test('a stated basis never overrides a refusal', async () => {
  const engine = await testEngine();
  await choose(engine, [
    {
      who: { kind: 'userId', value: 'ada' },
      choices: { purposes: { suggestions: false }, method: 'form', source: 'test' },
    },
  ]);
  const file = fileWith('orders.csv', orders);
  expect(await importFile(engine, file, { basis })).toMatchObject({ stored: 1, withoutBasis: 3 });
  expect((await personOf(engine, 'ada'))?.standing).toEqual([]);
  const ben = await personOf(engine, 'ben');
  await forget(engine, ben?.personId ?? '', {
    kind: 'withdraw',
    purposes: ['suggestions'],
    method: 'form',
    source: 'test',
  });
  expect(await importFile(engine, file, { basis })).toMatchObject({ stored: 0, withoutBasis: 4 });
  expect((await personOf(engine, 'ben'))?.events).toEqual([]);
});

test('who was erased is not brought back by the rows that were theirs', async () => {
  const engine = await testEngine();
  const file = fileWith('orders.csv', orders);
  await importFile(engine, file, { basis });
  await forget(engine, (await personOf(engine, 'ada'))?.personId ?? '', { kind: 'erase' });
  expect(await importFile(engine, file, { basis })).toMatchObject({ stored: 0, duplicates: 4 });
  expect(await findPerson(engine, engine.database, { userId: 'ada' })).toBeUndefined();
});

test('a basis that nothing proves, or that the policy does not know, is refused before a row is read', async () => {
  const engine = await testEngine();
  const file = fileWith('orders.csv', orders);
  await expect(importFile(engine, file, { basis: { purposes: ['suggestions'], evidence: ' ' } })).rejects.toThrow(
    'without anything that proves it',
  );
  await expect(importFile(engine, file, { basis: { purposes: ['profiling'], evidence: 'x' } })).rejects.toThrow(
    'no purpose named',
  );
  expect(await engine.database.query('select count(*)::integer as people from persons')).toEqual([{ people: 0 }]);
});

test('items that rows name are made where they are missing, with what the rows say, and never changed', async () => {
  const engine = await testEngine();
  await withFile(fileWith('items.csv', ['id,title,price', 'lamp,A lamp,12.00 EUR']), (opened) =>
    importItems(engine, opened),
  );
  const withPrice: Mapping = { ...mapping, items: { price: 'price', currency: 'GBP', title: 'item' } };
  const file = fileWith('orders.csv', [
    'customer,item,at,quantity,price',
    `ada,lamp,${today},1,9.99`,
    `ada,mug,${today},1,2.50`,
    `,cup,${today},1,oops`,
  ]);
  expect(await importFile(engine, file, { mapping: withPrice, basis, itemsFromRows: true })).toMatchObject({
    stored: 2,
    unknownItems: 0,
  });
  expect(
    await engine.database.query('select item_id, title, price_minor, currency from items order by item_id'),
  ).toEqual([
    { item_id: 'cup', title: 'cup', price_minor: null, currency: null },
    { item_id: 'lamp', title: 'A lamp', price_minor: 1200, currency: 'EUR' },
    { item_id: 'mug', title: 'mug', price_minor: 250, currency: 'GBP' },
  ]);
  expect(
    await importFile(engine, fileWith('more.csv', ['customer,item,at,quantity', `ada,chair,${today},1`]), { basis }),
  ).toMatchObject({ stored: 1, unknownItems: 1 });
});

test('a catalogue is taken from the columns of a product feed, and a repeat changes nothing', async () => {
  const engine = await testEngine();
  const header = 'id\ttitle\tprice\tavailability\tlink\timage_link\tproduct_type\tbrand\tcondition';
  const file = fileWith('feed.tsv', [
    header,
    'A\tLamp\t12.00 GBP\tin_stock\thttps://shop.example/a\thttps://shop.example/a.png\tHome > Light\tAcme\tnew',
    'B\tMug\t5 GBP\tout of stock\thttps://shop.example/b\t\tHome\tAcme\tnew',
    'C\tCup\ttwelve\tin stock\t\t\t\t\tnew',
    'D\tCup\t1 GBP\tperhaps\t\t\t\t\tnew',
    'E\tCup\t1 GBP\tin stock\tjavascript:alert(1)\t\t\t\tnew',
    'B\tMug 2\t6 GBP\tin stock\thttps://shop.example/b\t\tHome\tAcme\tnew',
  ]);
  const run = async () => withFile(file, (opened) => importItems(engine, opened));
  expect(await run()).toEqual({ read: 6, stored: 2, anonymous: 0, withoutBasis: 0, rejected: 3, duplicates: 1 });
  const items = () =>
    engine.database.query(
      'select item_id, item_number, title, price_minor, currency, available, category, supplier, url, image from items order by item_id',
    );
  const stored = await items();
  expect(stored).toEqual([
    {
      item_id: 'A',
      item_number: 0,
      title: 'Lamp',
      price_minor: 1200,
      currency: 'GBP',
      available: true,
      category: 'Home > Light',
      supplier: 'Acme',
      url: 'https://shop.example/a',
      image: 'https://shop.example/a.png',
    },
    {
      item_id: 'B',
      item_number: 1,
      title: 'Mug 2',
      price_minor: 600,
      currency: 'GBP',
      available: true,
      category: 'Home',
      supplier: 'Acme',
      url: 'https://shop.example/b',
      image: null,
    },
  ]);
  await run();
  expect(await items()).toEqual(stored);
});

test('what people did with an item counts as soon as the catalogue has the item', async () => {
  const engine = await testEngine();
  await importFile(engine, fileWith('orders.csv', orders), { basis });
  await foldAll(engine);
  expect((await personOf(engine, 'ada'))?.contributions).toEqual([]);
  await withFile(fileWith('items.jsonl', ['{"id":"lamp"}', '{"id":"mug"}']), (opened) => importItems(engine, opened));
  await foldAll(engine);
  expect((await personOf(engine, 'ada'))?.contributions).toEqual([{ model: 'alsoLiked', items: ['lamp', 'mug'] }]);
});

test('consents are recorded once, in the words of the file, and a later refusal is not overridden', async () => {
  const engine = await testEngine();
  const run = async (lines: string[]) => {
    const file = fileWith('consents.csv', ['person,purpose,state,time,evidence', ...lines]);
    return withFile(file, (opened) => importConsents(engine, opened));
  };
  const first = [
    'ada,suggestions,granted,2024-01-01,form 1',
    'ada,Advertising,yes,2024-01-01,form 1',
    'ben,suggestions,denied,2024-01-01,',
    'cat,suggestions,granted,2024-01-01,',
    'dan,nothing known,granted,2024-01-01,x',
    ',suggestions,granted,2024-01-01,x',
  ];
  expect(await run(first)).toEqual({ read: 6, stored: 3, anonymous: 1, withoutBasis: 0, rejected: 2, duplicates: 0 });
  expect((await personOf(engine, 'ada'))?.standing.toSorted()).toEqual(['email', 'suggestions']);
  const entries = () => engine.database.query('select entry_id from consent_entries order by entry_id');
  const before = await entries();
  expect(await run(first)).toMatchObject({ stored: 0, duplicates: 3 });
  expect(await entries()).toEqual(before);

  await forget(engine, (await personOf(engine, 'ada'))?.personId ?? '', {
    kind: 'withdraw',
    purposes: ['suggestions'],
    method: 'form',
    source: 'test',
    at: new Date('2024-03-01'),
  });
  expect(await run(['ada,suggestions,granted,2024-02-01,old form', 'ada,suggestions,granted,,no date'])).toMatchObject({
    stored: 0,
    withoutBasis: 2,
  });
  expect((await personOf(engine, 'ada'))?.standing).toEqual(['email']);
  expect(await run(['ada,suggestions,granted,2024-04-01,asked again', 'ada,email,withdrawn,,'])).toMatchObject({
    stored: 2,
  });
  expect((await personOf(engine, 'ada'))?.standing).toEqual(['suggestions']);
});

test('an import that is killed and run again ends with the same rows as one that was not', async () => {
  const [whole, broken] = [await testEngine(), await testEngine()];
  const rows = Array.from(
    { length: 30_000 },
    (_, at) => `person-${at % 700},item-${(at * 7) % 90},${today},${at % 11}`,
  );
  const file = fileWith('many.csv', ['customer,item,at,quantity', ...rows]);
  const expected = await importFile(whole, file, { basis, itemsFromRows: true });
  const stored = async (engine: Engine) =>
    (await engine.database.query<{ count: number }>('select count(*)::integer as count from events'))[0]?.count ?? 0;

  let kills = 0;
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = await stored(broken);
    const options: ImportProcessOptions = { url: broken.database.url, policy: shopPolicy, mapping, basis, file };
    const child = spawn(process.execPath, [importProcess, JSON.stringify(options)], { stdio: 'inherit' });
    const ended = once(child, 'exit');
    while ((await stored(broken)) === before && child.exitCode === null) await sleep(5);
    if (child.exitCode === null && child.kill('SIGKILL')) kills += 1;
    await ended;
  }
  expect(kills).toBeGreaterThan(1);
  const last = await importFile(broken, file, { basis, itemsFromRows: true });
  expect(last.stored + last.duplicates).toBe(expected.stored);
  const rowsOf = (engine: Engine) =>
    engine.database.query(
      `select name, item_ids, at, count(*)::integer as count from events group by name, item_ids, at order by item_ids`,
    );
  expect(await rowsOf(broken)).toEqual(await rowsOf(whole));
  const consents =
    'select count(*)::integer as entries, count(distinct person_id)::integer as people from consent_entries';
  expect(await broken.database.query(consents)).toEqual(await whole.database.query(consents));
});
