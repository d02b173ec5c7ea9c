/**
 * Reads a file of who had what and when into histories for `fairlead evaluate`. It promises that every row is either in a history, a repetition of one
 * that is, or counted under the reason why it is not; nothing of the file is kept, and no message quotes it.
 */
import { Refusal } from '../../database/refusal.ts';
import type { HistoryEntry } from '../../learning/contributions.ts';
import { withAtLeast } from '../../learning/evaluation.ts';
import { type TimeReader, faultOfId, idIn, timeReader } from '../../people/import/cells.ts';
import type { RowSource } from '../../people/import/row-source.ts';

export interface InteractionColumns {
  readonly person: string;
  readonly item: string;
  /** Without times, the order of the file is the order of what happened. */
  readonly time: string | undefined;
  /** ISO 8601 or a number of (milli)seconds since 1970 when absent. */
  readonly timeFormat: string | undefined;
  readonly rating: string | undefined;
}

export interface InteractionOptions {
  /** Rows with a lower rating count as nothing; without it, those of 0 or less do (returns, dislikes). */
  readonly ratingMin: number | undefined;
  /** People and items with fewer of each other are left out, until none is. */
  readonly least: number;
  readonly now: number;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Interactions {
  readonly histories: HistoryEntry[][];
  readonly hasTimes: boolean;
  readonly rows: RowCounts;
}

/** What became of the rows. */
export interface RowCounts {
  readonly read: number;
  readonly used: number;
  /** The same person and item again; the latest time counts. */
  readonly repeated: number;
  /** With a rating below what was asked for. */
  readonly belowRating: number;
  /** Reason → how many rows could not be used. */
  readonly refused: Readonly<Record<string, number>>;
  /** Rows of the future, taken as of now. */
  readonly future: number;
}

/** So many different pairs of person and item take about 4 GB here and in the sums. */
const pairsMax = 30_000_000;

/** Reads the file. Refuses with `evaluate.too-few` what leaves nobody, `evaluate.too-much` what does not fit, and `import.time` an unknown time format. */
export async function readInteractions(
  source: RowSource,
  columns: InteractionColumns,
  options: InteractionOptions,
): Promise<Interactions> {
  const read = new Reading(columns, options);
  const wanted = [columns.person, columns.item, columns.time ?? columns.person, columns.rating ?? columns.person];
  for await (const { rows, faults } of source.read(wanted)) {
    for (const { values } of rows) read.take(values);
    read.read += faults.length;
    if (faults.length > 0) read.refuse('could not be read as a row', faults.length);
    options.onProgress(source.bytesRead(), source.bytes);
    if (read.pairs > pairsMax) throw tooMuch();
  }
  return read.done();
}

class Reading {
  read = 0;
  pairs = 0;
  readonly #people = new Map<string, Map<number, number>>();
  readonly #items = new Map<string, number>();
  readonly #refused = new Map<string, number>();
  readonly #columns: InteractionColumns;
  readonly #options: InteractionOptions;
  readonly #times: readonly TimeReader[];
  #belowRating = 0;
  #repeated = 0;
  #future = 0;

  constructor(columns: InteractionColumns, options: InteractionOptions) {
    this.#columns = columns;
    this.#options = options;
    this.#times = timeReaders(columns.timeFormat);
  }

  refuse(reason: string, count = 1): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + count);
  }

  take([person, item, time, rating]: readonly unknown[]): void {
    this.read += 1;
    const [personId, itemId] = [idIn(person), idIn(item)];
    if (personId === undefined) return this.refuse('names no person');
    if (itemId === undefined) return this.refuse('names no item');
    const fault = faultOfId(personId) ?? faultOfId(itemId);
    if (fault !== undefined) return this.refuse(`has an id that ${fault}`);
    if (this.#columns.rating !== undefined) {
      const value = numberIn(rating);
      if (value === undefined) return this.refuse('has a rating that is no number');
      const { ratingMin } = this.#options;
      if (ratingMin === undefined ? value <= 0 : value < ratingMin) {
        this.#belowRating += 1;
        return;
      }
    }
    const at = this.#columns.time === undefined ? this.read : this.#timeIn(time);
    if (at === undefined) return this.refuse('has a time that cannot be read');
    this.#keep(personId, itemId, at);
  }

  #timeIn(value: unknown): number | undefined {
    for (const reader of this.#times) {
      const at = reader(value)?.getTime();
      if (at === undefined) continue;
      if (at <= this.#options.now) return at;
      this.#future += 1;
      return this.#options.now;
    }
    return undefined;
  }

  #keep(personId: string, itemId: string, at: number): void {
    const number = this.#items.get(itemId) ?? this.#items.size;
    this.#items.set(itemId, number);
    const history = this.#people.get(personId) ?? new Map<number, number>();
    this.#people.set(personId, history);
    const before = history.get(number);
    if (before === undefined) this.pairs += 1;
    else this.#repeated += 1;
    history.set(number, Math.max(at, before ?? -Infinity));
  }

  done(): Interactions {
    if (this.read === 0) throw tooFew('The file has no rows', 'Name a file with rows.');
    const rows = {
      read: this.read,
      used: this.pairs,
      repeated: this.#repeated,
      belowRating: this.#belowRating,
      refused: Object.fromEntries(this.#refused),
      future: this.#future,
    };
    if (this.pairs === 0) throw tooFew(`None of the ${this.read} rows can be used: ${reasonsOf(rows)}`, sayWhich);
    if (this.#people.size === 1) throw tooFew('Every row is of the same person', sayWhich);
    if (this.#items.size === 1) throw tooFew('Every row is about the same item', sayWhich);
    const all = [...this.#people.values()].map((history) => Array.from(history, ([item, at]) => ({ item, at })));
    const { least } = this.#options;
    const histories =
      least <= 1 ? all : withAtLeast(all, { itemsPerPerson: least, peoplePerItem: least }).filter(isSomebody);
    const times = new Set<number>();
    for (const history of histories)
      for (const { at } of history) {
        times.add(at);
        if (times.size > 1) break;
      }
    return { histories, hasTimes: this.#columns.time !== undefined && times.size > 1, rows };
  }
}

function isSomebody(history: readonly HistoryEntry[]): boolean {
  return history.length > 0;
}

/** The reasons why rows could not be used, most frequent first, in one line. */
export function reasonsOf({ refused, belowRating }: Pick<RowCounts, 'refused' | 'belowRating'>): string {
  const reasons = Object.entries(refused)
    .toSorted(([, left], [, right]) => right - left)
    .map(([reason, count]) => `${count} × ${reason}`);
  return [...reasons, ...(belowRating > 0 ? [`${belowRating} × has too low a rating`] : [])].join(', ');
}

/** Seconds until the year 5138, milliseconds from 1973 on: both cover what shops have. */
const secondsMax = 1e11;

function timeReaders(format: string | undefined): TimeReader[] {
  if (format === undefined) {
    const [iso, milliseconds] = [timeReader('iso'), timeReader('milliseconds')];
    const numeric: TimeReader = (value) => {
      const at = milliseconds?.(value);
      return at !== undefined && Math.abs(at.getTime()) < secondsMax ? new Date(at.getTime() * 1000) : at;
    };
    return iso === undefined ? [numeric] : [iso, numeric];
  }
  const reader = timeReader(format);
  if (reader !== undefined) return [reader];
  throw new Refusal('import.time', `"${format}" is no time format.`, {
    remedy: 'Say iso, seconds, milliseconds, or a pattern such as "DD/MM/YYYY HH:mm".',
  });
}

function numberIn(value: unknown): number | undefined {
  const number =
    typeof value === 'number'
      ? value
      : typeof value === 'bigint' || (typeof value === 'string' && value.trim() !== '')
        ? Number(value)
        : Number.NaN;
  return Number.isFinite(number) ? number : undefined;
}

const sayWhich = 'Say which column is which: --person, --item, --time, --time-format, --rating, --min-rating.';

function tooFew(message: string, remedy: string): Refusal {
  return new Refusal('evaluate.too-few', `${message}.`, { remedy });
}

function tooMuch(): Refusal {
  return new Refusal('evaluate.too-much', `The file has more than ${pairsMax} different pairs of person and item.`, {
    remedy: 'Evaluate a sample of the people: all rows of every tenth, for example.',
  });
}
