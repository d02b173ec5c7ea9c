/**
 * Keeps count of the processes that use one embedded server, so that the last one to leave stops it: `serve` may outlive a command that
 * was run beside it, and the other way round. A process that was killed does not count, since it is known by number and time of birth.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { birthOf } from './processes.ts';

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
  const own = `${process.pid}.${birthName(process.pid) ?? 'now'}.${id}`;
  writeFileSync(path.join(folder, own), '');
  return {
    hasOthers() {
      let found = false;
      for (const name of readdirSync(folder)) {
        if (name === own) continue;
        const [pid, birth] = name.split('.');
        if (birthName(Number(pid)) === birth) found = true;
        else rmSync(path.join(folder, name), { force: true });
      }
      return found;
    },
    leave: () => rmSync(path.join(folder, own), { force: true }),
  };
}

/** A time of birth as a part of a file name. */
function birthName(pid: number): string | undefined {
  return birthOf(pid)?.replaceAll(/[^0-9A-Za-z]+/g, '-');
}
