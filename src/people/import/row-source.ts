/**
 * What a file of rows is, whatever its format: its columns, its digest, and its rows in batches with the line each stands on. A broken row costs that
 * row alone and is named. Made by `openRowSource`, read by the imports.
 */
import { Refusal } from '../../database/refusal.ts';

/** `csv` is any text with separated columns and a header line; `json` is one object a line; `feed` is a product feed in XML. */
export type RowFormat = 'csv' | 'json' | 'parquet' | 'feed';

export interface RowSourceOptions {
  /** Found out from name and content when absent. */
  readonly format?: RowFormat;
  /** Between the columns of a CSV; found out from the header line when absent. */
  readonly separator?: string;
  /** Whether the first line of a CSV names the columns; `true` when absent. Otherwise a column is called by its number, from 1. */
  readonly hasHeader?: boolean;
  /** Of text, as the WHATWG names it (`windows-1252`); `utf-8` when absent, or what a byte order mark says. */
  readonly encoding?: string;
}

/** One row: the values of the wanted columns in their order; `undefined` where the row has no such column. */
export interface Row {
  readonly line: number;
  readonly values: readonly unknown[];
  /** The row as it stands in the file, where it was asked for. */
  readonly text?: string;
}

/** A row that could not be read. The reason quotes nothing of it. */
export interface Fault {
  readonly line: number;
  readonly reason: string;
  readonly text?: string;
}

export interface RowBatch {
  readonly rows: readonly Row[];
  readonly faults: readonly Fault[];
}

export interface RowSource {
  readonly format: RowFormat;
  /** Size of the file, and how much of it has been read: what progress is measured by. */
  readonly bytes: number;
  readonly bytesRead: () => number;
  /** The names of the columns; of line-delimited JSON and feeds those of the first rows. */
  readonly columns: readonly string[];
  /** SHA-256 (hex) of the uncompressed content; reads the file once. */
  digest(): Promise<string>;
  /** All rows from the start. A wanted column that a CSV or Parquet file lacks is refused with `import.column`. */
  read(wanted: readonly string[], options?: { withText?: boolean }): AsyncIterable<RowBatch>;
}

/** The positions of wanted names among the columns that a file has. */
export function positionsOf(wanted: readonly string[], columns: readonly string[]): number[] {
  return wanted.map((name) => {
    const at = columns.indexOf(name);
    if (at === -1) {
      throw new Refusal('import.column', `The file has no column "${name}".`, {
        remedy: `Its columns are: ${columns.join(', ')}.`,
      });
    }
    return at;
  });
}
