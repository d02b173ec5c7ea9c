/**
 * Runs the PostgreSQL that comes with Fairlead: sets it up once, starts it or takes over one that is running, starts it again when it
 * dies, and stops it cleanly when the last process that uses it leaves. Called by the command line when DATABASE_URL is not set, and by tests.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { refuseUnreachable, serverAccount } from './internal/account.ts';
import { installedFolder, runnableBinaries } from './internal/binaries.ts';
import { type Cluster, makeDirectory, openCluster, ownerOf } from './internal/cluster.ts';
import { failureOf } from './internal/failures.ts';
import * as postmaster from './internal/postmaster.ts';
import type { Launched, Postmaster } from './internal/postmaster.ts';
import { registerUse } from './internal/users.ts';
import { Refusal } from './refusal.ts';
import type { World } from './world.ts';

export interface EmbeddedOptions {
  /** A folder for the supervisor alone; made when missing. */
  directory: string;
  world: World;
  /** Told in a sentence what is happening, for people who wait. */
  onLine?: (line: string) => void;
  /** PostgreSQL settings for this start, for tests that need no durability (`fsync: 'off'`). */
  settings?: Readonly<Record<string, string>>;
  /** A folder with `bin`, `lib` and `share` in the place of the installed one. */
  binaries?: string;
  /** How long a start may take; crash recovery is part of it. 300,000 by default. */
  startMsMax?: number;
}

export interface Embedded {
  /** To be given to `connect`: the user `fairlead`, who owns the database `fairlead` and may create others. */
  url: string;
  /** The same server as its superuser, for maintenance and tests. */
  superuserUrl: string;
  /** Of the running server, for example `18.4`. */
  version: string;
  port: number;
  /** The server's process, as of now. */
  pid(): number;
  /** Leaves; the last user of the server stops it and waits for the end. */
  stop(): Promise<void>;
}

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const supervisor = await prepare(options);
  const registration = registerUse(supervisor.cluster.directory, options.world.uuid());
  let running: Running;
  try {
    running = await ensureRunning(supervisor);
  } catch (error) {
    registration.leave();
    throw error;
  }
  const watch = keepRunning(supervisor, running);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    const last = await watch.end();
    registration.leave();
    // Whoever leaves at the same moment sees no others either, and asks for the same stop: that is harmless, an orphan would not be.
    if (registration.hasOthers()) return;
    await postmaster.stopPostmaster(supervisor.cluster.pgdata, last.pid);
    postmaster.removeTemporarySocket(last.socketDirectory);
  };
  return {
    url: urlOf(supervisor.cluster, running, 'fairlead', 'fairlead'),
    superuserUrl: urlOf(supervisor.cluster, running, 'supervisor', 'fairlead'),
    version: running.version,
    port: running.port,
    pid: () => watch.now().pid,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

interface Supervisor {
  cluster: Cluster;
  startMsMax: number;
  onLine: (line: string) => void;
  launch: (listening: postmaster.Listening) => Launched;
  onSocket: (place: 'beside' | 'temporary') => postmaster.Listening;
}

interface Running extends Postmaster {
  version: string;
}

/** Everything that can be refused before a server is started. */
async function prepare(options: EmbeddedOptions): Promise<Supervisor> {
  const onLine = options.onLine ?? (() => undefined);
  makeDirectory(options.directory);
  const directory = realpathSync(path.resolve(options.directory));
  const account = serverAccount(ownerOf(directory));
  refuseUnreachable(directory, account);
  const binaries = runnableBinaries(options.binaries ?? installedFolder(), directory, account);
  const cluster = await openCluster(directory, binaries, account, options.world, onLine);
  return {
    cluster,
    onLine,
    startMsMax: options.startMsMax ?? 300_000,
    launch: (listening) => postmaster.launch(cluster, binaries, account, listening, options.settings ?? {}),
    onSocket: (place) => postmaster.onSocket(directory, account, place),
  };
}

/** Answers with a server that takes statements: one that runs already, or a new one. */
async function ensureRunning(supervisor: Supervisor): Promise<Running> {
  const { cluster, onLine } = supervisor;
  const until = performance.now() + supervisor.startMsMax;
  const places: (() => postmaster.Listening | Promise<postmaster.Listening>)[] = [
    () => supervisor.onSocket('beside'),
    () => supervisor.onSocket('temporary'),
    () => postmaster.onLoopback(),
  ];
  let launched: Launched | undefined;
  let place = 0;
  let silentMs = 0;
  while (performance.now() < until) {
    const found = postmaster.runningPostmaster(cluster.pgdata);
    if (found?.isReady) {
      const answer = await probe(cluster, found);
      if (typeof answer === 'string') return { ...found, version: answer };
      silentMs += 50;
      if (!launched && silentMs > orphanSilentMsMax) {
        onLine('A database server of ours runs but does not answer: stopping it cleanly.');
        await postmaster.stopPostmaster(cluster.pgdata, found.pid);
        silentMs = 0;
      }
    } else if (!found && !launched) {
      onLine('Starting the database.');
      launched = supervisor.launch(await (places[place] ?? postmaster.onLoopback)());
    } else if (!found && launched?.hasEnded()) {
      const complaint = launched.complaint();
      launched = undefined;
      if (/socket/i.test(complaint) && place < places.length - 1) place++;
      else if (!/lock file|still in use/.test(complaint)) throw postmaster.startRefusal(complaint, cluster);
      // The children of a server that was killed take a moment to notice; another process may have been faster than us.
      else await sleep(200);
    }
    await sleep(launched || found ? 25 : 0);
  }
  throw new Refusal('database.start', `The database server was not ready after ${supervisor.startMsMax / 1000} s.`, {
    remedy: `Look at ${cluster.log}; after a crash it may still be reading its log, and a new start will wait for it.`,
  });
}

const orphanSilentMsMax = 10_000;

/** One connection as the superuser, which also makes what the application needs; the version when all is well, else the fault. */
async function probe(cluster: Cluster, found: Postmaster): Promise<string | Refusal | Error> {
  const client = new Client({
    connectionString: urlOf(cluster, found, 'supervisor', 'postgres'),
    connectionTimeoutMillis: 5_000,
    statement_timeout: 30_000,
  });
  client.on('error', () => undefined); // the failing call reports it
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; made: boolean }>(
      `select current_setting('server_version') as version, exists (select from pg_database where datname = 'fairlead') as made`,
    );
    const row = rows[0];
    if (!row) return new Error('The database server answered nothing.');
    if (!row.made) await makeDatabase(client, cluster.passwords.fairlead);
    return row.version.split(' ')[0] ?? row.version;
  } catch (error) {
    const failure = failureOf(error);
    return failure instanceof Error ? failure : new Error(String(failure));
  } finally {
    await client.end().catch(() => undefined); // nothing more is asked of it
  }
}

/** The application's own user and database. Repeatable, and safe when two processes do it at once. */
async function makeDatabase(client: Client, password: string): Promise<void> {
  if (!/^[\w-]{32}$/.test(password)) throw new Error('The file of passwords is damaged.');
  const duplicates = new Set(['42710', '42P04', '23505']);
  const statements = [
    // Statements of this kind take no parameters; the password has just been checked to be letters, digits, - and _.
    `create role fairlead login createdb password '${password}'`,
    'grant pg_monitor, pg_checkpoint to fairlead',
    'create database fairlead owner fairlead',
  ];
  for (const statement of statements) {
    try {
      await client.query(statement);
    } catch (error) {
      if (!(error instanceof Error) || !duplicates.has(String(Reflect.get(error, 'code')))) throw error;
    }
  }
}

function urlOf(cluster: Cluster, server: Postmaster, user: 'supervisor' | 'fairlead', database: string): string {
  const login = `${user}:${cluster.passwords[user]}`;
  if (server.socketDirectory === '')
    return `postgresql://${login}@127.0.0.1:${server.port}/${database}?sslmode=disable`;
  const host = encodeURIComponent(server.socketDirectory);
  return `postgresql://${login}@localhost:${server.port}/${database}?host=${host}&sslmode=disable`;
}

/** Looks twice a second whether the server lives, and starts it again when it does not. */
function keepRunning(supervisor: Supervisor, first: Running): { now(): Running; end(): Promise<Running> } {
  let running = first;
  let reviving: Promise<void> | undefined;
  const ending = new AbortController();
  const revive = async () => {
    for (let attempt = 1; !ending.signal.aborted; attempt++) {
      try {
        supervisor.onLine('The database server has ended unexpectedly: starting it again.');
        running = await ensureRunning(supervisor);
        return;
      } catch (error) {
        supervisor.onLine(error instanceof Error ? error.message : String(error));
        await sleep(Math.min(1_000 * attempt, 30_000), undefined, { ref: false });
      }
    }
  };
  const timer = setInterval(() => {
    if (reviving || postmaster.runningPostmaster(supervisor.cluster.pgdata)?.pid === running.pid) return;
    reviving = revive().finally(() => {
      reviving = undefined;
    });
  }, 250);
  timer.unref();
  return {
    now: () => running,
    async end() {
      ending.abort();
      clearInterval(timer);
      await reviving;
      return running;
    },
  };
}
