/**
 * A database of its own for each test file: a copy of the migrated template, dropped when the file has finished. A file fails when it has
 * left a connection checked out. `KEEPDB=1` keeps the database and prints how to look into it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, inject } from 'vitest';
import { type ConnectOptions, type PooledDatabase, connect } from '../../src/database/connect.ts';
import { type World, systemWorld } from '../../src/database/world.ts';
import { runSql, urlOf } from './run-sql.ts';

export interface TestDatabase extends PooledDatabase {
  name: string;
  url: string;
  superuserUrl: string;
}

export interface TestDatabaseOptions extends ConnectOptions {
  world?: World;
  /** An empty database in the place of a migrated one. */
  empty?: boolean;
}

/** May be called anywhere in a test file, at its top level too; the database goes when the file has finished. */
export async function testDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const { world = systemWorld, empty = false, ...limits } = options;
  const server = inject('testServer');
  const name = `test_${Buffer.from(systemWorld.randomBytes(8)).toString('hex')}`;
  await runSql(server.url, `create database ${name} template ${empty ? 'template1' : server.template}`);
  const url = urlOf(server.url, name);
  const database = Object.assign(await connect(url, world, limits), {
    name,
    url,
    superuserUrl: urlOf(server.superuserUrl, name),
  });
  made.push(database);
  return database;
}

const made: TestDatabase[] = [];

// Registered while the file is collected, hence run after the hooks of the file itself.
afterAll(async () => {
  const leaks: string[] = [];
  for (const database of made.splice(0)) {
    const busy = await connectionsLeftBusy(database);
    if (busy > 0) leaks.push(`${busy} connection(s) of ${database.name} were never given back`);
    else await database.close();
    if (process.env['KEEPDB'] === '1') process.stderr.write(`\npsql '${database.url}'\n`);
    else await runSql(inject('testServer').superuserUrl, `drop database ${database.name} with (force)`);
  }
  if (leaks.length > 0) throw new Error(`A test leaked: ${leaks.join('; ')}.`);
}, 60_000);

/** Work that ends by itself gets two seconds. */
async function connectionsLeftBusy(database: PooledDatabase): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const { open, idle } = database.load();
    if (open === idle || attempt >= 40) return open - idle;
    await sleep(50);
  }
}
