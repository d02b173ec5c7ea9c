import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliRun, runCli, startCli } from '../support/run-cli.ts';
import { removeServerDirectory, serverDirectory } from '../support/server-directory.ts';

const directory = serverDirectory();
const data = path.join(directory, 'shop');
const isRoot = process.getuid?.() === 0;

const cli = (...words: string[]) => runCli(words, { cwd: directory });

beforeAll(async () => {
  // The unprivileged user of a root process's database has to get through.
  chmodSync(directory, 0o755);
  await cli('init');
});

afterAll(async () => {
  await removeServerDirectory(path.join(data, 'postgres'));
  rmSync(directory, { recursive: true, force: true });
});

function expectRefused(run: CliRun, saying: RegExp): void {
  expect(run).toMatchObject({ status: 2, stdout: '' });
  expect(run.stderr).toMatch(saying);
  expect(run.stderr).not.toMatch(/\n\s+at |node:internal/);
}

test('two commands at once on an empty directory make one installation with one set of keys', async () => {
  const runs = await Promise.all([cli('learn', '--data', data, '--json'), cli('learn', '--data', data, '--json')]);
  for (const run of runs) expect(run, run.stderr).toMatchObject({ status: 0 });
  expect(await cli('learn', '--data', data)).toMatchObject({ status: 0 });
  expect(await cli('stop', '--data', data)).toMatchObject({ status: 0, stdout: 'Nothing was running.\n' });
});

test('a server that was killed leaves a database behind, which stop ends and the next start takes over', async () => {
  const server = startCli(['serve', '--data', data, '--port', '0'], { cwd: directory });
  await server.line(/^Interface/);
  server.process.kill('SIGKILL');
  await server.ended;
  const lock = path.join(data, 'postgres/cluster/pgdata/postmaster.pid');
  expect(existsSync(lock)).toBe(true);
  expect(await cli('stop', '--data', data)).toMatchObject({
    status: 0,
    stdout: 'Stopped the database that was left behind.\n',
  });
  expect(existsSync(lock)).toBe(false);

  const second = startCli(['serve', '--data', data, '--port', '0'], { cwd: directory });
  await second.line(/^Interface/);
  second.process.kill('SIGKILL');
  await second.ended;
  expect(await cli('learn', '--data', data)).toMatchObject({ status: 0 });
  expect(existsSync(lock)).toBe(false);
});

test('stop ends a running server in order', async () => {
  const server = startCli(['serve', '--data', data, '--port', '0'], { cwd: directory });
  await server.line(/^Interface/);
  const stopped = await cli('stop', '--data', data, '--json');
  expect(JSON.parse(stopped.stdout)).toEqual({ stopped: [server.process.pid], database: 'stopped' });
  expect(await server.ended).toMatchObject({ status: 0 });
});

test('a missing key file is said, and nothing is changed', async () => {
  const key = path.join(data, 'keys/master.key');
  const kept = readFileSync(key);
  rmSync(key);
  expectRefused(await cli('learn', '--data', data), /key file .*master\.key is missing/);
  expect(existsSync(key)).toBe(false);
  writeFileSync(key, kept, { mode: 0o644 });
  expectRefused(await cli('learn', '--data', data), /can be read by others[^]*chmod 600/);
  chmodSync(key, 0o600);
  expect(await cli('learn', '--data', data)).toMatchObject({ status: 0 });
});

test('a data directory of another version, behind a file, or that cannot be made is refused', async () => {
  const version = path.join(data, 'postgres/cluster/pgdata/PG_VERSION');
  const own = readFileSync(version, 'utf8');
  writeFileSync(version, '14\n');
  expectRefused(await cli('learn', '--data', data), /made by PostgreSQL 14/);
  writeFileSync(version, own);
  writeFileSync(path.join(directory, 'a-file'), '');
  expectRefused(await cli('learn', '--data', path.join(directory, 'a-file/data')), /leads through a file/);
  expectRefused(await cli('learn', '--data', '/proc/nowhere/data'), /cannot be made/);
});

test('a data directory that the database cannot enter, or nobody may write to, is refused', async () => {
  const closed = path.join(directory, 'closed');
  mkdirSync(closed, { mode: isRoot ? 0o700 : 0o500 });
  expectRefused(
    await cli('learn', '--data', path.join(closed, 'data')),
    isRoot ? /cannot enter .*closed[^]*chmod o\+x/ : /may not write/,
  );
});
