/**
 * Imports a file of events: what people viewed or bought, before Fairlead was there. Each row is taken in like a message that came over HTTP, under the
 * same policy and consent, exactly once however often the file is imported or the import is broken off. Called by `fairlead import`.
 */
import { Refusal } from '../../database/refusal.ts';
import { noticeVersionOf } from '../../consent/ledger.ts';
import { type Item, putItems, readItems } from '../../catalogue/items.ts';
import type { ForgettingInstallation } from '../forget.ts';
import type { IntakeCounts } from '../intake-counts.ts';
import { type Message, type Outcome, lineHashes, messageHash, takeIn } from '../intake.ts';
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

/** Rows that are mapped, and whose items and people are looked up, at once: each look-up is a dozen statements, whatever its size. */
const preparedRows = 8_000;
/** Messages of one transaction. On the retail file 1,000 to 8,000 take the same processor time, at peaks of 308 to 421 MB. */
const writtenRows = 2_000;
/** One batch is written while the next is being put together. */
const writesAtOnce = 2;

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
    for await (const messages of oneAhead(preparedBatches(run))) {
      for (let from = 0; from < messages.length; from += writtenRows) {
        if (writing.size >= writesAtOnce) await Promise.race(writing);
        const written: Promise<void> = write(run, messages.slice(from, from + writtenRows)).finally(() =>
          writing.delete(written),
        );
        written.catch(() => undefined); // awaited below or by the race above, which both pass the error on
        writing.add(written);
      }
    }
    await Promise.all(writing);
  } finally {
    await Promise.allSettled(writing);
    await options.counts.flush(installation, installation.database.world.now());
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

async function* preparedBatches(run: Run): AsyncGenerator<Message[]> {
  const { source, withRows, onProgress } = run.options;
  for await (const batch of batchesOf(source.read(run.mapper.columns, { withText: withRows === true }))) {
    yield await prepare(run, batch);
    onProgress?.({ bytesRead: source.bytesRead(), bytes: source.bytes, rows: run.counts.read });
  }
}

/** Begins the next step while the one before it is worked on. */
async function* oneAhead<Step>(steps: AsyncGenerator<Step>): AsyncGenerator<Step> {
  let coming = steps.next();
  try {
    for (;;) {
      const { done, value } = await coming;
      if (done === true) return;
      coming = steps.next();
      coming.catch(() => undefined); // awaited in the next round, which passes the error on
      yield value;
    }
  } finally {
    await steps.return(undefined);
  }
}

/** Reads, maps, refuses, and makes what the messages of a batch rest on: the items they name and the stated basis of their people. */
async function prepare(run: Run, batch: RowBatch): Promise<Message[]> {
  const { counts, mapper } = run;
  const faults: Fault[] = [...batch.faults];
  const messages: Message[] = [];
  const lines: number[] = [];
  const naming = new Map<string, Row>();
  for (const row of batch.rows) {
    const mapped = mapper.map(row.values, row.line);
    if (mapped.kind === 'refused') {
      faults.push({ line: row.line, reason: mapped.reason, ...(row.text === undefined ? {} : { text: row.text }) });
      continue;
    }
    if (mapped.kind === 'anonymous') counts.anonymous += 1;
    else {
      messages.push(mapped.message);
      lines.push(row.line);
    }
    if (mapped.itemId !== undefined && !run.items.has(mapped.itemId) && !naming.has(mapped.itemId))
      naming.set(mapped.itemId, row);
  }
  counts.read += batch.rows.length + batch.faults.length;
  counts.rejected += faults.length;
  await run.options.rejects.add(faults.toSorted((left, right) => left.line - right.line));
  const [settled] = await Promise.all([settlePeople(run, hashed(run, messages, lines)), settleItems(run, naming)]);
  return settled;
}

/** Messages with the hash of their ids: of their own ids one by one, of lines all at once. */
function hashed(run: Run, messages: readonly Message[], lines: readonly number[]): HashedMessage[] {
  const { installation, mapper, origin } = run;
  const hashes = mapper.hasOwnIds
    ? messages.map(({ messageId }) => messageHash(installation, origin, messageId))
    : lineHashes(installation, origin, lines);
  return messages.map((message, at) => ({ ...message, messageHash: hashes[at] ?? Buffer.alloc(0) }));
}

type HashedMessage = Message & { readonly messageHash: Buffer };

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
async function settlePeople(run: Run, messages: HashedMessage[]): Promise<HashedMessage[]> {
  const { basis } = run.options;
  if (basis === undefined) return messages;
  const fresh = new Map<string, NamedPerson & { messageHashes: Buffer[] }>();
  for (const message of messages) {
    const name = nameOf(message);
    const identifier = namingIdentifier(message);
    if (identifier === undefined || run.settled.has(name)) continue;
    const person = fresh.get(name) ?? { identifier, messageHashes: [] };
    person.messageHashes.push(message.messageHash);
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
    while (rows.length + faults.length >= preparedRows)
      yield { rows: rows.splice(0, preparedRows), faults: faults.splice(0) };
  }
  if (rows.length + faults.length > 0) yield { rows, faults };
}
