/**
 * What every room uses to speak to PostgreSQL: statements, transactions, streams and notices. It promises that a statement is always
 * parameterised, that a transaction either commits whole or leaves nothing, and that every wait has an end.
 */
import type { World } from './world.ts';

/**
 * Anything that can run one statement: the pool or a transaction. Statements with the same text are prepared once a connection.
 * Rows hold `timestamptz` as Date, `bigint` as a number (a value beyond 2^53 - 1 is an error), `bytea` as Buffer, `json` parsed, arrays as
 * arrays; `date`, `timestamp` and `numeric` stay text. As values go Date, Uint8Array, arrays (to PostgreSQL arrays) and plain objects (to JSON;
 * give an array that is meant as JSON through JSON.stringify).
 */
export interface Sql {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** Runs inside one transaction; made by `Database.transaction` alone. */
export interface Transaction extends Sql {
  readonly world: World;
  /** Several statements without values, for migrations. */
  script(text: string): Promise<void>;
  /** Runs after the transaction has committed, never when it has not. */
  afterCommit(work: () => void): void;
}

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable';
  readOnly?: boolean;
  /** How long each statement of this one may run, where that differs from the connection's limit. */
  statementTimeoutMs?: number;
}

export interface Database extends Sql {
  readonly world: World;
  /** Commits when `work` resolves, rolls back when it throws. Serialisation failures and deadlocks are retried (at most 5 times). */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>, options?: TransactionOptions): Promise<Result>;
  /** Rows in batches through a server-side cursor: constant memory. */
  stream<Row extends object>(
    text: string,
    values: readonly unknown[],
    options: { batch: number },
  ): AsyncIterable<Row[]>;
  /**
   * Calls back on each `notify` of the channel. Survives a reconnect, after which it calls back once with the empty payload, since notices
   * may have been missed: a listener then looks for itself. Returns how to stop.
   */
  listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}
