import { expect, test } from 'vitest';
import { checkCatalogue, type Table, tables } from '../../src/database/tables.ts';
import { testDatabase } from '../support/database.ts';

const database = await testDatabase();

/** What a change adds to the findings, told in a database of its own. */
async function findingsAfter(change: string, catalogue: Record<string, Table> = tables): Promise<string[]> {
  const changed = await testDatabase({ max: 4 });
  const findings = async (expected: Record<string, Table>) =>
    (await checkCatalogue(changed, expected)).map(({ table, finding }) => `${table} ${finding}`);
  const before = new Set(await findings(tables));
  await changed.transaction((tx) => tx.script(change));
  return (await findings(catalogue)).filter((finding) => !before.has(finding));
}

test('every live table is catalogued and keeps the rules of its kind', async () => {
  expect(await checkCatalogue(database)).toEqual([]);
});

test('a table that nobody catalogued is found', async () => {
  expect(await findingsAfter('create table strays (stray_id uuid primary key)')).toEqual([
    'strays is in the database but not in the catalogue.',
  ]);
});

test('a catalogued table that is missing is found', async () => {
  expect(await findingsAfter('drop table inbox')).toEqual(['inbox is in the catalogue but not in the database.']);
});

test('a person table whose key does not begin with person_id is found, also when it is an expression', async () => {
  const strays: Record<string, Table> = { ...tables, strays: { room: 'people', kind: 'person' } };
  const key = 'create table strays (stray_id uuid primary key, person_id uuid not null)';
  expect(await findingsAfter(key, strays)).toEqual([
    'strays has the unique index strays_pkey, which does not begin with person_id.',
  ]);
  const expression = 'create unique index sneaky on profile_fields (lower(field), person_id)';
  expect(await findingsAfter(expression)).toEqual([
    'profile_fields has the unique index sneaky, which does not begin with person_id.',
  ]);
});

test('a person table without primary key or with a person_id of another type is found', async () => {
  const strays: Record<string, Table> = { ...tables, strays: { room: 'people', kind: 'person' } };
  expect(await findingsAfter('create table strays (person_id text)', strays)).toEqual([
    'strays is a person table without a column person_id of type uuid.',
    'strays has no primary key.',
  ]);
});

test('a look-up table with a second global key is found', async () => {
  expect(await findingsAfter('create unique index sneaky on decision_people (person_id)')).toEqual([
    'decision_people has the unique index sneaky, which does not begin with decision_id, the column that the table is spread by.',
  ]);
});

test('a foreign key from one person to another, or from control to person, is found', async () => {
  const other = 'alter table exclusions add foreign key (exclusion_id) references persons (person_id)';
  expect(await findingsAfter(other)).toEqual([
    'exclusions has the foreign key exclusions_exclusion_id_fkey to persons, which its kind may not have.',
  ]);
  const control = 'alter table fold_queue add foreign key (person_id) references persons (person_id)';
  expect(await findingsAfter(control)).toEqual([
    'fold_queue has the foreign key fold_queue_person_id_fkey to persons, which its kind may not have.',
  ]);
  const lawful = 'alter table exclusions add foreign key (person_id) references persons (person_id)';
  expect(await findingsAfter(lawful)).toEqual([]);
});

test('a trigger, a rule, a deferrable constraint and a value made by the database are found on person tables', async () => {
  const change = `
    create function nothing() returns trigger language plpgsql as 'begin return new; end';
    create trigger sneaky before insert on events for each row execute function nothing();
    create rule quiet as on delete to receipts do instead nothing;
    alter table exclusions add constraint late unique (person_id, excluded_at) deferrable;
    alter table persons alter column created_at set default now();
    alter table contributions add column serial_number bigint generated always as identity;`;
  expect(await findingsAfter(change)).toEqual([
    'contributions has the column serial_number, whose value the database makes.',
    'events has the trigger sneaky.',
    'exclusions has the deferrable or exclusion constraint late.',
    'persons has the column created_at, whose value the database makes.',
    'receipts has the rule quiet.',
  ]);
});
