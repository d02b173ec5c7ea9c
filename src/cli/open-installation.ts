/**
 * The composition root: from a data directory (or DATABASE_URL), keys and a policy to one running engine, and back. Everything that can be refused is
 * refused in a sentence before anything is changed; what was opened is closed in the opposite order, also on Ctrl-C. Several processes may do this at once.
 */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { type PooledDatabase, connect, refuseUnsafe } from '../database/connect.ts';
import { type Embedded, startEmbedded } from '../database/embedded.ts';
import { migrate } from '../database/migrate.ts';
import { Refusal } from '../database/refusal.ts';
import { type World, systemWorld } from '../database/world.ts';
import { type Engine, closeEngine, openEngine } from '../deciding/engine.ts';
import { checkPolicy, findingText, mayRun } from '../policy/check.ts';
import type { Policy } from '../policy/policy.ts';
import { followersOf } from '../rights/followers.ts';
import type { LogKeys } from '../transparency/sequencer.ts';
import { type Keys, checkKeys, openKeys } from '../vault/keys.ts';
import { endAll } from './end-all.ts';
import { exitCodes } from './exit-codes.ts';
import { type PlaceOptions, defaultData, defaultPolicyFile } from './options.ts';
import { runnablePolicy } from './policy-file.ts';
import { postgresDirectory } from './postgres-directory.ts';
import { note } from './terminal.ts';

export interface OpenOptions extends PlaceOptions {
  /** In the place of a file: for the demo, whose policy is part of it. */
  readonly given?: Policy;
  /** Answers decisions under load: then they have connections of their own. */
  readonly serves?: boolean;
  /** Connections at most; 5 by default, enough for a command. */
  readonly connections?: number;
  /** Told in a sentence what is going on; the error stream by default. */
  readonly onLine?: (line: string) => void;
}

export interface OpenInstallation {
  readonly engine: Engine;
  readonly database: PooledDatabase;
  readonly dataDirectory: string;
  /** Where our own PostgreSQL keeps its files; undefined with DATABASE_URL. */
  readonly postgresDirectory: string | undefined;
  /** Where the transparency log is published. */
  readonly logDirectory: string;
  readonly logKeys: LogKeys;
  close(): Promise<void>;
}

/** A decision that waits longer than this is worth less than the answer for everybody. */
const decisionLimits = {
  max: 8,
  plansOnce: true,
  waitMsMax: 1_000,
  statementTimeoutMs: 1_000,
  lockTimeoutMs: 1_000,
  name: 'fairlead decisions',
};

/** Opens an installation, making what a first start needs. */
export async function openInstallation(options: OpenOptions, world: World = systemWorld): Promise<OpenInstallation> {
  const onLine = options.onLine ?? note;
  const dataDirectory = path.resolve(options.data === '' ? defaultData : options.data);
  const fromFile = await policyFromFile(options);
  const opened: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= endAll(opened);
    return closing;
  };
  try {
    const server = await openServer(options.data, world, onLine);
    if (server.embedded !== undefined) opened.push(() => server.embedded?.stop() ?? Promise.resolve());
    const database = await connect(server.url, world, { max: options.connections ?? 5 });
    opened.push(() => database.close());
    await refuseUnsafe(database, { unsafeDev: options.unsafeDev === true });
    await migrate(database);
    const keys = await openOwnKeys(database, path.resolve(options.keys ?? path.join(dataDirectory, 'keys')));
    const policy = fromFile ?? (await policyInForce(database));
    const hot = options.serves === true ? await connect(server.url, world, decisionLimits) : database;
    if (hot !== database) opened.push(() => hot.close());
    const engine = await openEngine({
      database,
      hot,
      keys,
      policy,
      adoptedBy: whoRuns(),
      followers: followersOf,
    });
    opened.push(() => closeEngine(engine));
    return {
      engine,
      database,
      dataDirectory,
      postgresDirectory: server.embedded === undefined ? undefined : postgresDirectory(options.data),
      logDirectory: path.join(dataDirectory, 'log'),
      logKeys: logKeysOf(keys),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens, works, and closes, whatever happens; Ctrl-C and SIGTERM close too and end the process. */
export async function withInstallation<Result>(
  options: OpenOptions,
  work: (opened: OpenInstallation) => Promise<Result>,
): Promise<Result> {
  const opening = openInstallation(options);
  let isInterrupted = false;
  const onSignal = (): void => {
    if (isInterrupted) return;
    isInterrupted = true;
    note('Interrupted: closing. What was not finished has left nothing half done.');
    void opening
      .then((opened) => opened.close())
      .catch(() => undefined) // it could not be opened or closed in order; the process ends all the same
      .finally(() => process.exit(exitCodes.couldNotRun));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const opened = await opening;
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  } catch (error) {
    // What fails because everything is being closed under it is no news; the process ends in a moment.
    if (isInterrupted) await new Promise(() => undefined);
    throw error;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** The name of the user who runs this, for the record of who adopted a policy; their number where the system has no name for it. */
export function whoRuns(): string {
  try {
    return os.userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`; // containers often run as a number without a name
  }
}

/** The policy of the file that was named, or of the one that lies here; undefined where there is neither. */
async function policyFromFile(options: OpenOptions): Promise<Policy | undefined> {
  if (options.given !== undefined) {
    const errors = checkPolicy(options.given);
    if (!mayRun(errors)) throw new Error(errors.map(findingText).join('; '));
    return options.given;
  }
  const file = options.policy ?? (existsSync(defaultPolicyFile) ? defaultPolicyFile : undefined);
  return file === undefined ? undefined : (await runnablePolicy(file)).policy;
}

/** The policy that was last adopted; for commands that are run where no policy file lies. */
async function policyInForce(database: PooledDatabase): Promise<Policy> {
  const [last] = await database.query<{ document: Policy }>(
    'select document from policy_versions order by policy_version desc limit 1',
  );
  if (last !== undefined) return last.document;
  throw new Refusal('policy.missing', `There is no ${defaultPolicyFile} here, and no policy has been in force yet.`, {
    remedy: 'Write one with `fairlead init`, or name it with --policy FILE.',
  });
}

/** The server of DATABASE_URL, or our own in the data directory. */
async function openServer(
  data: string,
  world: World,
  onLine: (line: string) => void,
): Promise<{ url: string; embedded?: Embedded }> {
  makeDataDirectory(path.resolve(data === '' ? defaultData : data));
  const url = process.env['DATABASE_URL'];
  if (url !== undefined && url !== '') return { url };
  const directory = postgresDirectory(data);
  makeDataDirectory(path.dirname(directory));
  const embedded = await startEmbedded({ directory, world, onLine });
  return { url: embedded.url, embedded };
}

/** For its owner alone; a root process lets others pass through, because the database runs as another user. */
function makeDataDirectory(directory: string): void {
  if (existsSync(directory)) return;
  try {
    makePath(directory);
    chmodSync(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
  } catch (cause) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    const why =
      code === 'EROFS'
        ? 'its file system is read-only'
        : code === 'ENOSPC'
          ? 'the disk is full'
          : code === 'ENOTDIR' || code === 'EEXIST'
            ? 'its path leads through a file'
            : 'this user may not write there';
    throw new Refusal('data.directory', `The data directory ${directory} cannot be made: ${why}.`, {
      remedy: 'Choose another one with --data.',
      cause,
    });
  }
}

/** One folder after the other: Node's own recursive way never ends where a file system refuses with ENOENT, as /proc does. */
function makePath(directory: string): void {
  if (existsSync(directory)) return;
  makePath(path.dirname(directory));
  try {
    mkdirSync(directory);
  } catch (error) {
    // Another process has made it at the same moment.
    if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** Opens the keys and compares them with the database; makes them for an installation that has never had any. One process at a time. */
async function openOwnKeys(database: PooledDatabase, directory: string): Promise<Keys> {
  return database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtext('fairlead keys'))");
    const known = await tx.query('select name from key_checks limit 1');
    if (known.length === 0 && !existsSync(directory)) await makeKeys(directory, database.world);
    const keys = await openKeys(directory, { create: false, world: database.world });
    await checkKeys(database, keys);
    return keys;
  });
}

/** Made aside and put in their place whole, so that a start that is killed leaves all of them or none. */
async function makeKeys(directory: string, world: World): Promise<void> {
  const aside = `${directory}.${world.uuid()}`;
  try {
    await openKeys(aside, { create: true, world });
    await rename(aside, directory);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The log's name never changes and needs no configuration, because it follows from the same key as its signatures. */
function logKeysOf(keys: Keys): LogKeys {
  const seed = keys.derived('log-seed');
  const name = createHash('sha256').update('fairlead log name').update(seed).digest('hex').slice(0, 16);
  return { origin: `fairlead/${name}`, seed };
}
