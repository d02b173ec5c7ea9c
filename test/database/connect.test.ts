import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';

const database = await testDatabase();

test('a fresh test database is migrated', async () => {
  expect(await database.query('select count(*) as count from persons')).toEqual([{ count: 0 }]);
});
