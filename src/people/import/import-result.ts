/** What came of an import, in the shape that `fairlead import --json` prints. Every row that was read is in exactly one of the other counts. */
export interface ImportResult {
  readonly read: number;
  readonly stored: number;
  /** Rows that name no person: they stay anonymous and are not stored. */
  readonly anonymous: number;
  /** Rows of people without a standing purpose, or who refused. */
  readonly withoutBasis: number;
  /** Rows that could not be read or were left out by a rule; each stands in the file of rejects with its line and reason. */
  readonly rejected: number;
  /** Rows that had been taken in before. */
  readonly duplicates: number;
}

/** How far an import has come. */
export interface ImportProgress {
  readonly bytesRead: number;
  readonly bytes: number;
  readonly rows: number;
}

/** Counts while an import runs. */
export type ImportCounts = { -readonly [Count in keyof ImportResult]: number };

export function noCounts(): ImportCounts {
  return { read: 0, stored: 0, anonymous: 0, withoutBasis: 0, rejected: 0, duplicates: 0 };
}
