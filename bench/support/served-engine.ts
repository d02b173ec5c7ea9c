/** What the HTTP benchmarks measure: the embedded PostgreSQL as it is run, an engine, and the real server, in a folder that goes afterwards. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type PooledDatabase, connect } from '../../src/database/connect.ts';
import { startEmbedded } from '../../src/database/embedded.ts';
import { migrate } from '../../src/database/migrate.ts';
import { systemWorld } from '../../src/database/world.ts';
import { type Engine, closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { createAccessKey } from '../../src/http/access-keys.ts';
import { startServer } from '../../src/http/server.ts';
import { choose } from '../../src/people/choose.ts';
import { policy, recommender } from '../../src/policy/policy.ts';
import { keysOf } from '../../src/vault/keys.ts';
import type { LoadResult, LoadTask } from './load-generator.ts';

export interface ServedEngine {
  readonly engine: Engine;
  readonly database: PooledDatabase;
  readonly port: number;
  readonly key: string;
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
  items: {},
  events: { 'Product Viewed': { item: 'properties.product_id', properties: { price: 'money' }, for: ['suggestions'] } },
  models: { alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed'] }) },
  placements: { home: { channel: 'web', purposes: ['suggestions'], model: 'alsoLiked', show: 12 } },
});

/** Serves while `work` runs, with people who allow suggestions: `user-0` to `user-<people>`. */
export async function whileServed<Result>(
  people: number,
  work: (served: ServedEngine) => Promise<Result>,
): Promise<Result> {
  const directory = mkdtempSync(path.join(process.getuid?.() === 0 ? '/tmp' : os.tmpdir(), 'fairlead-bench-http-'));
  const embedded = await startEmbedded({ directory, world: systemWorld });
  const database = await connect(embedded.url, systemWorld);
  // As `serve` does: decisions have connections of their own, on which statements are planned once.
  const hot = await connect(embedded.url, systemWorld, { max: 8, plansOnce: true });
  try {
    await migrate(database);
    const keys = keysOf(Buffer.alloc(32, 1), new Map([[1, Buffer.alloc(32, 2)]]));
    const engine = await openEngine({ database, hot, keys, policy: benchPolicy, adoptedBy: 'bench' });
    const { key } = await createAccessKey(engine, { kind: 'server', label: 'bench' });
    for (let from = 0; from < people; from += 1_000) {
      await choose(
        engine,
        Array.from({ length: Math.min(1_000, people - from) }, (_, index) => ({
          who: { kind: 'userId', value: `user-${from + index}` },
          choices: { purposes: { suggestions: true }, method: 'form', source: 'bench' },
        })),
      );
    }
    const ample = { perSecond: 1e6, burst: 1e6 };
    const server = await startServer({ engine, port: 0, rates: { serverKey: ample } });
    try {
      return await work({ engine, database, port: Number(new URL(server.url).port), key });
    } finally {
      await server.close();
      await closeEngine(engine);
    }
  } finally {
    await hot.close();
    await database.close();
    await embedded.stop();
    rmSync(directory, { recursive: true, force: true });
  }
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
