/**
 * Runs the PostgreSQL that comes with Fairlead: sets it up once, starts it or takes over one that is running, starts it again when it
 * dies, and stops it cleanly when the last process that uses it leaves. Called by the command line when DATABASE_URL is not set, and by tests.
 */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { refuseUnreachable, serverAccount } from './internal/account.ts';
import { installedFolder, runnableBinaries } from './internal/binaries.ts';
import { type Cluster, fileRefusal, makeDirectory, openCluster, ownerOf } from './internal/cluster.ts';
import { failureOf } from './internal/failures.ts';
import * as postmaster from './internal/postmaster.ts';
import type { Launched, Listening, Postmaster } from './internal/postmaster.ts';
import { type Registration, livingUsers, registerUse } from './internal/users.ts';
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

/** The numbers of the processes, beside this one, that use the server of a directory now: for `fairlead stop`. */
export function processesUsing(directory: string): number[] {
  return livingUsers(path.resolve(directory));
}

/** Whether a server runs in a directory, or has left its lock behind: starting and stopping it then ends it cleanly. */
export function mayHaveServer(directory: string): boolean {
  return existsSync(path.join(directory, 'cluster', 'pgdata', 'postmaster.pid'));
}

export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  try {
    const supervisor = await prepare(options);
    try {
      return embeddedOf(supervisor, await ensureRunning(supervisor));
    } catch (error) {
      supervisor.registration.leave();
      throw error;
    }
  } catch (error) {
    throw fileRefusal(error, options.directory);
  }
}

function embeddedOf(supervisor: Supervisor, running: Running): Embedded {
  const { cluster, registration } = supervisor;
  const watch = keepRunning(supervisor, running);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await watch.end();
    registration.leave();
    // Whoever leaves at the same moment sees no others either, and asks for the same stop: that is harmless, an orphan would not be.
    if (registration.hasOthers()) return;
    const last = postmaster.runningPostmaster(cluster.pgdata);
    if (!last) return;
    await postmaster.stopPostmaster(cluster.pgdata, last.pid);
    postmaster.removeTemporarySocket(cluster.directory);
  };
  return {
    url: urlOf(cluster, running, 'fairlead', 'fairlead'),
    superuserUrl: urlOf(cluster, running, 'supervisor', 'fairlead'),
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
  registration: Registration;
  /** Of the binaries, for example `18.4`. */
  version: string;
  startMsMax: number;
  onLine: (line: string) => void;
  launch: (listening: Listening) => Launched;
  /** Where to listen, best first. */
  places: (() => Listening | undefined | Promise<Listening>)[];
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
    registration: registerUse(directory, options.world.uuid()),
    version: binaries.version,
    startMsMax: options.startMsMax ?? 300_000,
    launch: (listening) => postmaster.launch(cluster, binaries, account, listening, options.settings ?? {}),
    places: [() => postmaster.onSocket(directory, account), () => postmaster.onLoopback(directory)],
  };
}

/** Answers with a server that takes statements: one that runs already, or a new one. */
async function ensureRunning(supervisor: Supervisor, signal?: AbortSignal): Promise<Running> {
  const { cluster, onLine } = supervisor;
  const places = [...supervisor.places];
  const since = performance.now();
  let silentSince = since;
  let launched: Launched | undefined;
  let wasTold = false;
  const isGivenUp = () => signal?.aborted === true || performance.now() - since > supervisor.startMsMax;
  while (places.length > 0 && !isGivenUp()) {
    const found = postmaster.runningPostmaster(cluster.pgdata);
    if (found?.isReady) {
      const answer = await probe(cluster, found);
      if (answer instanceof Refusal && !mayPass.has(answer.code)) throw answer;
      const isDeaf = answer instanceof Refusal && performance.now() - silentSince > deafMsMax;
      // After an upgrade of Fairlead the orphan of the older one would keep running with yesterday's bugs.
      const isOutdated =
        typeof answer === 'string' && answer !== supervisor.version && !supervisor.registration.hasOthers();
      if (typeof answer === 'string' && !isOutdated) return { ...found, version: answer };
      if (!launched && (isDeaf || isOutdated)) {
        onLine('A database server of ours is running but cannot be used: stopping it cleanly.');
        await postmaster.stopPostmaster(cluster.pgdata, found.pid);
        silentSince = performance.now();
      }
    } else if (!found && !launched) {
      if (!wasTold) onLine('Starting the database.');
      wasTold = true;
      const listening = await places[0]?.();
      if (listening) launched = supervisor.launch(listening);
      else places.shift();
    } else if (!found && launched?.hasEnded()) {
      const complaint = launched.complaint();
      launched = undefined;
      if (/Unix|\.s\.PGSQL\./.test(complaint) && places.length > 1) places.shift();
      // Another process was faster than us, or the children of a server that was killed take a moment to notice.
      else if (/lock file "postmaster\.pid" already exists|still in use/.test(complaint)) await sleep(200);
      else throw postmaster.startRefusal(complaint, cluster);
    }
    await sleep(25);
  }
  throw new Refusal(
    'database.start',
    `The database server was not ready after ${Math.round((performance.now() - since) / 1000)} s.`,
    {
      remedy: `Look at ${cluster.log}; after a crash it may still be reading its own log, and a new start will wait for it.`,
    },
  );
}

/** How long a server that says it is ready may refuse to answer before it is stopped. */
const deafMsMax = 5_000;

/** What a server may answer while it starts, stops or has much to do. */
const mayPass = new Set(['database.busy', 'database.lost', 'database.silent', 'database.slow', 'database.unreachable']);

/** One connection as the superuser, which also makes what the application needs; the version when all is well, else the fault. */
async function probe(cluster: Cluster, found: Postmaster): Promise<string | Refusal> {
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
    if (!rows[0]?.made) await makeDatabase(client, cluster.passwords.fairlead);
    return /^[\d.]+/.exec(rows[0]?.version ?? '')?.[0] ?? 'unknown';
  } catch (error) {
    const failure = failureOf(error);
    if (failure instanceof Refusal) return failure;
    throw failure;
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
function keepRunning(supervisor: Supervisor, first: Running): { now(): Running; end(): Promise<void> } {
  let running = first;
  let reviving: Promise<void> | undefined;
  const ending = new AbortController();
  const revive = async () => {
    for (let attempt = 1; !ending.signal.aborted; attempt++) {
      try {
        supervisor.onLine('The database server has ended unexpectedly: starting it again.');
        running = await ensureRunning(supervisor, ending.signal);
        return;
      } catch (error) {
        if (ending.signal.aborted) return;
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
    },
  };
}
