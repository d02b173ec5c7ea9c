/**
 * How long an e-mail batch for 100,000 people takes, to a CSV file: audience, one recorded decision each from a model of 1,000 items, address under a fresh
 * permit, hand-over written down, file durable. Beside it, what decisions alone take.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { putItems } from '../src/catalogue/items.ts';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { connect } from '../src/database/connect.ts';
import { startEmbedded } from '../src/database/embedded.ts';
import { migrate } from '../src/database/migrate.ts';
import { systemWorld } from '../src/database/world.ts';
import { type Engine, closeEngine, openEngine } from '../src/deciding/engine.ts';
import { learn } from '../src/models/learn.ts';
import { choose } from '../src/people/choose.ts';
import { takeIn } from '../src/people/intake.ts';
import { attribute, identifier, policy, recommender } from '../src/policy/policy.ts';
import { createBatch } from '../src/sending/batch.ts';
import { forgetHandOvers } from '../src/sending/hand-overs.ts';
import { runBatch } from '../src/sending/run-batch.ts';
import { keysOf } from '../src/vault/keys.ts';

export const bench: Bench = { name: 'batch', run };

const viewsEach = 4;

const benchPolicy = policy({
  controller: { name: 'Bench', contact: 'privacy@bench.example', regions: ['EU'] },
  purposes: {
    suggestions: { basis: 'consent', title: 'Suggestions', notice: 'We suggest.', keepFor: '13 months' },
    email: { basis: 'consent', title: 'Offers by e-mail', notice: 'We write.', keepFor: '13 months' },
  },
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-34', '35+'], for: ['email'] }),
  },
  items: { category: 'text', supplier: 'text', price: 'money', available: 'boolean', url: 'url', image: 'url' },
  events: { 'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] } },
  models: { alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed'] }) },
  placements: {
    weekly: {
      channel: 'email',
      purposes: ['suggestions', 'email'],
      model: 'alsoLiked',
      show: 6,
      atMost: '1 per week',
      approval: 'one person',
      variety: { calibrateBy: 'category' },
    },
  },
  segments: { grown: { for: 'email', where: { ageBand: ['35+'] } } },
  audiences: { grown: { segment: 'grown', placement: 'weekly' } },
});

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const [people, itemCount] = quick ? [1_000, 50] : [100_000, 1_000];
  const directory = mkdtempSync(path.join(process.getuid?.() === 0 ? '/tmp' : os.tmpdir(), 'fairlead-bench-batch-'));
  const embedded = await startEmbedded({ directory, world: systemWorld });
  const database = await connect(embedded.url, systemWorld);
  // As `serve` does: decisions have connections of their own, on which statements are planned once.
  const hot = await connect(embedded.url, systemWorld, { max: 8, plansOnce: true });
  try {
    await migrate(database);
    const engine = await openEngine({
      database,
      hot,
      keys: keysOf(Buffer.alloc(32, 1), new Map([[1, Buffer.alloc(32, 2)]])),
      policy: benchPolicy,
      adoptedBy: 'bench',
      followers: (installation) => [forgetHandOvers(installation)],
    });
    try {
      await fill(engine, { people, itemCount }, onLine);
      onLine('Sending.');
      const batch = await createBatch(engine, { audience: 'grown', placement: 'weekly', to: 'csv', by: 'bench' });
      const file = path.join(directory, 'batch.csv');
      const begun = performance.now();
      const done = await runBatch(engine, batch.batch, { publicUrl: 'https://fairlead.bench.example', file });
      const seconds = (performance.now() - begun) / 1_000;
      if (done.counts['handed over'] !== people)
        throw new Error(`${done.counts['handed over']} of ${people} were reached`);
      const [recorded] = await database.query<{ decisions: number }>('select count(*) as decisions from decisions');
      return [
        { name: `e-mail batch to CSV, ${people} people`, value: seconds / 60, unit: 'min', limit: { atMost: 5 } },
        { name: 'people', value: people / seconds, unit: '/s' },
        { name: 'personal decisions recorded', value: (recorded?.decisions ?? 0) / people, unit: 'x' },
        { name: 'the file', value: statSync(file).size / 1e6, unit: 'MB' },
        { name: 'memory at its peak', value: process.resourceUsage().maxRSS / 1024, unit: 'MB' },
      ];
    } finally {
      await closeEngine(engine);
    }
  } finally {
    await hot.close();
    await database.close();
    await embedded.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** People who allow both, with an address and a short history each, and a model that was learned from a tenth of them. */
async function fill(
  engine: Engine,
  { people, itemCount }: { people: number; itemCount: number },
  onLine: (line: string) => void,
): Promise<void> {
  await putItems(
    engine.database,
    Array.from({ length: itemCount }, (_, at) => ({
      itemId: `item-${at}`,
      title: `Item ${at}`,
      category: `category-${at % 20}`,
      supplier: `supplier-${at % 30}`,
      priceMinor: 100 + at,
      currency: 'EUR',
      url: `https://shop.bench.example/item-${at}`,
      image: `https://shop.bench.example/item-${at}.jpg`,
    })),
  );
  await engine.items.refresh();
  onLine(`Taking in ${people} people.`);
  for (let from = 0; from < people; from += 1_000) {
    const users = Array.from({ length: Math.min(1_000, people - from) }, (_, at) => from + at);
    await choose(
      engine,
      users.map((user) => ({
        who: { kind: 'userId', value: `user-${user}` },
        choices: { purposes: { suggestions: true, email: true }, method: 'form', source: 'bench' },
      })),
    );
    await takeIn(
      engine,
      users.flatMap((user) => [
        {
          type: 'identify' as const,
          messageId: `i-${user}`,
          userId: `user-${user}`,
          traits: { email: `user-${user}@people.example`, ageBand: '35+' },
        },
        ...Array.from({ length: viewsEach }, (_, view) => ({
          type: 'track' as const,
          messageId: `v-${user}-${view}`,
          userId: `user-${user}`,
          event: 'Product Viewed',
          properties: { product_id: `item-${(user * 7 + view * view * (1 + (user % 5))) % itemCount}` },
        })),
      ]),
      { source: 'bench', mayGrant: true, counts: engine.counts },
    );
    if (from === Math.floor(people / 10_000) * 1_000) {
      onLine('Learning from those who are there.');
      await learn(engine, 'alsoLiked');
      await engine.models.refresh('alsoLiked');
    }
  }
  await engine.database.query('analyze');
}
