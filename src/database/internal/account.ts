/**
 * Who runs the database server. PostgreSQL refuses to run as root, so a root process hands it to an account without rights; any other
 * process runs it as itself. Also answers whether that account can get to a directory, and what stands in its way.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../refusal.ts';

export interface Account {
  name: string;
  ids: { uid: number; gid: number };
}

/** The account to use, undefined for "as we are". An existing cluster keeps the one that owns it. */
export function serverAccount(ownerOfCluster: { uid: number; gid: number } | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (ownerOfCluster && ownerOfCluster.uid !== 0) return { name: `uid ${ownerOfCluster.uid}`, ids: ownerOfCluster };
  for (const name of ['postgres', '_postgres', 'nobody']) {
    const uid = numberFrom('id', ['-u', name]);
    const gid = numberFrom('id', ['-g', name]);
    if (uid && gid !== undefined) return { name, ids: { uid, gid } };
  }
  throw new Refusal(
    'database.no-account',
    'PostgreSQL does not run as root, and this machine has no user postgres or nobody.',
    {
      remedy: 'Create a user named postgres, or start Fairlead as another user than root.',
    },
  );
}

/** Throws when the account cannot enter the directory, naming the first parent that shuts it out. */
export function refuseUnreachable(directory: string, account: Account | undefined): void {
  if (!account) return;
  const parts = directory.split(path.sep).filter(Boolean);
  for (let depth = 0; depth <= parts.length; depth++) {
    const parent = path.sep + parts.slice(0, depth).join(path.sep);
    // `cd` asks the kernel as that user, so access lists and mounts count as well as modes.
    const entered = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', parent], {
      ...account.ids,
      cwd: '/',
      stdio: 'ignore',
    });
    if (entered.error) throw notAllowed(account);
    if (entered.status !== 0) {
      const mode = (statSync(parent).mode & 0o777).toString(8);
      throw new Refusal(
        'database.unreachable-directory',
        `PostgreSQL runs as ${account.name} here, because it refuses to run as root, and ${account.name} cannot enter ${parent} (mode ${mode}).`,
        {
          remedy: `Choose another directory (--data), start Fairlead as another user than root, or run: chmod o+x '${parent}'`,
        },
      );
    }
  }
}

function notAllowed(account: Account): Refusal {
  return new Refusal('database.no-account', `This process is root but may not start a program as ${account.name}.`, {
    remedy: 'Start Fairlead as another user than root, or let the container keep CAP_SETUID and CAP_SETGID.',
  });
}

function numberFrom(program: string, options: string[]): number | undefined {
  const said = spawnSync(program, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const value = Number.parseInt(said.stdout ?? '', 10);
  return said.status === 0 && Number.isInteger(value) ? value : undefined;
}
