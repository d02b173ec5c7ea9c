/**
 * How many personal decisions a second are answered over HTTP, each recorded before it leaves, and how long one takes at 500 a second; beside a bare
 * loop of one read and one insert of the same width, over the same pool and the same commit mode.
 */
import { putItems } from '../src/catalogue/items.ts';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { learn } from '../src/models/learn.ts';
import { takeIn } from '../src/people/intake.ts';
import { type ServedEngine, load, whileServed } from './support/served-engine.ts';

export const bench: Bench = { name: 'decisions over HTTP', run };

const connections = 16;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const people = quick ? 200 : 3_000;
  const items = quick ? 100 : 4_000;
  const seconds = quick ? 1 : 10;
  return whileServed(people, async (served) => {
    onLine(`Learning from ${people} people and ${items} items.`);
    await fill(served, { people, items });
    const kind = { name: 'decisions', people } as const;
    const task = { path: '/v1/decisions', connections, kind };
    await load(served, { ...task, seconds: quick ? 1 : 3 });
    onLine('Deciding as fast as answers come.');
    const before = await recorded(served);
    const fast = await load(served, { ...task, seconds });
    const kept = (await recorded(served)) - before;
    if (fast.refused > 0 || kept < 0.99 * fast.requests)
      throw new Error(`of ${fast.requests} decisions ${fast.refused} were refused and ${kept} recorded`);
    onLine('The bare loop.');
    await makeBareTables(served, people);
    const bare = await bareLoop(served, { people, seconds, atOnce: connections });
    const bareAlone = await bareLoop(served, { people, seconds, atOnce: 1 });
    const perSecond = quick ? 50 : 500;
    onLine(`Deciding ${perSecond} times a second.`);
    const steady = await load(served, { ...task, connections: 64, seconds, perSecond });
    const rate = fast.requests / fast.seconds;
    return [
      { name: 'personal decisions over HTTP, recorded', value: rate, unit: 'decisions/s' },
      { name: `bare loop of one read and one insert, ${connections} at once`, value: bare, unit: 'loops/s' },
      { name: 'bare loop, one after the other', value: bareAlone, unit: 'loops/s' },
      { name: 'decisions beside the bare loop', value: rate / bare, unit: 'x', limit: { atLeast: 0.5 } },
      { name: `half of them within, at ${perSecond}/s`, value: steady.p50, unit: 'ms' },
      { name: `99 % of them within, at ${perSecond}/s`, value: steady.p99, unit: 'ms', limit: { atMost: 25 } },
      {
        name: 'memory of the server at its peak',
        value: process.resourceUsage().maxRSS / 1_024,
        unit: 'MB',
        limit: { atMost: 400 },
      },
    ];
  });
}

/** People with two tastes and thirty views each, so that a history has something to say. */
async function fill({ engine }: ServedEngine, size: { people: number; items: number }): Promise<void> {
  await putItems(
    engine.database,
    Array.from({ length: size.items }, (_, index) => ({
      itemId: `item-${index}`,
      title: `Item ${index}`,
      category: `category-${index % 12}`,
    })),
  );
  await engine.items.refresh();
  let state = 7;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const views = 30;
  for (let from = 0; from < size.people; from += 100) {
    const messages = Array.from({ length: Math.min(100, size.people - from) * views }, (_, index) => {
      const person = from + Math.floor(index / views);
      const half = Math.floor(size.items / 2);
      const item = (person % 2) * half + Math.floor(next(half) ** 2 / half);
      return {
        type: 'track' as const,
        messageId: `fill-${person}-${index}`,
        userId: `user-${person}`,
        event: 'Product Viewed',
        properties: { product_id: `item-${item}` },
      };
    });
    await takeIn(engine, messages, { source: 'bench', mayGrant: false, counts: engine.counts });
  }
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');
}

async function recorded({ database }: ServedEngine): Promise<number> {
  const [row] = await database.query<{ count: number }>('select count(*)::integer as count from decisions');
  return row?.count ?? 0;
}

async function makeBareTables({ database }: ServedEngine, people: number): Promise<void> {
  await database.query('create table bare_people (id integer primary key, history integer[] not null)');
  await database.query(
    'insert into bare_people select id, array(select generate_series(1, 30)) from generate_series(0, $1::integer - 1) as id',
    [people],
  );
  await database.query(
    'create table bare_decisions (id uuid primary key, person integer not null, at timestamptz not null, record text not null)',
  );
}

/** Each loop reads one row by its key and inserts one of a decision's width, over the pool that the server uses. */
async function bareLoop(
  { database }: ServedEngine,
  size: { people: number; seconds: number; atOnce: number },
): Promise<number> {
  // A real record, because PostgreSQL compresses what repeats.
  const [sample] = await database.query<{ record: string }>('select record from decisions limit 1');
  const record = sample?.record ?? '';
  const startedAt = performance.now();
  const endsAt = startedAt + size.seconds * 1_000;
  let loops = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() < endsAt) {
      const [person] = await database.query<{ id: number }>('select id, history from bare_people where id = $1', [
        loops % size.people,
      ]);
      await database.query('insert into bare_decisions (id, person, at, record) values ($1, $2, $3, $4)', [
        database.world.uuid(),
        person?.id,
        database.world.now(),
        record,
      ]);
      loops += 1;
    }
  };
  await Promise.all(Array.from({ length: size.atOnce }, loop));
  return loops / ((performance.now() - startedAt) / 1_000);
}
