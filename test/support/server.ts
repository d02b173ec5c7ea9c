/**
 * Gives every vitest run one PostgreSQL server of its own, with a migrated template database that `testDatabase` copies. The projects of one
 * run share it. `FAIRLEAD_TEST_DATABASE_URL` (a superuser's URL) puts another server in its place, `KEEPDB=1` leaves everything standing.
 */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { migrate } from '../../src/database/migrate.ts';
import { systemWorld } from '../../src/database/world.ts';
import { runSql, urlOf } from './run-sql.ts';
import { serverDirectory, sweepDirectories } from './server-directory.ts';

/** What a test worker needs to make databases of its own. */
export interface TestServer {
  /** The application's user, who may create databases; its path names no particular one. */
  url: string;
  superuserUrl: string;
  /** The migrated database to copy. */
  template: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    testServer: TestServer;
  }
}

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const shared = sharedInRun();
  shared.users++;
  shared.starting ??= start();
  const started = await shared.starting;
  project.provide('testServer', started.server);
  return async () => {
    shared.users--;
    if (shared.users > 0) return;
    shared.starting = undefined;
    await started.stop();
  };
}

interface Started {
  server: TestServer;
  stop(): Promise<void>;
}

interface Shared {
  users: number;
  starting: Promise<Started> | undefined;
}

/** Vitest loads this module once for each project, so what they share hangs on the global object. */
function sharedInRun(): Shared {
  const place: { [key: symbol]: Shared | undefined } = globalThis;
  return (place[Symbol.for('fairlead.test-server')] ??= { users: 0, starting: undefined });
}

async function start(): Promise<Started> {
  const template = `fairlead_template_${Buffer.from(systemWorld.randomBytes(6)).toString('hex')}`;
  const external = process.env['FAIRLEAD_TEST_DATABASE_URL'];
  const running = external === undefined ? await startOwn() : lent(external);
  const server: TestServer = { url: running.url, superuserUrl: running.superuserUrl, template };
  await runSql(server.url, `create database ${template}`);
  const database = await connect(urlOf(server.url, template), systemWorld, { max: 1 });
  await migrate(database);
  await database.close();
  return {
    server,
    async stop() {
      if (process.env['KEEPDB'] === '1') {
        process.stderr.write(`\nThe server and its databases were kept${running.howToRemove}\n`);
        return;
      }
      if (external !== undefined) await runSql(server.superuserUrl, `drop database ${template}`);
      await running.stop();
    },
  };
}

interface Running {
  url: string;
  superuserUrl: string;
  howToRemove: string;
  stop(): Promise<void>;
}

function lent(url: string): Running {
  return { url, superuserUrl: url, howToRemove: '.', stop: async () => undefined };
}

async function startOwn(): Promise<Running> {
  await sweepDirectories();
  const directory = serverDirectory();
  if (process.env['KEEPDB'] === '1') writeFileSync(path.join(directory, 'keep'), '');
  const embedded = await startEmbedded({
    directory,
    world: systemWorld,
    // Without fsync a power failure would lose data; a kill of any process does not, and tests that need more start a server of their own.
    settings: { max_connections: '200', ...(process.env['FAIRLEAD_TEST_FSYNC'] === 'on' ? {} : { fsync: 'off' }) },
  });
  return {
    url: embedded.url,
    superuserUrl: embedded.superuserUrl,
    howToRemove: `; to remove them: kill -INT ${embedded.pid()} && rm -r ${directory}`,
    async stop() {
      await embedded.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
