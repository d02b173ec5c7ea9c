/**
 * Imports a file of events: what people viewed or bought, before Fairlead was there. Each row is taken in like a message that came over HTTP, under the
 * same policy and consent, exactly once however often the file is imported or the import is broken off. Called by `fairlead import`.
 */
import { Refusal } from '../../database/refusal.ts';
import { noticeVersionOf } from '../../consent/ledger.ts';
import { type Item, putItems, readItems } from '../../catalogue/items.ts';
import type { ForgettingInstallation } from '../forget.ts';
import type { IntakeCounts } from '../intake-counts.ts';
import { type Message, type Outcome, messageHash, takeIn } from '../intake.ts';
import { namingIdentifier } from '../persons.ts';
import { type ImportCounts, type ImportProgress, type ImportResult, noCounts } from './import-result.ts';
import { priceIn } from './cells.ts';
import { RecentlySeen } from './internal/recently-seen.ts';
import { type NamedPerson, type StatedBasis, grantStated } from './internal/stated-basis.ts';
import { type Mapping, type RowMapper, rowMapper } from './mapping.ts';
import type { Rejects } from './rejects.ts';
import type { Fault, Row, RowBatch, RowSource } from './row-source.ts';

export type { StatedBasis } from './internal/stated-basis.ts';

export interface ImportEventsOptions {
  readonly source: RowSource;
  readonly mapping: Mapping;
  readonly rejects: Rejects;
  readonly counts: IntakeCounts;
  /** On which basis the people in the file are processed; without it, only those whose consent stands already are stored. */
  readonly basis?: StatedBasis;
  /** Whether items that the catalogue lacks are made from the rows that name them. */
  readonly itemsFromRows?: boolean;
  /** Whether refused rows are written out whole. */
  readonly withRows?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** On the retail file 1,000, 2,000, 4,000 and 8,000 rows take the same processor time, at peaks of 308, 319, 352 and 421 MB. */
const batchRows = 2_000;
/** One batch is written while the next is read and prepared. */
const batchesAtOnce = 2;

/** Imports, and counts what became of each row. Every batch is durable by itself. `unknownItems` counts ids that the catalogue does not have. */
export async function importEvents(
  installation: ForgettingInstallation,
  options: ImportEventsOptions,
): Promise<ImportResult & { readonly unknownItems: number }> {
  requireBasis(installation, options.basis);
  const mapper = rowMapper(installation.policy, options.mapping, installation.database.world.now());
  // Ids of the file's own hold across files; lines mean something in this very content alone.
  const digest = await options.source.digest();
  const origin = mapper.hasOwnIds ? 'import' : `import ${digest.slice(0, 32)}`;
  const run: Run = {
    installation,
    options,
    mapper,
    origin,
    counts: noCounts(),
    settled: new RecentlySeen(100_000),
    erased: new Set(),
    items: new RecentlySeen(100_000),
    unknownItems: 0,
  };
  const writing = new Set<Promise<void>>();
  try {
    for await (const batch of batchesOf(options.source.read(mapper.columns, { withText: options.withRows === true }))) {
      const messages = await prepare(run, batch);
      if (writing.size >= batchesAtOnce) await Promise.race(writing);
      const written: Promise<void> = write(run, messages).finally(() => writing.delete(written));
      written.catch(() => undefined); // awaited below or by the race above, which both pass the error on
      writing.add(written);
      options.onProgress?.({
        bytesRead: options.source.bytesRead(),
        bytes: options.source.bytes,
        rows: run.counts.read,
      });
    }
    await Promise.all(writing);
  } finally {
    await Promise.allSettled(writing);
    await options.counts.flush(installation.database, installation.database.world.now());
  }
  return { ...run.counts, unknownItems: run.unknownItems };
}

interface Run {
  readonly installation: ForgettingInstallation;
  readonly options: ImportEventsOptions;
  readonly mapper: RowMapper;
  readonly origin: string;
  readonly counts: ImportCounts;
  /** People whose basis has been looked at. */
  readonly settled: RecentlySeen;
  /** Those among them who have been erased since their rows were first taken in. */
  readonly erased: Set<string>;
  /** Items that have been looked up. */
  readonly items: RecentlySeen;
  unknownItems: number;
}

/** Reads, maps, refuses, and makes what the messages of a batch rest on: the items they name and the stated basis of their people. */
async function prepare(run: Run, batch: RowBatch): Promise<Message[]> {
  const { counts, mapper } = run;
  const faults: Fault[] = [...batch.faults];
  const messages: Message[] = [];
  const naming = new Map<string, Row>();
  for (const row of batch.rows) {
    const mapped = mapper.map(row.values, row.line);
    if (mapped.kind === 'refused') {
      faults.push({ line: row.line, reason: mapped.reason, ...(row.text === undefined ? {} : { text: row.text }) });
      continue;
    }
    if (mapped.kind === 'anonymous') counts.anonymous += 1;
    else messages.push(mapped.message);
    if (mapped.itemId !== undefined && !run.items.has(mapped.itemId) && !naming.has(mapped.itemId))
      naming.set(mapped.itemId, row);
  }
  counts.read += batch.rows.length + batch.faults.length;
  counts.rejected += faults.length;
  await run.options.rejects.add(faults.toSorted((left, right) => left.line - right.line));
  await settleItems(run, naming);
  return settlePeople(run, messages);
}

async function write(run: Run, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const outcomes = await takeIn(run.installation, messages, {
    source: run.origin,
    mayGrant: false,
    counts: run.options.counts,
  });
  for (const outcome of outcomes) run.counts[countOf[outcome]] += 1;
}

/** The mapper lets no event through that the policy does not declare and no message that names nobody; should one come, it is a refusal. */
const countOf: Readonly<Record<Outcome, keyof ImportCounts>> = {
  stored: 'stored',
  duplicate: 'duplicates',
  'without basis': 'withoutBasis',
  undeclared: 'rejected',
  unnamed: 'rejected',
};

/** Looks up items that are named for the first time, and makes those that are missing where that was asked for. */
async function settleItems(run: Run, naming: ReadonlyMap<string, Row>): Promise<void> {
  if (naming.size === 0) return;
  const known = await readItems(run.installation.database, [...naming.keys()]);
  const missing = [...naming].filter(([itemId]) => !known.has(itemId));
  if (run.options.itemsFromRows === true && missing.length > 0)
    await putItems(
      run.installation.database,
      missing.map(([itemId, row]) => itemOf(run.mapper, itemId, row)),
    );
  else run.unknownItems += missing.length;
  for (const itemId of naming.keys()) run.items.add(itemId);
}

function itemOf(mapper: RowMapper, itemId: string, row: Row): Item {
  const text = (of: 'title' | 'category' | 'supplier' | 'url' | 'image'): string | null => {
    const value = mapper.itemValue(row.values, of);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
  };
  const currency = mapper.itemValue(row.values, 'currency');
  const price = priceIn(mapper.itemValue(row.values, 'price'), typeof currency === 'string' ? currency : undefined);
  return {
    itemId,
    title: text('title') ?? itemId,
    category: text('category'),
    supplier: text('supplier'),
    url: text('url'),
    image: text('image'),
    ...(price === undefined ? {} : { priceMinor: price.minor, currency: price.currency }),
  };
}

/** Grants on the stated basis to people who come up for the first time, and keeps the rows of erased people away. */
async function settlePeople(run: Run, messages: Message[]): Promise<Message[]> {
  const { basis } = run.options;
  if (basis === undefined) return messages;
  const fresh = new Map<string, NamedPerson & { messageHashes: Buffer[] }>();
  for (const message of messages) {
    const name = nameOf(message);
    const identifier = namingIdentifier(message);
    if (identifier === undefined || run.settled.has(name)) continue;
    const person = fresh.get(name) ?? { identifier, messageHashes: [] };
    person.messageHashes.push(messageHash(run.installation, run.origin, message.messageId));
    fresh.set(name, person);
  }
  if (fresh.size > 0) {
    const names = [...fresh.keys()];
    const erased = await grantStated(run.installation, [...fresh.values()], basis, run.origin);
    for (const [at, name] of names.entries()) {
      run.settled.add(name);
      if (erased.has(at)) run.erased.add(name);
    }
  }
  if (run.erased.size === 0) return messages;
  const kept = messages.filter((message) => !run.erased.has(nameOf(message)));
  // They were taken in before, and what was theirs is not taken in again.
  run.counts.duplicates += messages.length - kept.length;
  return kept;
}

function nameOf(message: Message): string {
  return message.userId === undefined ? `visitor ${message.anonymousId}` : `user ${message.userId}`;
}

/** A basis that the policy does not know, or that nothing proves, is refused before a row is read (GDPR Art. 7(1)). */
function requireBasis(installation: ForgettingInstallation, basis: StatedBasis | undefined): void {
  if (basis === undefined) return;
  for (const purpose of basis.purposes) noticeVersionOf(installation.policy, purpose);
  if (basis.evidence.trim() === '') {
    throw new Refusal('import.evidence', 'A consent is stated without anything that proves it.', {
      remedy: 'Say where and how these people agreed: --evidence "sign-up form of 2024, wording v3".',
    });
  }
}

/** Rows in batches of an even size, whatever the source gives at once. */
async function* batchesOf(source: AsyncIterable<RowBatch>): AsyncGenerator<RowBatch> {
  const rows: Row[] = [];
  const faults: Fault[] = [];
  for await (const batch of source) {
    rows.push(...batch.rows);
    faults.push(...batch.faults);
    while (rows.length + faults.length >= batchRows)
      yield { rows: rows.splice(0, batchRows), faults: faults.splice(0) };
  }
  if (rows.length + faults.length > 0) yield { rows, faults };
}
