/**
 * Keeps count of the processes that use one embedded server, so that the last one to leave stops it: `serve` may outlive a command that
 * was run beside it, and the other way round. A process that was killed does not count, since it is known by number and time of birth.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isAlive, markOf } from './processes.ts';

export interface Registration {
  /** Whether another living process uses the server too. */
  hasOthers(): boolean;
  /** No longer counts this one. */
  leave(): void;
}

/** Counts this use until it leaves or its process ends. `id` tells several uses by one process apart. */
export function registerUse(directory: string, id: string): Registration {
  const folder = path.join(directory, 'users');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = `${markOf(process.pid)}.${id}`;
  writeFileSync(path.join(folder, own), '');
  return {
    hasOthers() {
      let found = false;
      for (const name of readdirSync(folder)) {
        if (name === own) continue;
        if (isAlive(name.slice(0, name.lastIndexOf('.')))) found = true;
        else rmSync(path.join(folder, name), { force: true });
      }
      return found;
    },
    leave: () => rmSync(path.join(folder, own), { force: true }),
  };
}

/** The numbers of the living processes that use the server, this one left out. */
export function livingUsers(directory: string): number[] {
  const folder = path.join(directory, 'users');
  if (!existsSync(folder)) return [];
  const marks = readdirSync(folder).map((name) => name.slice(0, name.lastIndexOf('.')));
  const numbers = marks.filter(isAlive).map((mark) => Number.parseInt(mark, 10));
  return [...new Set(numbers)].filter((pid) => pid !== process.pid);
}
