/**
 * How fast a file of orders is imported, beside a bare insert of the same rows into two tables with the same indexes on the same server: what
 * PostgreSQL alone would take. Uses the retail file where it is present, else a file of the same shape that it makes up.
 */
import { createWriteStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { createGzip } from 'node:zlib';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { adoptPolicy } from '../src/consent/adopt-policy.ts';
import { connect } from '../src/database/connect.ts';
import type { Database } from '../src/database/database.ts';
import { startEmbedded } from '../src/database/embedded.ts';
import { migrate } from '../src/database/migrate.ts';
import { systemWorld } from '../src/database/world.ts';
import { IntakeCounts } from '../src/people/intake-counts.ts';
import { importEvents } from '../src/people/import/import-events.ts';
import type { Mapping } from '../src/people/import/mapping.ts';
import { Rejects } from '../src/people/import/rejects.ts';
import { openRowSource } from '../src/people/import/open-row-source.ts';
import { policy } from '../src/policy/policy.ts';
import { keysOf } from '../src/vault/keys.ts';

export const bench: Bench = { name: 'import', run };

const retailFile = path.resolve(import.meta.dirname, '../../shared/data/online-retail.csv.gz');

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const directory = mkdtempSync(path.join(process.getuid?.() === 0 ? '/tmp' : os.tmpdir(), 'fairlead-bench-import-'));
  const embedded = await startEmbedded({ directory, world: systemWorld });
  const database = await connect(embedded.url, systemWorld);
  try {
    await migrate(database);
    const file = quick || !existsSync(retailFile) ? await madeUpFile(directory, quick ? 20_000 : 541_909) : retailFile;
    onLine(`Importing ${path.basename(file)}.`);
    const imported = await timedImport(database, file, directory);
    const memoryMb = process.resourceUsage().maxRSS / 1024;
    onLine('The same rows by bare inserts.');
    const bare = await timedBareInsert(database);
    const importRate = imported.stored / imported.seconds;
    const bareRate = bare.rows / bare.seconds;
    return [
      { name: 'import', value: importRate, unit: 'stored rows/s' },
      { name: 'import, all rows of the file', value: imported.read / imported.seconds, unit: 'rows/s' },
      { name: 'bare insert into two tables', value: bareRate, unit: 'rows/s' },
      { name: 'import beside bare insert', value: importRate / bareRate, unit: 'x', limit: { atLeast: 0.5 } },
      { name: 'memory at its peak', value: memoryMb, unit: 'MB', limit: { atMost: 400 } },
    ];
  } finally {
    await database.close();
    await embedded.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Kept for thirty years, because the rows are of 2011. */
const retailPolicy = policy({
  controller: { name: 'Bench', contact: 'privacy@bench.example', regions: ['UK'] },
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions',
      notice: 'We suggest from what you bought.',
      keepFor: '30 years',
    },
  },
  people: {},
  items: { price: 'money' },
  events: {
    'Order Completed': {
      item: 'properties.product_id',
      properties: { quantity: 'number', price: 'money' },
      for: ['suggestions'],
    },
  },
  models: {},
  placements: {},
});

const mapping: Mapping = {
  person: 'CustomerID',
  event: 'Order Completed',
  item: 'Description',
  time: 'InvoiceDate',
  properties: { quantity: 'Quantity', price: 'UnitPrice' },
  items: { price: 'UnitPrice', currency: 'GBP' },
  skip: ['Quantity<=0'],
};

async function timedImport(
  database: Database,
  file: string,
  directory: string,
): Promise<{ read: number; stored: number; seconds: number }> {
  const keys = keysOf(Buffer.alloc(32, 1), new Map([[1, Buffer.alloc(32, 2)]]));
  const policyVersion = await adoptPolicy(database, retailPolicy, 'bench');
  const installation = { database, keys, policy: retailPolicy, policyVersion, followers: [] };
  const rejects = await Rejects.open(file, path.join(directory, 'rejects'));
  const startedAt = performance.now();
  const result = await importEvents(installation, {
    source: await openRowSource(file),
    mapping,
    rejects,
    counts: new IntakeCounts(),
    basis: { purposes: ['suggestions'], evidence: 'bench' },
    itemsFromRows: true,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  await rejects.close();
  return { read: result.read, stored: result.stored, seconds };
}

/** Copies of the two tables with their keys, filled by one statement a batch and one commit each; reading the rows first is not timed. */
async function timedBareInsert(database: Database): Promise<{ rows: number; seconds: number }> {
  await database.query('create table bare_inbox (like inbox including all)');
  await database.query('create table bare_events (like events including all)');
  let rows = 0;
  let milliseconds = 0;
  const stored = database.stream<BareRow>(
    `select substring(decode(md5(event_id::text), 'hex') for 16) as message_hash, person_id, event_id, name, item_ids::text as item_ids, properties::text as properties,
            purposes::text as purposes, source, at, received_at, tag from events`,
    [],
    { batch: 4_000 },
  );
  for await (const batch of stored) {
    const startedAt = performance.now();
    await database.query(
      `with kept as (
         insert into bare_events (person_id, event_id, name, item_ids, properties, purposes, source, at, received_at, tag)
         select person_id, event_id, name, item_ids::text[], properties, purposes::text[], $8, at, $9, tag
         from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::timestamptz[], $11::bytea[])
           as incoming (person_id, event_id, name, item_ids, properties, purposes, at, tag)
       )
       insert into bare_inbox (message_hash, received_at, tag) select hash, $9, hash from unnest($10::bytea[]) as incoming (hash)`,
      [
        batch.map((row) => row.person_id),
        batch.map((row) => row.event_id),
        batch.map((row) => row.name),
        batch.map((row) => row.item_ids),
        batch.map((row) => row.properties),
        batch.map((row) => row.purposes),
        batch.map((row) => row.at),
        batch[0]?.source,
        batch[0]?.received_at,
        batch.map((row) => row.message_hash),
        batch.map((row) => row.tag),
      ],
    );
    milliseconds += performance.now() - startedAt;
    rows += batch.length;
  }
  return { rows, seconds: milliseconds / 1000 };
}

interface BareRow {
  message_hash: Buffer;
  person_id: string;
  event_id: string;
  name: string;
  item_ids: string;
  properties: string;
  purposes: string;
  source: string;
  at: Date;
  received_at: Date;
  tag: Buffer;
}

/** A file of the retail file's shape: a quarter without a customer, some returns, customers and items of very different frequency. */
async function madeUpFile(directory: string, rows: number): Promise<string> {
  const file = path.join(directory, 'orders.csv.gz');
  const zip = createGzip();
  const written = once(zip.pipe(createWriteStream(file)), 'finish');
  zip.write('Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n');
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let text = '';
  for (let row = 0; row < rows; row++) {
    const item = Math.floor(next(3_900) ** 2 / 3_900);
    const customer = next(4) === 0 ? '' : String(12_346 + Math.floor(next(4_300) ** 2 / 4_300));
    const at = new Date(Date.UTC(2010, 11, 1) + Math.floor((row / rows) * 373 * 86_400_000)).toISOString();
    text += `ITEM NUMBER ${item} OF THE SHOP,${next(50) === 0 ? -1 : 1 + next(12)},${at},${(1 + next(900)) / 100},${customer},United Kingdom\n`;
    if (text.length < 65_536) continue;
    if (!zip.write(text)) await once(zip, 'drain');
    text = '';
  }
  zip.end(text);
  await written;
  return file;
}
