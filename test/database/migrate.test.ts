import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { type Migration, migrate, migrationsIn } from '../../src/database/migrate.ts';
import { systemWorld } from '../../src/database/world.ts';
import { testDatabase } from '../support/database.ts';

const all = migrationsIn();
const names = all.map(({ name }) => name);

/** A migration of the test's own, numbered after those of the product. */
function next(name: string, text: string, breaking = false): Migration {
  return { number: all.length + 1, name, breaking, digest: name, text };
}

/** A folder with these files, removed afterwards. */
function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'fairlead-sql-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return folder;
}

test('an empty database gets all of it, and a second run finds nothing to do', async () => {
  const database = await testDatabase({ empty: true });
  expect(await migrate(database)).toEqual(names);
  expect(await migrate(database)).toEqual([]);
  expect(await migrate(database)).toEqual([]);
});

test('of twenty runners at the same moment each migration is applied by one', async () => {
  const { url } = await testDatabase({ empty: true });
  const runners = await Promise.all(Array.from({ length: 20 }, () => connect(url, systemWorld, { max: 2 })));
  const applied = await Promise.all(runners.map((runner) => migrate(runner)));
  expect(applied.flat().sort()).toEqual(names);
  await Promise.all(runners.map((runner) => runner.close()));
});

test('a migration that fails leaves nothing, and can be applied once it is corrected', async () => {
  const database = await testDatabase();
  const half = next('half', 'create table halves (a integer); select 1 / 0;');
  await expect(migrate(database, [...all, half])).rejects.toThrow('22012');
  expect(await database.query(`select to_regclass('halves') as found`)).toEqual([{ found: null }]);
  expect(await migrate(database, [...all, next('half', 'create table halves (a integer)')])).toEqual(['half']);
});

test('a database ahead by a harmless migration is used, by a breaking one refused', async () => {
  const database = await testDatabase();
  await migrate(database, [...all, next('harmless', 'create table extras (a integer)')]);
  expect(await migrate(database, all)).toEqual([]);
  const further: Migration = { ...next('strange', 'drop table extras', true), number: all.length + 2 };
  await migrate(database, [...all, next('harmless', 'create table extras (a integer)'), further]);
  await expect(migrate(database, all)).rejects.toMatchObject({
    code: 'database.ahead',
    message:
      'A newer version of Fairlead has changed this database (migration strange) in a way that this version does not know.',
  });
});

test('a migration that was changed after it was applied is refused', async () => {
  const database = await testDatabase();
  const [first, ...rest] = all;
  if (!first) throw new Error('There are no migrations.');
  await expect(migrate(database, [{ ...first, digest: 'other' }, ...rest])).rejects.toMatchObject({
    code: 'database.changed',
  });
});

test('files are taken in the order of their numbers, with intent and whether they break', () => {
  const read = migrationsIn(
    folderOf({
      '000002-second.sql': '-- Drops what nobody reads.\n--! breaking\ndrop table a;',
      '000001-first-of-all.sql': '-- Makes it.\ncreate table a (b integer);',
      'schema.sql': 'not a migration',
    }),
  );
  expect(read.map(({ number, name, breaking }) => [number, name, breaking])).toEqual([
    [1, '000001-first-of-all', false],
    [2, '000002-second', true],
  ]);
});

test.each([
  ['a gap', { '000001-a.sql': '-- A.\n', '000003-c.sql': '-- C.\n' }],
  ['a number used twice', { '000001-a.sql': '-- A.\n', '000001-b.sql': '-- B.\n' }],
  ['a name of another shape', { '1-a.sql': '-- A.\n' }],
  ['a file without intent', { '000001-a.sql': 'create table a (b integer);' }],
])('files with %s are refused', (_, files) => {
  expect(() => migrationsIn(folderOf(files as Record<string, string>))).toThrow(/sql\//); // reason: a union of literals
});
