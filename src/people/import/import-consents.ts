/**
 * Imports the consents that a team already has: who said yes or no to what, when, and what proves it. A yes never overrides a no that was given since,
 * and importing the same file again changes nothing. Called by `fairlead import --consents`.
 */
import type { Installation } from '../../consent/installation.ts';
import type { Transaction } from '../../database/database.ts';
import { Refusal } from '../../database/refusal.ts';
import { entryOf } from '../../policy/policy.ts';
import type { Identifier } from '../../vault/identifiers.ts';
import { type Choices, chooseWithin } from '../choose.ts';
import type { ForgettingInstallation } from '../forget.ts';
import { ensurePeople, lockPeople } from '../persons.ts';
import { type ImportProgress, type ImportResult, noCounts } from './import-result.ts';
import { type TimeReader, booleanIn, faultOfId, idIn, timeReader } from './cells.ts';
import type { Rejects } from './rejects.ts';
import type { Fault, Row, RowSource } from './row-source.ts';

export interface ImportConsentsOptions {
  readonly source: RowSource;
  readonly rejects: Rejects;
  /** How times are written; ISO 8601 when absent. */
  readonly timeFormat?: string;
  readonly withRows?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
}

const batchRows = 500;

const columnNames = {
  person: ['person', 'userId', 'user_id', 'customer_id', 'CustomerID'],
  visitor: ['visitor', 'anonymousId', 'anonymous_id'],
  purpose: ['purpose', 'category'],
  state: ['state', 'status', 'consent', 'granted'],
  time: ['time', 'at', 'timestamp', 'date'],
  evidence: ['evidence', 'proof'],
} as const;

type Column = keyof typeof columnNames;

/**
 * Imports, and counts what became of each row: `duplicates` said what stands already, `withoutBasis` are yeses of people who have refused since. A
 * yes without evidence is refused (GDPR Art. 7(1)).
 */
export async function importConsents(
  installation: ForgettingInstallation,
  options: ImportConsentsOptions,
): Promise<ImportResult> {
  const { source, rejects } = options;
  const readTime = timeReader(options.timeFormat ?? 'iso');
  if (readTime === undefined)
    throw new Refusal('import.mapping', `"${options.timeFormat}" is no time format.`, {
      remedy: 'Use iso, seconds, milliseconds, or a pattern such as DD/MM/YYYY HH:mm.',
    });
  const columns = columnsIn(source);
  const origin = `import ${(await source.digest()).slice(0, 32)}`;
  const counts = noCounts();
  for await (const batch of inBatches(source.read(columns.names, { withText: options.withRows === true }))) {
    const faults: Fault[] = [...batch.faults];
    const said: Said[] = [];
    counts.read += batch.rows.length + batch.faults.length;
    for (const row of batch.rows) {
      const read = choicesOf(installation, columns, readTime, row);
      if (read === 'anonymous') counts.anonymous += 1;
      else if (typeof read === 'string')
        faults.push({ line: row.line, reason: read, ...(row.text === undefined ? {} : { text: row.text }) });
      else said.push(read);
    }
    counts.rejected += faults.length;
    await rejects.add(faults.toSorted((left, right) => left.line - right.line));
    const { stored, duplicates, overruled } = await record(installation, said, origin);
    counts.stored += stored;
    counts.duplicates += duplicates;
    counts.withoutBasis += overruled;
    options.onProgress?.({ bytesRead: source.bytesRead(), bytes: source.bytes, rows: counts.read });
  }
  return counts;
}

/** One row that says something. */
interface Said {
  readonly who: Identifier;
  readonly purposes: readonly string[];
  readonly isGranted: boolean;
  readonly at: Date | undefined;
  readonly evidence: string | undefined;
}

interface Columns {
  readonly names: string[];
  readonly at: ReadonlyMap<Column, number>;
}

function columnsIn(source: RowSource): Columns {
  const names: string[] = [];
  const at = new Map<Column, number>();
  const byLowerCase = new Map(source.columns.map((name) => [name.toLowerCase(), name]));
  for (const [column, candidates] of Object.entries(columnNames)) {
    const found = candidates
      .map((candidate) => byLowerCase.get(candidate.toLowerCase()))
      .find((name) => name !== undefined);
    if (found !== undefined) at.set(column as Column, names.push(found) - 1); // a key of columnNames
  }
  const missing =
    !at.has('person') && !at.has('visitor')
      ? 'person'
      : (['purpose', 'state'] as const).find((column) => !at.has(column));
  if (missing !== undefined) {
    throw new Refusal('import.column', `The file has no column "${missing}".`, {
      remedy: `Name the columns person, purpose, state, time and evidence; they are: ${source.columns.join(', ')}.`,
    });
  }
  return { names, at };
}

/** What a row says, `anonymous`, or why it says nothing. */
function choicesOf(installation: Installation, columns: Columns, readTime: TimeReader, row: Row): Said | string {
  const value = (column: Column): unknown => {
    const at = columns.at.get(column);
    return at === undefined ? undefined : row.values[at];
  };
  const userId = idIn(value('person'));
  const who = userId ?? idIn(value('visitor'));
  if (who === undefined) return 'anonymous';
  const fault = faultOfId(who);
  if (fault !== undefined) return `the person's id ${fault}`;
  const purposes = purposesOf(installation, idIn(value('purpose')) ?? '');
  if (purposes.length === 0) return 'its purpose is neither a purpose nor a consent category of the policy';
  const isGranted = stateOf(value('state'));
  if (isGranted === undefined)
    return 'its state is neither a yes (granted, yes, true) nor a no (denied, withdrawn, no, false)';
  const written = value('time');
  const at = written === undefined || written === null || written === '' ? undefined : readTime(written);
  if (at === undefined && written !== undefined && written !== null && written !== '')
    return 'its time cannot be read (--time-format)';
  const evidence = idIn(value('evidence'));
  if (isGranted && evidence === undefined) return 'is a yes without evidence';
  return {
    who: { kind: userId === undefined ? 'anonymousId' : 'userId', value: who },
    purposes,
    isGranted,
    at,
    evidence,
  };
}

function purposesOf(installation: Installation, name: string): readonly string[] {
  if (entryOf(installation.policy.purposes, name) !== undefined) return [name];
  return entryOf(installation.policy.consentCategories, name) ?? [];
}

function stateOf(value: unknown): boolean | undefined {
  const word = typeof value === 'string' ? value.trim().toLowerCase().replaceAll(/[ -]/g, '_') : '';
  if (['granted', 'grant', 'given', 'allowed', 'accepted', 'opt_in', 'opted_in', 'subscribed', 'active'].includes(word))
    return true;
  if (
    [
      'denied',
      'deny',
      'refused',
      'withdrawn',
      'withdraw',
      'revoked',
      'rejected',
      'opt_out',
      'opted_out',
      'unsubscribed',
    ].includes(word)
  )
    return false;
  return booleanIn(value);
}

/** Records what is news, under the locks of the people concerned, so that nothing is said in between. Rows are applied in their order. */
async function record(
  installation: ForgettingInstallation,
  said: readonly Said[],
  origin: string,
): Promise<{ stored: number; duplicates: number; overruled: number }> {
  if (said.length === 0) return { stored: 0, duplicates: 0, overruled: 0 };
  return installation.database.transaction(async (tx) => {
    const people = await ensurePeople(
      installation,
      tx,
      said.map(({ who }) => who),
    );
    await lockPeople(tx, people);
    const last = await lastWords(tx, people);
    const counts = { stored: 0, duplicates: 0, overruled: 0 };
    const asked: Parameters<typeof chooseWithin>[2][number][] = [];
    for (const [index, one] of said.entries()) {
      const personId = people[index] ?? '';
      const verdicts = one.purposes.map((purpose) => ({
        purpose,
        verdict: verdictOn(one, last.get(`${personId} ${purpose}`)),
      }));
      const news = verdicts.filter(({ verdict }) => verdict === 'news');
      for (const { purpose } of news)
        last.set(`${personId} ${purpose}`, { isGranted: one.isGranted, at: one.at ?? tx.world.now() });
      if (news.length > 0) {
        counts.stored += 1;
        asked.push({
          who: { personId },
          choices: choicesFrom(
            one,
            news.map(({ purpose }) => purpose),
            origin,
          ),
        });
      } else if (verdicts.some(({ verdict }) => verdict === 'overruled')) counts.overruled += 1;
      else counts.duplicates += 1;
    }
    if (asked.length > 0) await chooseWithin(installation, tx, asked);
    return counts;
  });
}

function choicesFrom(said: Said, purposes: readonly string[], origin: string): Choices {
  return {
    purposes: Object.fromEntries(purposes.map((purpose) => [purpose, said.isGranted])),
    method: 'import',
    source: origin,
    ...(said.at === undefined ? {} : { at: said.at }),
    ...(said.evidence === undefined ? {} : { evidence: said.evidence }),
  };
}

interface Word {
  readonly isGranted: boolean;
  readonly at: Date;
}

/** Of two different words the later one counts; where the file gives no time, or the same time, a no counts and a yes does not. */
function verdictOn(said: Said, before: Word | undefined): 'news' | 'known' | 'overruled' {
  if (before === undefined) return 'news';
  if (before.isGranted === said.isGranted) return 'known';
  if (said.at !== undefined && said.at > before.at) return 'news';
  if (said.isGranted) return 'overruled';
  return said.at === undefined || said.at.getTime() === before.at.getTime() ? 'news' : 'known';
}

/** The last thing that each person has said about each purpose, by `person purpose`. */
async function lastWords(tx: Transaction, people: readonly string[]): Promise<Map<string, Word>> {
  const rows = await tx.query<{ person_id: string; purpose: string; action: string; at: Date }>(
    `select distinct on (person_id, purpose) person_id, purpose, action, at from consent_entries where person_id = any($1::uuid[])
     order by person_id, purpose, entry_number desc`,
    [people],
  );
  return new Map(
    rows.map((row) => [`${row.person_id} ${row.purpose}`, { isGranted: row.action === 'grant', at: row.at }]),
  );
}

async function* inBatches(
  source: ReturnType<RowSource['read']>,
): AsyncGenerator<{ rows: Row[]; faults: readonly Fault[] }> {
  for await (const { rows, faults } of source) {
    if (rows.length === 0) yield { rows: [], faults };
    for (let from = 0; from < rows.length; from += batchRows)
      yield { rows: rows.slice(from, from + batchRows), faults: from === 0 ? faults : [] };
  }
}
