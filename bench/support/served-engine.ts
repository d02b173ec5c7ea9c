/**
 * What the HTTP benchmarks measure: `fairlead serve` as it is run, in a process of its own, on its embedded PostgreSQL, in a folder that goes afterwards.
 * The benchmark's own process fills it beforehand and is idle while the server works.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { openInstallation } from '../../src/cli/open-installation.ts';
import { postgresDirectory } from '../../src/cli/postgres-directory.ts';
import { type PooledDatabase, connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { systemWorld } from '../../src/database/world.ts';
import type { Engine } from '../../src/deciding/engine.ts';
import { createAccessKey } from '../../src/http/access-keys.ts';
import { choose } from '../../src/people/choose.ts';
import { policy, recommender } from '../../src/policy/policy.ts';
import type { LoadResult, LoadTask } from './load-generator.ts';

export interface FilledEngine {
  readonly engine: Engine;
  readonly database: PooledDatabase;
}

export interface ServedEngine extends FilledEngine {
  /** Connections of the kind that the server makes its decisions on. */
  readonly hot: PooledDatabase;
  readonly port: number;
  readonly key: string;
  /** The most memory that the server's process has had so far. */
  memoryMb(): number;
}

const benchPolicy = policy({
  controller: { name: 'Bench', contact: 'privacy@bench.example', regions: ['EU'] },
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions',
      notice: 'We suggest from what you view.',
      keepFor: '13 months',
    },
  },
  people: {},
  items: { category: 'text' },
  events: { 'Product Viewed': { item: 'properties.product_id', properties: { price: 'money' }, for: ['suggestions'] } },
  models: { alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed'] }) },
  placements: {
    home: { channel: 'web', purposes: ['suggestions'], model: 'alsoLiked', show: 12 },
    balanced: {
      channel: 'web',
      purposes: ['suggestions'],
      model: 'alsoLiked',
      show: 12,
      variety: { calibrateBy: 'category' },
    },
  },
});

/** Lets `fill` fill an installation with people who allow suggestions (`user-0` to `user-<people>`), and serves it while `work` runs. */
export async function whileServed<Result>(
  people: number,
  work: (served: ServedEngine) => Promise<Result>,
  fill: (filled: FilledEngine) => Promise<void> = async () => undefined,
): Promise<Result> {
  if (process.env['DATABASE_URL'] !== undefined) throw new Error('DATABASE_URL is set, and benchmarks fill their own');
  const directory = mkdtempSync(path.join(process.getuid?.() === 0 ? '/tmp' : os.tmpdir(), 'fairlead-bench-http-'));
  chmodSync(directory, 0o711); // PostgreSQL may run as another user
  const opened = await openInstallation({
    data: directory,
    given: benchPolicy,
    connections: 10,
    onLine: () => undefined,
  });
  const closing: (() => Promise<void>)[] = [() => opened.close()];
  try {
    const { engine, database } = opened;
    for (let from = 0; from < people; from += 1_000) {
      await choose(
        engine,
        Array.from({ length: Math.min(1_000, people - from) }, (_, index) => ({
          who: { kind: 'userId', value: `user-${from + index}` },
          choices: { purposes: { suggestions: true }, method: 'form', source: 'bench' },
        })),
      );
    }
    await fill({ engine, database });
    const embedded = await startEmbedded({ directory: postgresDirectory(directory), world: systemWorld });
    closing.unshift(() => embedded.stop());
    const hot = await connect(embedded.url, systemWorld, { max: 8, plansOnce: true });
    closing.unshift(() => hot.close());
    const { key } = await createAccessKey(engine, { kind: 'server', label: 'bench' });
    const server = await serve(directory);
    closing.unshift(() => server.stop());
    return await work({ engine, database, hot, key, port: server.port, memoryMb: () => server.memoryMb() });
  } finally {
    for (const close of closing) await close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** `fairlead serve`, with the policy that was last in force. */
async function serve(directory: string): Promise<{ port: number; memoryMb(): number; stop(): Promise<void> }> {
  const program = fileURLToPath(new URL('../../bin/fairlead.js', import.meta.url));
  const child = spawn(process.execPath, [program, 'serve', '--data', directory, '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const port = await Promise.race([
    portFrom(child.stdout),
    ended.then(([code]) => Promise.reject(new Error(`the server ended with ${String(code)}`))),
  ]);
  return {
    port,
    memoryMb: () => peakMemoryMb(child.pid ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function portFrom(output: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface({ input: output })) {
    const port = /^Interface\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port !== undefined) return Number(port);
  }
  throw new Error('the server did not say where it listens');
}

/** What Linux says about a process (proc(5), `VmHWM`); elsewhere it is not measured. */
function peakMemoryMb(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}

/** Runs the load generator in a process of its own; it is ended when it takes half a minute longer than its task. */
export async function load(served: ServedEngine, task: Omit<LoadTask, 'host' | 'port' | 'key'>): Promise<LoadResult> {
  const whole: LoadTask = { host: '127.0.0.1', port: served.port, key: served.key, ...task };
  const script = fileURLToPath(new URL('load-generator.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: (task.seconds + 30) * 1_000,
  });
  const [said, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  if (code !== 0) throw new Error(`the load generator ended with ${String(code)}`);
  return JSON.parse(said) as LoadResult; // printed by the load generator
}
