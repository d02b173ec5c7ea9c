/** The demo as somebody runs it: a process of its own, on the database that comes along, with few people. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runningPostmaster } from '../../src/database/internal/postmaster.ts';
import { root } from '../repository/source-files.ts';
import { removeServerDirectory, serverDirectory } from '../support/server-directory.ts';

interface Answer {
  seed: number;
  people: number;
  model: { model: string; people: number; sumDigest: string; parameterDigest: string };
  before: Decided;
  receipt: { kind: string; about: string[]; sumDigestBefore: string; sumDigestAfter: string; log: string };
  after: Decided;
  retrained: { digest: string; equal: boolean };
}

interface Decided {
  decision: string;
  personal: boolean;
  basis: { purpose: string; consent: string | null; notice: number }[];
  model: string | null;
  items: { item: string; score: number; terms: { of: string; points: number }[] }[];
}

const directory = serverDirectory();
chmodSync(directory, 0o711); // the server's user passes through it
const data = path.join(directory, 'data');
const common = ['--data', data];
let running: ChildProcess | undefined;

afterAll(async () => {
  running?.kill('SIGKILL');
  await removeServerDirectory(path.join(data, 'postgres'));
  await removeServerDirectory(directory);
});

function start(options: readonly string[]): ChildProcess & { said(): { out: string; error: string } } {
  const { DATABASE_URL: _elsewhere, ...environment } = process.env;
  const child = spawn(process.execPath, [path.join(root, 'src/cli/main.ts'), 'demo', ...common, ...options], {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  return Object.assign(child, { said: () => ({ out, error }) });
}

async function run(...options: readonly string[]): Promise<{ code: number | null; out: string; error: string }> {
  const child = start(options);
  running = child;
  const [code] = (await once(child, 'close')) as [number | null]; // what node emits
  return { code, ...child.said() };
}

describe('demo --once --json', () => {
  let answer: Answer;
  beforeAll(async () => {
    const { code, out, error } = await run('--once', '--json', '--people', '600', '--seed', '3');
    expect({ code, error }).toMatchObject({ code: 0 });
    answer = JSON.parse(out) as Answer; // its shape is what the tests below look at
  });

  test('has the fixed shape', () => {
    expect(Object.keys(answer)).toEqual(['seed', 'people', 'model', 'before', 'receipt', 'after', 'retrained']);
    expect(answer).toMatchObject({
      seed: 3,
      people: 600,
      model: { model: 'alsoLiked', people: expect.any(Number), sumDigest: hexDigest, parameterDigest: hexDigest },
      before: { personal: true, basis: [{ purpose: 'suggestions', consent: expect.any(String), notice: 1 }] },
      receipt: {
        kind: 'withdraw',
        about: ['suggestions'],
        sumDigestBefore: hexDigest,
        sumDigestAfter: hexDigest,
        log: hexDigest,
      },
      after: { personal: false, basis: [], model: null },
    });
    expect(answer.model.people).toBeGreaterThan(400);
    expect(answer.model.people).toBeLessThan(600);
  });

  test('the suggestions before are explained to the point, and those after are about nobody', () => {
    expect(answer.before.items).toHaveLength(12);
    for (const { score, terms } of answer.before.items)
      expect(terms.reduce((sum, term) => sum + term.points, 0)).toBe(score);
    expect(answer.before.items.some(({ terms }) => terms.some(({ of }) => of !== 'everyone'))).toBe(true);
    expect(answer.after.items).toHaveLength(12);
    expect(answer.after.items.every(({ score, terms }) => score === 0 && terms.length === 0)).toBe(true);
  });

  test('a training without her gives the same bytes, and other bytes than with her', () => {
    expect(answer.retrained).toEqual({ digest: hexDigest, equal: true });
    expect(answer.receipt.sumDigestBefore).toBe(answer.model.sumDigest);
    expect(answer.receipt.sumDigestAfter).not.toBe(answer.receipt.sumDigestBefore);
    expect(answer.retrained.digest).not.toBe(answer.model.parameterDigest);
  });

  test('leaves no database running', () => {
    expect(runningPostmaster(path.join(data, 'postgres', 'cluster', 'pgdata'))).toBeUndefined();
  });

  test('a second start uses the same shop and says so, and its model is the same', async () => {
    const { code, out, error } = await run('--once', '--json');
    expect(code).toBe(0);
    expect(error).toContain('seed 3');
    const again = JSON.parse(out) as Answer; // the same shape as before
    expect(again).toMatchObject({ seed: 3, people: 600 });
    expect(again.retrained).toEqual(answer.retrained);
    expect(again.model.people).toBe(answer.model.people);
  });

  test('tells a person the same story', async () => {
    const { code, out } = await run('--once');
    expect(code).toBe(0);
    for (const words of ['Ada', 'Suggestions made for you', '12 suggestions', 'Receipt', 'byte for byte'])
      expect(out).toContain(words);
    expect(out.split('\n').filter((line) => line.length > 110 && !line.includes(data))).toEqual([]);
  });

  test('refuses other people in the same directory', async () => {
    const { code, error } = await run('--once', '--seed', '4');
    expect(code).toBe(2);
    expect(error).toContain('another demo: seed 3');
    expect(error).not.toContain('    at ');
  });
});

test('serves until Ctrl-C, and the printed command works when it is pasted', async () => {
  const child = start(['--port', '0']);
  running = child;
  while (!child.said().out.includes('Ctrl-C')) {
    expect(child.exitCode, child.said().error).toBe(null);
    await sleep(50);
  }
  const { out } = child.said();
  const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(out)?.[0] ?? '';
  expect((await fetch(url)).status).toBe(200);
  const [, keyFile = '', endpoint = '', body = ''] =
    /curl -u "\$\(cat '([^']+)'\):" (\S+) -H 'content-type: application\/json' -d '([^']+)'/.exec(out) ?? [];
  expect(statSync(keyFile).mode & 0o077).toBe(0);
  const key = readFileSync(keyFile, 'utf8');
  const decided = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
    },
    body,
  });
  expect(decided.status).toBe(200);
  expect(await decided.json()).toMatchObject({ placement: 'home', personal: true });
  child.kill('SIGINT');
  const [code] = (await once(child, 'close')) as [number | null]; // what node emits
  expect(code).toBe(0);
  expect(existsSync(path.join(data, 'postgres', 'cluster', 'pgdata', 'postmaster.pid'))).toBe(false);
});

const hexDigest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/);
