/**
 * The folder in which the supervisor keeps one embedded server, and how its data directory comes to be: built aside and put in its place
 * by one rename, so that a start that was interrupted, or two at once, never leave half a data directory.
 *
 *     <directory>/cluster/pgdata          PostgreSQL's own data directory; belongs to the account that runs the server
 *     <directory>/cluster/passwords.json  two generated passwords, mode 0600
 *     <directory>/run/                    the Unix socket
 *     <directory>/users/                  one file for each process that uses the server
 *     <directory>/server.log              what the server says
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../refusal.ts';
import type { World } from '../world.ts';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { isAlive, markOf } from './processes.ts';

export interface Cluster {
  directory: string;
  pgdata: string;
  log: string;
  passwords: Passwords;
}

/** `supervisor` is the bootstrap superuser; `fairlead` owns the database and is the one that rooms connect as. */
export interface Passwords {
  supervisor: string;
  fairlead: string;
}

/** Creates the folder itself; a root process lets others pass through it, since the server's account has to. */
export function makeDirectory(directory: string): void {
  try {
    makePath(path.dirname(path.resolve(directory)), 0o777);
    makePath(directory, 0o700);
    removeRemains(directory);
    if (process.getuid?.() === 0 && statSync(directory).uid === 0)
      chmodSync(directory, statSync(directory).mode | 0o011);
    const probe = mkdtempSync(path.join(directory, 'probe-'));
    rmSync(probe, { recursive: true });
  } catch (error) {
    throw fileRefusal(error, directory);
  }
}

/** Who owns the data directory, when there is one. */
export function ownerOf(directory: string): { uid: number; gid: number } | undefined {
  const found = statSync(pgdataIn(directory), { throwIfNoEntry: false });
  return found && { uid: found.uid, gid: found.gid };
}

/** Opens the cluster, or makes it where there is none; refuses one of another major version. */
export async function openCluster(
  directory: string,
  binaries: Binaries,
  account: Account | undefined,
  world: World,
  onLine: (line: string) => void,
): Promise<Cluster> {
  try {
    if (!existsSync(path.join(directory, 'cluster'))) {
      onLine('Setting up the database (once).');
      await makeCluster(directory, binaries, account, world);
    }
    const pgdata = pgdataIn(directory);
    const made = readFileSync(path.join(pgdata, 'PG_VERSION'), 'utf8').trim();
    if (made !== String(binaries.major)) {
      throw new Refusal(
        'database.other-version',
        `The database in ${directory} was made by PostgreSQL ${made}; this version of Fairlead brings PostgreSQL ${binaries.major}, which cannot read it.`,
        {
          remedy:
            'Run `fairlead backup` with the version of Fairlead that made it, then `fairlead restore` with this one into an empty directory.',
        },
      );
    }
    if (account) giveAway(pgdata, account);
    const passwords = JSON.parse(readFileSync(path.join(directory, 'cluster', 'passwords.json'), 'utf8')) as Passwords; // reason: our own file
    return { directory, pgdata, log: path.join(directory, 'server.log'), passwords };
  } catch (error) {
    throw fileRefusal(error, directory);
  }
}

/** A file-system error as a sentence; every other error as it is. */
export function fileRefusal(error: unknown, directory: string): unknown {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new Refusal('database.directory', `This user may not write to the database directory ${directory}.`, {
        remedy: 'Choose another directory (--data), or give this one to the user that runs Fairlead.',
        cause: error,
      });
    case 'EROFS':
      return new Refusal('database.directory', `The database directory ${directory} is read-only.`, {
        remedy: 'Choose a directory that can be written to (--data).',
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new Refusal(
        'database.directory',
        `The path of the database directory, ${directory}, leads through a file.`,
        {
          remedy: 'Choose another directory (--data).',
          cause: error,
        },
      );
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'ENOENT':
      return new Refusal('database.directory', `The path of the database directory, ${directory}, leads nowhere.`, {
        remedy: 'Choose another directory (--data).',
        cause: error,
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return diskFull(directory);
    default:
      return error;
  }
}

export function diskFull(directory: string): Refusal {
  return new Refusal('database.full', `There is no space left on the disk that holds ${directory}.`, {
    remedy: 'Free some space, then start again.',
  });
}

/** Like a recursive mkdir, which in Node 24 never returns where a parent cannot be made, as below /proc. */
function makePath(directory: string, mode: number): void {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  if (path.dirname(directory) !== directory) makePath(path.dirname(directory), 0o777);
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Another process has made it in the meantime.
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** What starts that were killed half-way have left. */
function removeRemains(directory: string): void {
  for (const name of readdirSync(directory)) {
    const mark = /^cluster-(\d+\..*)-\w{6}$/.exec(name)?.[1];
    if (mark !== undefined && !isAlive(mark)) rmSync(path.join(directory, name), { recursive: true, force: true });
  }
}

function pgdataIn(directory: string): string {
  return path.join(directory, 'cluster', 'pgdata');
}

async function makeCluster(
  directory: string,
  binaries: Binaries,
  account: Account | undefined,
  world: World,
): Promise<void> {
  const fresh = mkdtempSync(path.join(directory, `cluster-${markOf(process.pid)}-`));
  try {
    chmodSync(fresh, account ? 0o711 : 0o700);
    const pgdata = path.join(fresh, 'pgdata');
    mkdirSync(pgdata, { mode: 0o700 });
    const passwords: Passwords = { supervisor: password(world), fairlead: password(world) };
    writeFileSync(path.join(fresh, 'passwords.json'), `${JSON.stringify(passwords)}\n`, { mode: 0o600, flush: true });
    const passwordFile = path.join(fresh, 'initial');
    writeFileSync(passwordFile, passwords.supervisor, { mode: 0o600 });
    if (account) {
      chownSync(pgdata, account.ids.uid, account.ids.gid);
      chownSync(passwordFile, account.ids.uid, account.ids.gid);
    }
    const said = await initdb(binaries, account, pgdata, passwordFile);
    if (said !== undefined) {
      if (/No space left/i.test(said)) throw diskFull(directory);
      throw new Refusal('database.setup', `PostgreSQL could not set up its data directory in ${directory}: ${said}`, {
        remedy: 'Choose another directory (--data), or set DATABASE_URL to a PostgreSQL server of your own.',
      });
    }
    rmSync(passwordFile);
    try {
      renameSync(fresh, path.join(directory, 'cluster'));
    } catch (error) {
      // Another process has made one in the meantime, so that one stands.
      if (!existsSync(pgdataIn(directory))) throw error;
    }
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** 192 bits in letters that need no quoting in a URL or in SQL. */
function password(world: World): string {
  return Buffer.from(world.randomBytes(24)).toString('base64url');
}

/**
 * Memory for a small machine: 128 MB of shared buffers, and sorts that rarely take more than 8 MB each. They go into postgresql.conf, where
 * an operator may change them; what must hold is given on the command line at every start.
 */
const tuning: Readonly<Record<string, string>> = {
  shared_buffers: '128MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_connections: '40',
  max_parallel_workers_per_gather: '1',
  random_page_cost: '1.1',
  jit: 'off',
};

/** Answers what initdb complained of, undefined when all went well. */
function initdb(
  binaries: Binaries,
  account: Account | undefined,
  pgdata: string,
  passwordFile: string,
): Promise<string | undefined> {
  const options = [
    '-D',
    pgdata,
    '--username=supervisor',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--data-checksums',
    '--encoding=UTF8',
    // The builtin provider sorts by code point on every machine, so an upgrade of the system's C library never breaks an index.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ];
  for (const [name, value] of Object.entries(tuning)) options.push('-c', `${name}=${value}`);
  return new Promise((resolve) => {
    const child = spawn(path.join(binaries.folder, 'bin', 'initdb'), options, {
      ...account?.ids,
      cwd: '/',
      env: plainEnvironment,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status) => resolve(status === 0 ? undefined : complaintIn(said)));
  });
}

/** The server and its tools get no secret from our environment, and speak English, which the supervisor understands. */
export const plainEnvironment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };

/** The first line of an output that names a fault, without programme name or time. */
export function complaintIn(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const fault =
    lines.find((line) => /\b(error|fatal|panic|FATAL|PANIC)\b:/.test(line)) ?? lines.findLast((line) => line !== '');
  return (fault ?? 'it did not say why').replace(/^.*?\b(error|fatal|panic|FATAL|PANIC):\s*/, '');
}

/** After a move or a restore as root the files may belong to somebody else; the server's account needs them all. */
function giveAway(pgdata: string, account: Account): void {
  const { uid, gid } = account.ids;
  if (statSync(pgdata).uid === uid) return;
  for (const entry of readdirSync(pgdata, { recursive: true, withFileTypes: true })) {
    lchownSync(path.join(entry.parentPath, entry.name), uid, gid);
  }
  chownSync(pgdata, uid, gid);
  chmodSync(pgdata, 0o700);
}
