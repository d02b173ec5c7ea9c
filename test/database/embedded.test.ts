import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { connect, refuseUnsafe } from '../../src/database/connect.ts';
import { type Embedded, type EmbeddedOptions, startEmbedded } from '../../src/database/embedded.ts';
import { refuseUnreachable, serverAccount } from '../../src/database/internal/account.ts';
import { installedFolder } from '../../src/database/internal/binaries.ts';
import { fileRefusal } from '../../src/database/internal/cluster.ts';
import { birthOf } from '../../src/database/internal/processes.ts';
import { Refusal } from '../../src/database/refusal.ts';
import { systemWorld } from '../../src/database/world.ts';
import { runSql } from '../support/run-sql.ts';
import { removeServerDirectory, serverDirectory } from '../support/server-directory.ts';

const isRoot = process.getuid?.() === 0;

/** A fresh folder for one test; what still runs in it at the end is stopped. */
function freshDirectory(): string {
  const directory = serverDirectory();
  onTestFinished(() => removeServerDirectory(directory), 60_000);
  return directory;
}

let prepared: string | undefined;

/** A fresh folder with a cluster that has been set up before, to spare each test the second or more that setting up takes. */
async function directoryWithCluster(): Promise<string> {
  if (prepared === undefined) {
    prepared = serverDirectory();
    await (await startEmbedded({ directory: prepared, world: systemWorld })).stop();
  }
  const directory = freshDirectory();
  cpSync(path.join(prepared, 'cluster'), path.join(directory, 'cluster'), { recursive: true });
  return directory;
}

afterAll(async () => {
  if (prepared !== undefined) await removeServerDirectory(prepared);
});

/** Starts with fsync as it is in production, and leaves when the test ends. */
async function start(
  directory: string,
  options: Partial<EmbeddedOptions> = {},
): Promise<Embedded & { lines: string[] }> {
  const lines: string[] = [];
  const embedded = await startEmbedded({
    directory,
    world: systemWorld,
    onLine: (line) => lines.push(line),
    ...options,
  });
  onTestFinished(() => embedded.stop(), 60_000);
  return Object.assign(embedded, { lines });
}

async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await call.then(
    () => new Error('it was not refused'),
    (fault: unknown) => fault,
  );
  if (!(error instanceof Refusal)) throw error;
  return error;
}

interface OtherProcess {
  url: string;
  /** Of the database server that it uses. */
  pid: number;
  kill(): Promise<void>;
  leave(): Promise<void>;
}

const program = fileURLToPath(new URL('../support/embedded-process.ts', import.meta.url));

/** Another process that uses the same folder. */
async function otherProcess(directory: string): Promise<OtherProcess> {
  const child = spawn(process.execPath, [program, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const ready = await readyLine(child);
  return {
    ...ready,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async leave() {
      child.stdin.end();
      await ended;
    },
  };
}

async function readyLine(child: ChildProcess): Promise<{ url: string; pid: number }> {
  if (!child.stdout) throw new Error('The other process has no output.');
  for await (const line of createInterface({ input: child.stdout })) {
    return JSON.parse(line) as { url: string; pid: number }; // reason: written by our own program
  }
  throw new Error('The other process has ended before it was ready.');
}

describe('a fresh start', () => {
  test('gives a safe server that nobody else can reach, to a user without special rights', async () => {
    const directory = freshDirectory();
    const embedded = await start(directory);
    const database = await connect(embedded.url, systemWorld);
    await refuseUnsafe(database);
    expect(
      await database.query(
        `select current_setting('listen_addresses') as addresses, current_setting('ssl') as ssl, current_setting('server_encoding') as encoding,
                (select datlocprovider::text || ' ' || datlocale from pg_database where datname = current_database()) as locale,
                (select rolsuper from pg_roles where rolname = current_user) as super, current_setting('data_checksums') as checksums`,
      ),
    ).toEqual([{ addresses: '', ssl: 'off', encoding: 'UTF8', locale: 'b C.UTF-8', super: false, checksums: 'on' }]);
    expect(statSync(path.join(directory, 'cluster', 'passwords.json')).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(directory, 'cluster', 'pgdata')).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(directory, 'run')).mode & 0o777).toBe(0o700);
    const wrong = new URL(embedded.url);
    wrong.password = 'guessed';
    expect((await refusalOf(connect(wrong.href, systemWorld))).code).toBe('database.password');
    await database.close();
  });

  test('never runs the server as root, and gives it no secret of our environment', async () => {
    const embedded = await start(await directoryWithCluster());
    const user = spawnSync('ps', ['-o', 'uid=', '-p', String(embedded.pid())], { encoding: 'utf8' });
    expect(Number(user.stdout)).toBe(isRoot ? serverAccount(undefined)?.ids.uid : process.getuid?.());
    expect(Number(user.stdout)).toBeGreaterThan(0);
    if (process.platform !== 'linux') return;
    const environment = readFileSync(`/proc/${embedded.pid()}/environ`, 'utf8').split('\0').filter(Boolean);
    expect(environment.map((entry) => entry.split('=')[0]).sort()).toEqual(['LC_ALL', 'PATH', 'TZ']);
  });

  test('in a folder whose path is too long for a socket works all the same', async () => {
    const parent = freshDirectory();
    chmodSync(parent, 0o755);
    const directory = path.join(parent, 'long'.repeat(15), 'long'.repeat(15));
    const embedded = await start(directory);
    const socket = new URL(embedded.url).searchParams.get('host') ?? '';
    expect(socket.length).toBeLessThan(100);
    await runSql(embedded.url, 'select 1');
    await embedded.stop();
    expect(existsSync(socket)).toBe(false);
  });

  test('in a folder where the socket would not be safe listens on the loopback address, at the same port next time', async () => {
    const directory = await directoryWithCluster();
    mkdirSync(path.join(directory, 'run'));
    chmodSync(path.join(directory, 'run'), 0o777);
    const first = await start(directory);
    expect(new URL(first.url).hostname).toBe('127.0.0.1');
    await first.stop();
    const second = await start(directory);
    expect(second.url).toBe(first.url);
    await runSql(second.url, 'select 1');
  });

  test('of two processes at the same moment ends with one server for both', async () => {
    const directory = freshDirectory();
    const [one, other] = await Promise.all([otherProcess(directory), otherProcess(directory)]);
    expect(one).toMatchObject({ url: other.url, pid: other.pid });
    await runSql(one.url, 'select 1');
    await Promise.all([one.leave(), other.leave()]);
    expect(birthOf(one.pid)).toBeUndefined();
    expect(readdirSync(directory).filter((name) => name.startsWith('cluster'))).toEqual(['cluster']);
  });
});

describe('a server that was stopped', () => {
  test('is gone, and comes back with what it held', async () => {
    const directory = await directoryWithCluster();
    const first = await start(directory);
    await runSql(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect(birthOf(first.pid())).toBeUndefined();
    const second = await start(directory);
    expect(second.url).toBe(first.url);
    const database = await connect(second.url, systemWorld);
    expect(await database.query('select answer from kept')).toEqual([{ answer: 42 }]);
    await database.close();
    expect(readFileSync(path.join(directory, 'server.log'), 'utf8')).not.toContain('not properly shut down');
  });

  test('keeps to its socket whatever its configuration file says', async () => {
    const directory = await directoryWithCluster();
    await (await start(directory)).stop();
    appendFileSync(
      path.join(directory, 'cluster', 'pgdata', 'postgresql.conf'),
      `\nlisten_addresses = '*'\nlog_statement = 'all'\n`,
    );
    const database = await connect((await start(directory)).url, systemWorld);
    expect(
      await database.query(`select current_setting('listen_addresses') as a, current_setting('log_statement') as l`),
    ).toEqual([{ a: '', l: 'none' }]);
    await database.close();
  });
});

describe('kill -9 of the server', () => {
  test('at any moment under load loses no row that was acknowledged, and it comes back at the same address', async () => {
    const kills = process.env['FAIRLEAD_LONG'] === '1' ? 50 : 8;
    const embedded = await start(await directoryWithCluster());
    const database = await connect(embedded.url, systemWorld);
    await database.query('create table acknowledged (writer integer, number integer, primary key (writer, number))');
    const acknowledged = new Set<string>();
    let isOver = false;
    const writers = [0, 1, 2, 3].map(async (writer) => {
      for (let number = 0; !isOver; number++) {
        try {
          if (number % 2 === 0) await database.query('insert into acknowledged values ($1, $2)', [writer, number]);
          else
            await database.transaction((tx) => tx.query('insert into acknowledged values ($1, $2)', [writer, number]));
          acknowledged.add(`${writer}/${number}`);
        } catch (error) {
          // While the server is away a write is refused, with a reason; anything else is a fault of ours.
          if (!(error instanceof Refusal)) throw error;
          await sleep(20);
        }
      }
    });
    for (let kill = 0; kill < kills; kill++) {
      const before = acknowledged.size;
      while (acknowledged.size < before + 200) await sleep(10);
      const [backend] = await database
        .query<{ pid: number }>('select pg_backend_pid() as pid')
        .catch(() => [{ pid: embedded.pid() }]); // a server that is not back yet gets killed as a whole
      // By turns the whole server and one of its children, whose death makes the server start over from its log.
      process.kill(kill % 2 === 0 ? embedded.pid() : (backend?.pid ?? embedded.pid()), 'SIGKILL');
    }
    const before = acknowledged.size;
    while (acknowledged.size < before + 200) await sleep(10);
    isOver = true;
    await Promise.all(writers);
    const kept = new Set<string>();
    for await (const rows of database.stream<{ writer: number; number: number }>(
      'select writer, number from acknowledged',
      [],
      { batch: 5_000 },
    )) {
      for (const { writer, number } of rows) kept.add(`${writer}/${number}`);
    }
    expect([...acknowledged].filter((row) => !kept.has(row))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThan(200 * kills);
    await database.close();
  }, 300_000);
});

describe('a server that outlived its process', () => {
  test('is taken over by the next one, which then stops it', async () => {
    const directory = await directoryWithCluster();
    const first = await otherProcess(directory);
    await first.kill();
    expect(birthOf(first.pid)).toBeDefined();
    const second = await start(directory);
    expect([second.pid(), second.url]).toEqual([first.pid, first.url]);
    expect(second.lines).toEqual([]);
    await runSql(second.url, 'select 1');
    await second.stop();
    expect(birthOf(first.pid)).toBeUndefined();
  });

  test('and lost its socket is stopped cleanly and started again', async () => {
    const directory = await directoryWithCluster();
    const first = await otherProcess(directory);
    await first.kill();
    rmSync(path.join(directory, 'run'), { recursive: true });
    const second = await start(directory);
    expect(second.pid()).not.toBe(first.pid);
    expect(birthOf(first.pid)).toBeUndefined();
    await runSql(second.url, 'select 1');
    expect(readFileSync(path.join(directory, 'server.log'), 'utf8')).not.toContain('not properly shut down');
  });

  test('and was killed as well is started again, whoever bears its process number now', async () => {
    const directory = await directoryWithCluster();
    const first = await otherProcess(directory);
    await first.kill();
    process.kill(first.pid, 'SIGKILL');
    const file = path.join(directory, 'cluster', 'pgdata', 'postmaster.pid');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^\d+/, String(process.pid)));
    const second = await start(directory);
    await runSql(second.url, 'select 1');
  });
});

describe('two processes', () => {
  test('share one server, and the last to leave stops it', async () => {
    const directory = await directoryWithCluster();
    const first = await start(directory);
    const second = await otherProcess(directory);
    expect([second.pid, second.url]).toEqual([first.pid(), first.url]);
    await second.leave();
    await runSql(first.url, 'select 1');
    const third = await otherProcess(directory);
    await first.stop();
    await runSql(third.url, 'select 1');
    await third.leave();
    expect(birthOf(third.pid)).toBeUndefined();
  });

  test('are both served again after the server was killed', async () => {
    const directory = await directoryWithCluster();
    const first = await start(directory);
    const second = await otherProcess(directory);
    process.kill(second.pid, 'SIGKILL');
    const database = await connectPatiently(first.url);
    // Whoever notices first starts it again; the other one learns of it a moment later.
    await expect.poll(() => first.pid(), { timeout: 20_000 }).not.toBe(second.pid);
    await database.close();
    await first.stop();
    await runSql(second.url, 'select 1');
    await second.leave();
  });
});

describe('the binaries', () => {
  /** A copy of the installed ones as npm packs them, without links, in a folder of this mode. */
  function packedBinaries(mode: number): string {
    const parent = path.join(freshDirectory(), 'clone');
    cpSync(path.join(installedFolder(), '..'), parent, {
      recursive: true,
      filter: (file) => !file.endsWith('.a') && !isLink(file),
    });
    chmodSync(parent, mode);
    return path.join(parent, 'native');
  }

  test('get their library links when npm has not made them', async () => {
    const binaries = packedBinaries(0o755);
    const link = path.join(binaries, 'lib', path.basename(linkIn(installedFolder())));
    expect(existsSync(link)).toBe(false);
    const embedded = await start(await directoryWithCluster(), { binaries });
    expect(existsSync(link)).toBe(true);
    await runSql(embedded.url, 'select 1');
  });

  test('that the server’s user cannot reach are copied beside the data, and the copy is used again', async () => {
    const binaries = packedBinaries(0o700);
    const directory = await directoryWithCluster();
    const first = await start(directory, { binaries });
    await runSql(first.url, 'select 1');
    await first.stop();
    const copies = () => readdirSync(directory).filter((name) => name.startsWith('native-'));
    expect(copies()).toHaveLength(isRoot ? 1 : 0);
    if (!isRoot) return;
    const copy = path.join(directory, copies()[0] ?? '');
    expect([statSync(copy).uid, statSync(copy).mode & 0o777]).toEqual([0, 0o755]);
    const made = statSync(copy).ino;
    await (await start(directory, { binaries })).stop();
    expect(statSync(copy).ino).toBe(made);
    // A copy that others may write to, or that has lost a file, is not trusted.
    chmodSync(copy, 0o777);
    await (await start(directory, { binaries })).stop();
    expect(statSync(copy).mode & 0o777).toBe(0o755);
    rmSync(path.join(copy, 'bin', 'initdb'));
    await (await start(directory, { binaries })).stop();
    expect(existsSync(path.join(copy, 'bin', 'initdb'))).toBe(true);
  });

  test('that do not run on this machine are refused in a sentence', async () => {
    const parent = freshDirectory();
    mkdirSync(path.join(parent, 'native', 'bin'), { recursive: true });
    writeFileSync(path.join(parent, 'package.json'), '{"version":"1.0.0"}');
    writeFileSync(path.join(parent, 'native', 'bin', 'postgres'), '#!/nowhere/ld-linux.so\n', { mode: 0o755 });
    const refusal = await refusalOf(start(await directoryWithCluster(), { binaries: path.join(parent, 'native') }));
    expect(refusal).toMatchObject({ code: 'database.no-binaries' });
    expect(refusal.remedy).toContain('DATABASE_URL');
  });
});

describe('a directory', () => {
  test('of another major version is refused, and left as it is', async () => {
    const directory = await directoryWithCluster();
    writeFileSync(path.join(directory, 'cluster', 'pgdata', 'PG_VERSION'), '17\n');
    const refusal = await refusalOf(start(directory));
    expect(refusal.code).toBe('database.other-version');
    expect(refusal.message).toMatch(/made by PostgreSQL 17; .* brings PostgreSQL 18/);
    expect(refusal.remedy).toMatch(/backup.*restore/);
  });

  test('whose files are damaged is refused with what PostgreSQL says', async () => {
    const directory = await directoryWithCluster();
    truncateSync(path.join(directory, 'cluster', 'pgdata', 'global', 'pg_control'), 100);
    expect((await refusalOf(start(directory))).code).toBe('database.damaged');
  });

  test('that lies behind a file, or that cannot be written to, is refused in a sentence', async () => {
    const directory = freshDirectory();
    const file = path.join(directory, 'file');
    writeFileSync(file, '');
    for (const place of [file, path.join(file, 'below')]) {
      const refusal = await refusalOf(start(place));
      expect([refusal.code, refusal.message.includes(place)]).toEqual(['database.directory', true]);
    }
    const loop = path.join(directory, 'loop');
    symlinkSync(loop, loop);
    expect((await refusalOf(start(path.join(loop, 'x')))).code).toBe('database.directory');
    for (const code of ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']) {
      expect(fileRefusal(Object.assign(new Error('no'), { code }), directory)).toMatchObject({
        code: 'database.directory',
      });
    }
    expect(fileRefusal(Object.assign(new Error('no'), { code: 'ENOSPC' }), directory)).toMatchObject({
      code: 'database.full',
    });
  });

  test('that the server’s user cannot enter is refused, naming the parent that shuts it out', () => {
    const outer = path.join(freshDirectory(), 'private');
    const inner = path.join(outer, 'inner');
    mkdirSync(inner, { recursive: true });
    chmodSync(outer, 0o700);
    const account = serverAccount(undefined);
    expect(account !== undefined).toBe(isRoot);
    if (!account) return;
    chmodSync(path.dirname(outer), 0o755);
    expect(() => refuseUnreachable(inner, account)).toThrow(`${account.name} cannot enter ${outer} (mode 700)`);
    chmodSync(outer, 0o711);
    refuseUnreachable(inner, account);
  });
});

test('the server’s log names no value that a statement carried', async () => {
  const directory = await directoryWithCluster();
  const database = await connect((await start(directory)).url, systemWorld);
  await database.query('create table canaries (value text primary key, number integer)');
  await database.query('insert into canaries (value) values ($1)', ['canary-7f3a']);
  const statements: [string, unknown[]][] = [
    ['insert into canaries (value) values ($1)', ['canary-7f3a']],
    ['select $1::uuid', ['canary-7f3a']],
    ['insert into canaries (number) values ($1::text::integer)', ['canary-7f3a']],
    [`select 'canary-7f3a'::integer`, []],
  ];
  for (const [text, values] of statements) await expect(database.query(text, values)).rejects.toThrow('SQLSTATE');
  await database.close();
  expect(readFileSync(path.join(directory, 'server.log'), 'utf8')).not.toContain('canary');
});

async function connectPatiently(url: string): ReturnType<typeof connect> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await connect(url, systemWorld);
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
}

function isLink(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true && linkNames().has(path.basename(file));
}

function linkNames(): Set<string> {
  const links = JSON.parse(readFileSync(path.join(installedFolder(), 'pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[]; // reason: its format
  return new Set(links.map((link) => path.basename(link.target)));
}

function linkIn(folder: string): string {
  return path.join(folder, 'lib', [...linkNames()].at(-1) ?? '');
}
