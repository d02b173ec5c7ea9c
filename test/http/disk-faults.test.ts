/**
 * A disk that is full, or that may only be read, under the real server and the real PostgreSQL: a sentence and an exit code, no stack trace, nothing that
 * was acknowledged is lost, and it goes on when there is room again. The disk is a small one in memory, which root can mount; without that the tests are
 * skipped, which is red in CI.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeServerDirectory, serverDirectory } from '../support/server-directory.ts';

const root = join(import.meta.dirname, '..', '..');
const launcher = join(root, 'bin', 'fairlead.js');
const policy = join(root, 'examples', 'northwind', 'first.policy.ts');
const disk = serverDirectory();
const data = join(disk, 'data');
const ballast = join(disk, 'ballast');
const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=400m,mode=755', 'tmpfs', disk]).status === 0;

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
  readonly said: () => string;
}
let running: Running | undefined;
let key = '';

/** Acknowledged by 200: message ids. */
const acknowledged = new Set<string>();
/** Sent, and neither acknowledged nor refused for certain. */
const unknown = new Set<string>();

beforeAll(async () => {
  if (!isMounted) return;
  running = await serve();
  key = (JSON.parse(readFileSync(join(data, 'access-keys.json'), 'utf8')) as { server: string }).server;
  await call('PUT', '/v1/items', { items: [{ item: 'item-1', title: 'Item 1' }] });
  await call('POST', '/v1/consents', {
    person: { userId: 'ada' },
    purposes: { suggestions: true },
    method: 'form',
  });
});
afterAll(async () => {
  if (running !== undefined) {
    running.process.kill('SIGTERM');
    await ended(running.process);
  }
  rmSync(ballast, { force: true });
  if (isMounted) {
    await removeServerDirectory(join(data, 'postgres'));
    spawnSync('umount', [disk]);
  }
  await removeServerDirectory(disk);
}, 60_000);

describe('a disk', () => {
  it.skipIf(!isMounted)(
    'that fills up while events come in refuses them in a sentence, and loses none that it took',
    async () => {
      await sendUntil(2_000, (answer) => answer.status !== 200);
      expect(acknowledged.size).toBe(2_000);
      fill();
      const refusal = await sendUntil(400_000, (answer) => answer.status !== 200);
      expect(refusal?.status).toBe(503);
      expect(refusal?.type).toMatch(/application\/problem\+json/);
      expect(refusal?.body).not.toMatch(/\bat .*\.ts:\d+|node_modules|ENOSPC/);
      // A small batch may find room in a page that is there already, and then it is durable; whatever does not is refused in the same way.
      for (let attempt = 0; attempt < 5; attempt += 1) expect([200, 503]).toContain((await send(10)).status);
    },
    120_000,
  );

  it.skipIf(!isMounted)(
    'that has room again is used again, without anybody sending anything twice',
    async () => {
      rmSync(ballast);
      const until = Date.now() + 45_000;
      let status = 0;
      while (status !== 200 && Date.now() < until) {
        if (running !== undefined && running.process.exitCode !== null) {
          // It may give up, if it says so and why; the next start has to do.
          expect(running.process.exitCode).toBe(2);
          running = await serve();
        }
        ({ status } = await send(10));
        if (status !== 200) await sleep(500);
      }
      expect(status, running?.said()).toBe(200);
      expect(running?.said()).not.toMatch(/^\s+at .*:\d+/m);
      const { person } = (await (await call('POST', '/v1/people/lookup', { userId: 'ada' })).json()) as {
        person: string;
      };
      const { events } = (await (await call('GET', `/v1/people/${person}/export`)).json()) as { events: unknown[] };
      // Each acknowledged event is there once; of those whose answer was a refusal or none, some may be.
      expect(events.length).toBeGreaterThanOrEqual(acknowledged.size);
      expect(events.length).toBeLessThanOrEqual(acknowledged.size + unknown.size);
    },
    90_000,
  );

  it.skipIf(!isMounted)(
    'that is full at the start is named, with exit code 2',
    async () => {
      await stopped();
      fill();
      const { status, said } = start(['serve', '--data', join(disk, 'other'), '--policy', policy, '--port', '0']);
      rmSync(ballast);
      expect({ status, said }).toMatchObject({ status: 2 });
      expect(said).toMatch(/no space left|disk is full/i);
      expect(said).not.toMatch(/^\s+at .*:\d+/m);
    },
    60_000,
  );

  it.skipIf(!isMounted)(
    'that may only be read is named, with exit code 2, for a new data directory and for one that is there',
    async () => {
      expect(spawnSync('mount', ['-o', 'remount,ro', disk]).status).toBe(0);
      const tries = ['other', 'data'].map((name) =>
        start(['serve', '--data', join(disk, name), '--policy', policy, '--port', '0']),
      );
      expect(spawnSync('mount', ['-o', 'remount,rw', disk]).status).toBe(0);
      for (const { status, said } of tries) {
        expect({ status, said }).toMatchObject({ status: 2 });
        expect(said).toMatch(/read-only/i);
        expect(said).not.toMatch(/^\s+at .*:\d+/m);
      }
    },
    60_000,
  );

  it.skipIf(!isMounted)(
    'that may be written again has everything on it, and verify finds nothing wrong',
    async () => {
      const verified = spawnSync(process.execPath, [launcher, 'verify', '--json', '--data', data, '--policy', policy], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
    },
    90_000,
  );
});

/** Takes all the room that is left. */
function fill(): void {
  const file = openSync(ballast, 'w');
  chmodSync(ballast, 0o600);
  const block = Buffer.alloc(1 << 20, 1);
  for (let size = block.length; size >= 4_096; size /= 2)
    try {
      for (;;) writeSync(file, block, 0, size);
    } catch {
      // No more of this size; the rest in smaller blocks.
    }
  closeSync(file);
}

let next = 0;

/** One batch of events of Ada. */
async function send(size: number): Promise<{ status: number; type: string; body: string }> {
  const ids = Array.from({ length: size }, () => `message-${next++}`);
  const batch = ids.map((messageId) => ({
    type: 'track',
    messageId,
    userId: 'ada',
    event: 'Product Viewed',
    properties: { product_id: 'item-1' },
  }));
  try {
    const response = await call('POST', '/v1/batch', { batch });
    const body = await response.text();
    for (const id of ids) (response.status === 200 ? acknowledged : unknown).add(id);
    return { status: response.status, type: response.headers.get('content-type') ?? '', body };
  } catch {
    for (const id of ids) unknown.add(id);
    return { status: 0, type: '', body: '' };
  }
}

/** Sends batches of 100 until so many events were sent or an answer is the one that was waited for, which it returns. */
async function sendUntil(
  events: number,
  isIt: (answer: { status: number; type: string; body: string }) => boolean,
): Promise<{ status: number; type: string; body: string } | undefined> {
  for (let sent = 0; sent < events; sent += 100) {
    const answer = await send(100);
    if (isIt(answer)) return answer;
  }
  return undefined;
}

function call(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${running?.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(15_000),
  });
}

async function serve(): Promise<Running> {
  const child = spawn(process.execPath, [launcher, 'serve', '--data', data, '--policy', policy, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url !== undefined && said.includes('/docs')) resolve({ process: child, url, said: () => said });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}:\n${said}`)));
  });
}

function start(args: readonly string[]): { status: number | null; said: string } {
  const run = spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', timeout: 30_000 });
  return { status: run.status, said: `${run.stdout}${run.stderr}` };
}

async function stopped(): Promise<void> {
  if (running === undefined) return;
  running.process.kill('SIGTERM');
  await ended(running.process);
  running = undefined;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}
