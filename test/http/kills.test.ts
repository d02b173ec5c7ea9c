/**
 * `kill -9` of the server or of PostgreSQL at any moment loses nothing that was acknowledged, and doubles nothing that was sent again. A witness file,
 * synced before the next request, says what was acknowledged. 50 kills here, 1,000 in `npm run test:long` (needs FAIRLEAD_LONG there only).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import { removeServerDirectory, serverDirectory } from '../support/server-directory.ts';

const root = join(import.meta.dirname, '..', '..');
const data = serverDirectory();
chmodSync(data, 0o755); // PostgreSQL's own user passes through it
const policy = join(root, 'examples', 'northwind', 'first.policy.ts');
const kills = process.env['FAIRLEAD_LONG'] === '1' ? 1_000 : Number(process.env['KILLS'] ?? 50);
const users = Array.from({ length: 6 }, (_, index) => `user-${index}`);
const witnessFile = join(data, 'witness.jsonl');
const witness = openSync(witnessFile, 'a');

type Acknowledged =
  | { readonly kind: 'event'; readonly user: string; readonly item: string }
  | { readonly kind: 'consent'; readonly user: string; readonly allowed: boolean; readonly number: number }
  | { readonly kind: 'decision'; readonly id: string };

function acknowledge(what: Acknowledged): void {
  writeSync(witness, `${JSON.stringify(what)}\n`);
  fsyncSync(witness);
}

interface Running {
  readonly process: ChildProcess;
  readonly url: string;
}

let running: Running | undefined;
let key = '';

afterAll(async () => {
  closeSync(witness);
  if (running !== undefined) {
    running.process.kill('SIGTERM');
    await ended(running.process);
  }
  await removeServerDirectory(join(data, 'postgres'));
  await removeServerDirectory(data);
}, 120_000);

it(
  `loses nothing acknowledged in ${kills} kills of the server, of PostgreSQL and of both`,
  async () => {
    running = await serve();
    key = (JSON.parse(readFileSync(join(data, 'access-keys.json'), 'utf8')) as { server: string }).server;
    await call(running, 'PUT', '/v1/items', {
      items: Array.from({ length: 40 }, (_, index) => ({ item: `item-${index}`, title: `Item ${index}` })),
    });
    for (const user of users)
      await call(running, 'POST', '/v1/consents', {
        person: { userId: user },
        purposes: { suggestions: true },
        method: 'form',
      });

    let sent = 0;
    let number = 0;
    for (let kill = 0; kill < kills; kill += 1) {
      const server = running;
      let isKilled = false;
      const clients = users.slice(0, -1).map(async (user) => {
        while (!isKilled) {
          const item = `item-${sent % 40}`;
          const messageId = `message-${sent++}`;
          const body = {
            messageId,
            userId: user,
            event: 'Product Viewed',
            properties: { product_id: item },
            timestamp: new Date().toISOString(),
          };
          // What was not acknowledged is sent again under the same id: once at once, and once more after the next start.
          if ((await call(server, 'POST', '/v1/track', body)) !== undefined)
            acknowledge({ kind: 'event', user, item: messageId });
          else pending.push({ user, body });
          const decision = await decide(server, user);
          if (decision !== undefined) acknowledge({ kind: 'decision', id: decision });
        }
      });
      const switcher = (async () => {
        const user = users.at(-1) ?? '';
        for (let allowed = false; !isKilled; allowed = !allowed) {
          number += 1;
          asked.push({ number, allowed });
          if (
            (await call(server, 'POST', '/v1/consents', {
              person: { userId: user },
              purposes: { suggestions: allowed },
              method: 'switch',
            })) !== undefined
          ) {
            acknowledge({ kind: 'consent', user, allowed, number });
          }
        }
      })();
      await sleep(40 + ((kill * 37) % 160));
      const way = kill % 3;
      if (way !== 1) server.process.kill('SIGKILL');
      if (way !== 0) killPostgres();
      isKilled = true;
      await Promise.all([...clients, switcher]);
      if (way === 1) server.process.kill('SIGKILL');
      await ended(server.process);
      running = await serve();
      for (const { user, body } of pending.splice(0)) {
        if ((await call(running, 'POST', '/v1/track', body)) !== undefined)
          acknowledge({ kind: 'event', user, item: body.messageId });
      }
    }

    const acknowledged = readFileSync(witnessFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Acknowledged);
    for (const user of users.slice(0, -1)) {
      const wanted = new Set(
        acknowledged.flatMap((one) => (one.kind === 'event' && one.user === user ? [one.item] : [])),
      );
      const held = await heldEvents(running, user);
      // Every message was acknowledged in the end, so exactly these are held, each once.
      expect(held).toBe(wanted.size);
    }
    const last = acknowledged.flatMap((one) => (one.kind === 'consent' ? [one] : [])).at(-1);
    const standing = await stands(running, users.at(-1) ?? '');
    // A choice that was asked for after the last acknowledged one may have been taken or not.
    const later = asked.filter((one) => one.number > (last?.number ?? 0)).map((one) => one.allowed);
    expect([last?.allowed, ...later]).toContain(standing);
    const decisions = acknowledged.flatMap((one) => (one.kind === 'decision' ? [one.id] : []));
    for (const id of decisions)
      expect(
        (await fetch(`${running.url}/v1/decisions/${id}`, { headers: { authorization: `Bearer ${key}` } })).status,
      ).toBe(200);
    expect(acknowledged.length).toBeGreaterThan(kills * 4);

    const verified = spawnSync(
      process.execPath,
      [join(root, 'bin', 'fairlead.js'), 'verify', '--json', '--data', data, '--policy', policy],
      { encoding: 'utf8', timeout: 120_000 },
    );
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true });
  },
  kills * 20_000 + 120_000,
);

const pending: { user: string; body: { messageId: string } }[] = [];
const asked: { number: number; allowed: boolean }[] = [];

async function serve(): Promise<Running> {
  const child = spawn(
    process.execPath,
    [join(root, 'bin', 'fairlead.js'), 'serve', '--data', data, '--policy', policy, '--port', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
      if (url !== undefined && said.includes('/docs')) resolve({ process: child, url });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`serve ended with ${code}:\n${said}`)));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

/** The postmaster by its pid file, as any operator would find it. */
function killPostgres(): void {
  try {
    const pid = Number(
      readFileSync(join(data, 'postgres', 'cluster', 'pgdata', 'postmaster.pid'), 'utf8').split('\n')[0],
    );
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is between two starts, or gone already.
  }
}

/** The answer of a call that was acknowledged, or undefined when it was refused, cut off or not answered in time. */
async function call(server: Running, method: string, path: string, body: unknown): Promise<unknown> {
  try {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    const answer: unknown = await response.json();
    return response.ok ? answer : undefined;
  } catch {
    return undefined;
  }
}

/** The id of a personal decision that was answered. */
async function decide(server: Running, user: string): Promise<string | undefined> {
  try {
    const response = await fetch(`${server.url}/v1/decisions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ person: { userId: user }, placement: 'home' }),
      signal: AbortSignal.timeout(5_000),
    });
    const answer = (await response.json()) as { personal?: boolean };
    return response.ok && answer.personal === true
      ? (response.headers.get('fairlead-decision') ?? undefined)
      : undefined;
  } catch {
    return undefined;
  }
}

async function personOf(server: Running, user: string): Promise<string> {
  const found = (await call(server, 'POST', '/v1/people/lookup', { userId: user })) as { person: string };
  return found.person;
}

async function heldEvents(server: Running, user: string): Promise<number> {
  const response = await fetch(`${server.url}/v1/people/${await personOf(server, user)}/export`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const { events } = (await response.json()) as { events: unknown[] };
  return events.length;
}

async function stands(server: Running, user: string): Promise<boolean> {
  const found = (await call(server, 'POST', '/v1/consents/lookup', { person: { userId: user } })) as {
    standing: Record<string, boolean>;
  };
  return found.standing['suggestions'] ?? false;
}
