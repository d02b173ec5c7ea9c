/** Folders for embedded servers of tests: where the server's unprivileged user can reach them, and removed even when a run was killed. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runningPostmaster, stopPostmaster } from '../../src/database/internal/postmaster.ts';
import { isAlive, markOf } from '../../src/database/internal/processes.ts';

/** A fresh folder whose name says which process it belongs to. */
export function serverDirectory(): string {
  return mkdtempSync(path.join(parent, `${prefix}${markOf(process.pid)}-`));
}

/** Stops what still runs in the folder, and removes it. */
export async function removeServerDirectory(directory: string): Promise<void> {
  const pgdata = path.join(directory, 'cluster', 'pgdata');
  const server = runningPostmaster(pgdata);
  if (server) await stopPostmaster(pgdata, server.pid, 20_000);
  rmSync(directory, { recursive: true, force: true });
}

/** Removes the folders of processes that have ended, unless they were told to keep them. */
export async function sweepDirectories(): Promise<void> {
  for (const name of readdirSync(parent)) {
    const mark = new RegExp(`^${prefix}(\\d+\\..*)-\\w{6}$`).exec(name)?.[1];
    const directory = path.join(parent, name);
    if (mark === undefined || isAlive(mark) || existsSync(path.join(directory, 'keep'))) continue;
    // It may belong to another user of this machine, or be swept by another run at this moment; either way it is not ours to insist on.
    await removeServerDirectory(directory).catch(() => undefined);
  }
}

const prefix = 'fairlead-test-';

/** A root process hands the server to another user, who can enter /tmp but perhaps not a private TMPDIR. */
const parent = process.getuid?.() === 0 ? '/tmp' : os.tmpdir();
