/**
 * Reads a table of people who did something or did not, for `fairlead evaluate --predict`. Every column but the dropped ones is a feature; those that
 * cannot help (empty, the same for everybody, different for everybody) are left out and named.
 */
import { Refusal } from '../../database/refusal.ts';
import type { LabelledPerson } from '../../learning/propensity-evaluation.ts';
import type { RowSource } from '../../people/import/row-source.ts';

export interface Labelled {
  readonly people: LabelledPerson[];
  readonly features: readonly string[];
  /** Column → why it is no feature. */
  readonly leftOut: Readonly<Record<string, string>>;
  readonly rows: { readonly read: number; readonly refused: number; readonly withoutOutcome: number };
}

export interface LabelledOptions {
  readonly predict: string;
  readonly positive: string;
  readonly drop: readonly string[];
  readonly onProgress: (done: number, total: number) => void;
}

/** A column with more codes says who somebody is rather than what they are like. */
const codesMax = 100;
const peopleMin = 50;

/** Reads. Refuses with `import.column` a column that is not there, and with `evaluate.too-few` where there is nothing to learn. */
export async function readLabelled(source: RowSource, options: LabelledOptions): Promise<Labelled> {
  const { predict, positive, drop } = options;
  const columns = source.columns.filter((name) => name !== predict && !drop.includes(name));
  const table: { happened: boolean; values: (string | number | null)[] }[] = [];
  let [read, refused, withoutOutcome] = [0, 0, 0];
  // The dropped ones are asked for too, so that a misspelt name is noticed.
  for await (const { rows, faults } of source.read([predict, ...columns, ...drop])) {
    read += rows.length + faults.length;
    refused += faults.length;
    for (const { values } of rows) {
      const outcome = textIn(values[0]);
      if (outcome === undefined) withoutOutcome += 1;
      else table.push({ happened: outcome === positive, values: columns.map((_, at) => featureIn(values[at + 1])) });
    }
    options.onProgress(source.bytesRead(), source.bytes);
  }
  requireOutcomes(table, options);
  const leftOut = new Map<string, string>();
  columns.forEach((name, at) => {
    const why = faultOfFeature(table.map(({ values }) => values[at] ?? null));
    if (why !== undefined) leftOut.set(name, why);
  });
  for (const name of drop) leftOut.set(name, 'dropped');
  const features = columns.filter((name) => !leftOut.has(name));
  if (features.length === 0)
    throw tooFew('No column is left to predict from', 'Bring columns that differ among people.');
  const people = table.map(({ happened, values }) => ({
    happened,
    values: Object.fromEntries(
      columns.flatMap((name, at): [string, string | number | null][] =>
        leftOut.has(name) ? [] : [[name, values[at] ?? null]],
      ),
    ),
  }));
  return { people, features, leftOut: Object.fromEntries(leftOut), rows: { read, refused, withoutOutcome } };
}

function requireOutcomes(table: readonly { happened: boolean }[], { predict, positive }: LabelledOptions): void {
  if (table.length < peopleMin)
    throw tooFew(`Only ${table.length} rows say whether it happened`, `Bring at least ${peopleMin}.`);
  const happened = table.filter((row) => row.happened).length;
  if (happened === 0)
    throw tooFew(
      `No row has the value of --positive in ${predict}`,
      `Say which value means that it happened; "${positive}" does not occur.`,
    );
  if (happened === table.length)
    throw tooFew(`Every row has the value of --positive in ${predict}`, 'Bring people who did not, too.');
  if (happened < 10 || table.length - happened < 10)
    throw tooFew('Fewer than ten rows differ from the rest in their outcome', 'Bring more people.');
}

function faultOfFeature(values: readonly (string | number | null)[]): string | undefined {
  const known = new Set(values.filter((value) => value !== null));
  if (known.size === 0) return 'empty';
  if (known.size === 1 && !values.includes(null)) return 'the same for everybody';
  const codes = [...known].filter((value) => typeof value === 'string');
  return codes.length > codesMax ? `more than ${codesMax} different texts, so it tells who somebody is` : undefined;
}

function textIn(value: unknown): string | undefined {
  const isPlain =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
  const text = isPlain ? String(value).trim() : '';
  return text === '' ? undefined : text;
}

/** A number where it is one, else the text; null for nothing, NaN and infinities, which have a bin of their own. */
function featureIn(value: unknown): string | number | null {
  const text = textIn(value);
  if (text === undefined) return null;
  const number = Number(text);
  if (Number.isFinite(number)) return number;
  return /^[+-]?(nan|inf(inity)?)$/i.test(text) ? null : text;
}

function tooFew(message: string, remedy: string): Refusal {
  return new Refusal('evaluate.too-few', `${message}.`, { remedy });
}
