/**
 * How many personal decisions a second `fairlead serve` answers over HTTP, each recorded before it leaves, plain and balanced, and how long one takes at
 * 500 a second; beside a bare loop of one read and one insert of the same bytes, over such a pool as the server decides on, in the same commit mode.
 */
import { putItems } from '../src/catalogue/items.ts';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { learn } from '../src/models/learn.ts';
import { takeIn } from '../src/people/intake.ts';
import { type FilledEngine, type ServedEngine, load, whileServed } from './support/served-engine.ts';

export const bench: Bench = { name: 'decisions over HTTP', run };

const connections = 16;
const placements = [
  { name: 'home', label: 'decisions', atLeast: 0.5 },
  { name: 'balanced', label: 'balanced decisions', atLeast: 0.4 },
] as const;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const size = {
    people: quick ? 200 : 3_000,
    items: quick ? 100 : 4_000,
    seconds: quick ? 1 : 10,
    perSecond: quick ? 50 : 500,
  };
  return whileServed(
    size.people,
    async (served) => {
      const figures: Figure[] = [];
      for (const placement of placements) figures.push(...(await measure(served, placement, size, onLine)));
      return [
        ...figures,
        { name: "the server's memory at its peak", value: served.memoryMb(), unit: 'MB', limit: { atMost: 400 } },
      ];
    },
    async (filled) => {
      onLine(`Learning from ${size.people} people and ${size.items} items.`);
      await fill(filled, size);
    },
  );
}

/** Decisions and bare loops take turns, so that whatever else the machine does meets both; of figures that are taken several times, the median counts. */
async function measure(
  served: ServedEngine,
  { name, label, atLeast }: (typeof placements)[number],
  { people, seconds, perSecond }: { people: number; seconds: number; perSecond: number },
  onLine: (line: string) => void,
): Promise<Figure[]> {
  const task = {
    path: '/v1/decisions',
    connections,
    kind: { name: 'decisions', people, placement: name },
    seconds: seconds / 5,
  } as const;
  onLine(`Warming up: ${label}.`);
  await load(served, { ...task, seconds });
  const bare = await bareLoop(served, { people, placement: name });
  await bare.loopsPerSecond(seconds / 5);
  onLine('Deciding as fast as answers come, in turns with the bare loop.');
  const rates: number[] = [];
  const bareRates: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const before = await recorded(served, name);
    const fast = await load(served, task);
    const kept = (await recorded(served, name)) - before;
    if (fast.refused > 0 || kept < 0.99 * fast.requests)
      throw new Error(`of ${fast.requests} decisions ${fast.refused} were refused and ${kept} recorded`);
    rates.push(fast.requests / fast.seconds);
    bareRates.push(await bare.loopsPerSecond(seconds / 5));
  }
  await bare.end();
  onLine(`Deciding ${perSecond} times a second.`);
  const steady = [];
  for (let turn = 0; turn < 3; turn += 1)
    steady.push(await load(served, { ...task, connections: 64, seconds: seconds / 2, perSecond }));
  return [
    {
      name: `${label} over HTTP, recorded and logged, ${connections} at once`,
      value: median(rates),
      unit: 'decisions/s',
    },
    { name: `bare loop of one read and one insert, ${connections} at once`, value: median(bareRates), unit: 'loops/s' },
    {
      name: `${label} beside the bare loop`,
      value: median(rates.map((rate, turn) => rate / (bareRates[turn] ?? 0))),
      unit: 'x',
      limit: { atLeast },
    },
    { name: `half of the ${label} within, at ${perSecond}/s`, value: median(steady.map(({ p50 }) => p50)), unit: 'ms' },
    {
      name: `99 % of the ${label} within, at ${perSecond}/s`,
      value: median(steady.map(({ p99 }) => p99)),
      unit: 'ms',
      limit: { atMost: 25 },
    },
    {
      name: `the slowest of the ${label}, at ${perSecond}/s`,
      value: Math.max(...steady.map(({ max }) => max)),
      unit: 'ms',
    },
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** People with two tastes and thirty views each, so that a history has something to say. */
async function fill({ engine }: FilledEngine, size: { people: number; items: number }): Promise<void> {
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

async function recorded({ database }: ServedEngine, placement: string): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    'select count(*)::integer as count from decisions where placement = $1',
    [placement],
  );
  return row?.count ?? 0;
}

interface BareLoop {
  loopsPerSecond(seconds: number): Promise<number>;
  end(): Promise<void>;
}

/** Each loop reads one row by its key and inserts one of a decision's bytes. */
async function bareLoop(
  { hot: database }: ServedEngine,
  { people, placement }: { people: number; placement: string },
): Promise<BareLoop> {
  await database.query('create table bare_people (id integer primary key, history integer[] not null)');
  await database.query(
    'insert into bare_people select id, array(select generate_series(1, 30)) from generate_series(0, $1::integer - 1) as id',
    [people],
  );
  await database.query(
    'create table bare_decisions (id uuid primary key, person integer not null, at timestamptz not null, record text not null)',
  );
  // A real record, because PostgreSQL compresses what repeats.
  const [sample] = await database.query<{ record: string }>(
    'select record from decisions where placement = $1 limit 1',
    [placement],
  );
  const record = sample?.record ?? '';
  let loops = 0;
  const loopUntil = async (endsAt: number): Promise<void> => {
    while (performance.now() < endsAt) {
      const [person] = await database.query<{ id: number }>('select id, history from bare_people where id = $1', [
        loops % people,
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
  return {
    async loopsPerSecond(seconds) {
      loops = 0;
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: connections }, () => loopUntil(startedAt + seconds * 1_000)));
      return loops / ((performance.now() - startedAt) / 1_000);
    },
    async end() {
      await database.query('drop table bare_people, bare_decisions');
    },
  };
}
