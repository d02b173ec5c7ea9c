/**
 * How many events a second are taken in over HTTP and durable when they are answered, in batches of 100 as the client libraries send them, with the load
 * generator on the same machine; beside a bare insert of such rows, which is all that PostgreSQL itself would take.
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import type { Database } from '../src/database/database.ts';
import { load, whileServed } from './support/served-engine.ts';

export const bench: Bench = { name: 'intake over HTTP', run };

const people = 5_000;
const items = 2_000;
const batchSize = 100;
const connections = 16;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  return whileServed(quick ? 200 : people, async (served) => {
    const kind = { name: 'batches', size: batchSize, people: quick ? 200 : people, items } as const;
    const seconds = quick ? 1 : 15;
    if (!quick) await load(served, { path: '/v1/batch', connections, seconds: 3, kind });
    onLine(`Sending batches of ${batchSize} for ${seconds} s.`);
    const before = await kept(served.database);
    const seen = await load(served, { path: '/v1/batch', connections, seconds, kind });
    const stored = (await kept(served.database)) - before;
    if (seen.refused > 0 || stored !== seen.requests * batchSize) {
      throw new Error(`of ${seen.requests} batches ${seen.refused} were refused, and ${stored} events were kept`);
    }
    const memoryMb = served.memoryMb();
    onLine('Inserting the same rows bare.');
    const bare = await bareInsert(served.database, quick ? 10_000 : 200_000);
    const rate = stored / seen.seconds;
    return [
      { name: 'intake over HTTP, durable', value: rate, unit: 'events/s', limit: { atLeast: 20_000 } },
      { name: 'a batch, half of them within', value: seen.p50, unit: 'ms' },
      { name: 'a batch, 99 % of them within', value: seen.p99, unit: 'ms' },
      { name: 'bare insert', value: bare, unit: 'rows/s' },
      { name: 'intake beside bare insert', value: rate / bare, unit: 'x' },
      { name: 'memory of the server at its peak', value: memoryMb, unit: 'MB', limit: { atMost: 400 } },
    ];
  });
}

async function kept(database: Database): Promise<number> {
  const [row] = await database.query<{ count: number }>('select count(*)::integer as count from events');
  return row?.count ?? 0;
}

/** Rows of the same width into one table with one key, 2,000 to a statement. */
async function bareInsert(database: Database, rows: number): Promise<number> {
  await database.query(
    'create table bare_events (person_id uuid not null, event_id uuid not null, name text not null, item_ids text[] not null, properties jsonb not null, at timestamptz not null, primary key (person_id, event_id))',
  );
  const size = 2_000;
  const { world } = database;
  const batch = Array.from({ length: size }, (_, index) => index);
  let seconds = 0;
  for (let done = 0; done < rows; done += size) {
    const values = [
      batch.map(() => world.uuid()),
      batch.map(() => world.uuid()),
      batch.map(() => 'Product Viewed'),
      batch.map((index) => `{item-${index}}`),
      batch.map(() => '{"price":12.5}'),
      batch.map(() => world.now()),
    ];
    const startedAt = performance.now();
    await database.query(
      `insert into bare_events (person_id, event_id, name, item_ids, properties, at)
       select person_id, event_id, name, item_ids::text[], properties, at
       from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::timestamptz[]) as incoming (person_id, event_id, name, item_ids, properties, at)`,
      values,
    );
    seconds += (performance.now() - startedAt) / 1_000;
  }
  return rows / seconds;
}
