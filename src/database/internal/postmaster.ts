/**
 * One PostgreSQL server process: starting it, finding one that runs already, and stopping it. A server is stopped by SIGINT (its fast
 * shutdown) and waited for; it is never killed.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chownSync, closeSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync, statfsSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../refusal.ts';
import type { Account } from './account.ts';
import type { Binaries } from './binaries.ts';
import { type Cluster, complaintIn, diskFull, plainEnvironment } from './cluster.ts';
import { birthOf, commandOf } from './processes.ts';

/** What `postmaster.pid` says of a running server (PostgreSQL documentation, section 66.1). */
export interface Postmaster {
  pid: number;
  /** Directory of the Unix socket; empty when it listens on 127.0.0.1. */
  socketDirectory: string;
  port: number;
  isReady: boolean;
}

/** The server that runs on this data directory, whoever has started it; undefined when none does. */
export function runningPostmaster(pgdata: string): Postmaster | undefined {
  const lines = pidFileLines(pgdata);
  const pid = Number(lines?.[0]);
  if (!lines || !Number.isInteger(pid) || pid <= 1 || !isServerOf(pid, pgdata)) return undefined;
  return { pid, port: Number(lines[3]), socketDirectory: lines[4] ?? '', isReady: lines[7]?.trim() === 'ready' };
}

/** Starts a server and answers as soon as it is a process; where it listens is in its `postmaster.pid` later on. */
export function launch(
  cluster: Cluster,
  binaries: Binaries,
  account: Account | undefined,
  listening: Listening,
  settings: Readonly<Record<string, string>>,
): Launched {
  removeForeignPidFile(cluster.pgdata);
  const log = openLog(cluster.log);
  const from = fstatSync(log).size;
  const options = Object.entries({ ...heldSettings, ...listening, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(path.join(binaries.folder, 'bin', 'postgres'), ['-D', cluster.pgdata, ...options], {
    ...account?.ids,
    cwd: '/',
    env: plainEnvironment,
    // Its own session, so that Ctrl-C reaches us alone and we stop it after our work; its own log file, so that it outlives us.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let hasEnded = false;
  let fault: string | undefined;
  child.on('exit', () => {
    hasEnded = true;
  });
  child.on('error', (error) => {
    hasEnded = true;
    fault = error.message;
  });
  return {
    hasEnded: () => hasEnded,
    complaint: () => fault ?? complaintIn(readFileSync(cluster.log).subarray(from).toString('utf8')),
  };
}

export interface Launched {
  hasEnded(): boolean;
  /** What it said when it could not start. */
  complaint(): string;
}

/** PostgreSQL's settings for where it listens. */
export type Listening = Readonly<Record<'listen_addresses' | 'unix_socket_directories' | 'port', string>>;

/**
 * On a Unix socket nobody else can reach: in the directory when its path is short enough (107 bytes on Linux, 103 on macOS), else among the
 * temporary files. It is the same place at every start, so that whoever was connected finds it again. Undefined when there is no safe place.
 */
export function onSocket(directory: string, account: Account | undefined): Listening | undefined {
  const beside = path.join(directory, 'run');
  const fits = Buffer.byteLength(path.join(beside, '.s.PGSQL.5432')) <= 103;
  const folder = fits ? beside : temporarySocket(directory);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const isOurs =
    found.isDirectory() &&
    (found.uid === process.getuid?.() || found.uid === account?.ids.uid) &&
    (found.mode & 0o077) === 0;
  // Somebody else's folder, at a place that can be guessed.
  if (!isOurs) return undefined;
  if (account) chownSync(folder, account.ids.uid, account.ids.gid);
  return { listen_addresses: '', unix_socket_directories: `"${folder.replaceAll('"', '""')}"`, port: '5432' };
}

/** On the loopback address, for file systems that hold no sockets; the port stays the same from start to start while it is free. */
export async function onLoopback(directory: string): Promise<Listening> {
  const kept = path.join(directory, 'port');
  const last = existsSync(kept) ? Number(readFileSync(kept, 'utf8')) : 0;
  const port = (await freePort(last)) ?? (await freePort(0)) ?? 0;
  writeFileSync(kept, String(port));
  return { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port) };
}

/** Asks for the fast shutdown and waits until the process is gone. */
export async function stopPostmaster(pgdata: string, pid: number, waitMsMax = 120_000): Promise<void> {
  const birth = birthOf(pid);
  if (isServerOf(pid, pgdata)) {
    try {
      process.kill(pid, 'SIGINT');
    } catch (error) {
      if (error instanceof Error && Reflect.get(error, 'code') === 'EPERM') {
        throw new Refusal(
          'database.foreign',
          'The running database server belongs to another user, who alone can stop it.',
          {
            remedy: `Stop process ${pid} as its user, or as root.`,
          },
        );
      }
      // It has ended between the two lines, which is what was wanted.
    }
  }
  if (birth === undefined) return;
  for (let waitedMs = 0; birthOf(pid) === birth; waitedMs += 20) {
    if (waitedMs >= waitMsMax) {
      throw new Refusal(
        'database.stopping',
        `The database server is still writing to disk after ${waitMsMax / 1000} s, and was left to it.`,
        {
          remedy: 'Nothing is lost; the next start waits for it or takes it over.',
        },
      );
    }
    await sleep(20);
  }
}

/** Removes the folder of a socket that had no room beside the data. */
export function removeTemporarySocket(directory: string): void {
  rmSync(temporarySocket(directory), { recursive: true, force: true });
}

function temporarySocket(directory: string): string {
  return path.join(os.tmpdir(), `fairlead-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`);
}

/** A start writes at least one segment of its log. */
const walSegmentBytes = 16 * 1024 * 1024;

/** The refusal of a start, told by what the server itself complained of. */
export function startRefusal(complaint: string, cluster: Cluster): Refusal {
  // A full disk often keeps the server from saying so in its log.
  const { bavail, bsize } = statfsSync(cluster.directory);
  if (/No space left/i.test(complaint) || bavail * bsize < walSegmentBytes) return diskFull(cluster.directory);
  if (/Cannot allocate memory|could not (create|map|resize) .*memory/i.test(complaint)) {
    return new Refusal('database.memory', `There is not enough memory to start the database: ${complaint}`, {
      remedy: 'Free some memory, or lower shared_buffers in its postgresql.conf.',
    });
  }
  if (/Read-only file system|Permission denied/i.test(complaint)) {
    return new Refusal(
      'database.directory',
      `The database server may not write to ${cluster.directory}: ${complaint}`,
      {
        remedy: 'Choose another directory (--data), or make this one writable.',
      },
    );
  }
  if (/checkpoint record|invalid .*control|incorrect checksum|is corrupt|could not read|WAL/i.test(complaint)) {
    return new Refusal('database.damaged', `The database in ${cluster.directory} is damaged: ${complaint}`, {
      remedy: 'Keep the directory for inspection and restore the last backup with `fairlead restore`.',
    });
  }
  return new Refusal('database.start', `The database server could not start: ${complaint}`, {
    remedy: `Look at ${cluster.log}.`,
  });
}

/**
 * What holds at every start, whatever postgresql.conf says. The log names no value that a person may have typed: errors of statements are
 * answered to the client and not written, only the server's own events are.
 */
const heldSettings: Readonly<Record<string, string>> = {
  ssl: 'off',
  unix_socket_permissions: '0700',
  logging_collector: 'off',
  log_destination: 'stderr',
  log_line_prefix: '%m ',
  log_timezone: 'UTC',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_checkpoints: 'off',
};

const logBytesMax = 10 * 1024 * 1024;

/** Appends; an old log of more than 10 MB is kept once. */
function openLog(file: string): number {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) renameSync(file, `${file}.old`);
  return openSync(file, 'a', 0o600);
}

/** Whether the process is a PostgreSQL server (not one of its children) on this very directory. */
function isServerOf(pid: number, pgdata: string): boolean {
  const command = commandOf(pid);
  return command !== undefined && /(^|\/)postgres\s/.test(command) && command.includes(` -D ${pgdata} `);
}

/**
 * PostgreSQL itself steps over a lock file whose process is dead, but not over one whose number now belongs to some other program, as
 * happens after a power failure or when a container starts again.
 */
function removeForeignPidFile(pgdata: string): void {
  const pid = Number(pidFileLines(pgdata)?.[0]);
  if (Number.isInteger(pid) && pid > 0 && !isServerOf(pid, pgdata))
    rmSync(path.join(pgdata, 'postmaster.pid'), { force: true });
}

function pidFileLines(pgdata: string): string[] | undefined {
  try {
    return readFileSync(path.join(pgdata, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ENOENT') return undefined;
    throw error;
  }
}

/** The port itself when it is free, any free one for 0, undefined when it is taken. */
function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.on('error', () => resolve(undefined));
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
