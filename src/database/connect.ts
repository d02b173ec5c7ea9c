/**
 * Opens the `Database` that every room speaks to, over a pool of `pg` connections. It promises that a call is answered or refused within
 * its deadline, that a server which goes away and comes back is met again without a restart, and that no error quotes a value.
 * Called by the command line and by tests; rooms receive the result.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import type { ClientConfig, PoolClient, QueryConfig, QueryResult } from 'pg';
import type { Database, Transaction, TransactionOptions } from './database.ts';
import { busy, failureOf, isStalePlan, mayRetry, outcomeUnknown } from './internal/failures.ts';
import { openListener } from './internal/listener.ts';
import { valueTypes } from './internal/value-types.ts';
import { Refusal } from './refusal.ts';
import type { World } from './world.ts';

export interface ConnectOptions {
  /** Connections at most; 10 by default. */
  max?: number;
  /** Calls that may wait for a connection; one more is refused at once with `database.busy`. 200 by default. */
  waitingMax?: number;
  /** How long a call waits for a connection before it is refused with `database.busy`. 3,000 by default. */
  waitMsMax?: number;
  /** How long one statement may run. 30,000 by default. */
  statementTimeoutMs?: number;
  /** How long one statement may wait for a lock. 10,000 by default. */
  lockTimeoutMs?: number;
  /** Shown in `pg_stat_activity`. */
  name?: string;
  /**
   * Plans each statement once a connection in the place of once a call. Right for statements about one person, where planning costs twice the running
   * (0.44 ms beside 0.21 ms for the read of a decision); wrong for batches, whose plan depends on how many rows they bring.
   */
  plansOnce?: boolean;
}

/** A `Database` with what its opener may ask of it: how loaded it is. */
export interface PooledDatabase extends Database {
  /** Connections that are open, those among them that nobody uses, and calls that wait for one. */
  load(): { open: number; idle: number; waiting: number };
}

/** Connects, and answers once one statement has come back; throws a `Refusal` that says why when it cannot. */
export async function connect(url: string, world: World, options: ConnectOptions = {}): Promise<PooledDatabase> {
  // Node's own error for such a text would quote it, password and all.
  if (!URL.canParse(url) || !/^postgres(ql)?:$/.test(new URL(url).protocol)) {
    throw new Refusal('database.url', 'DATABASE_URL is not the address of a PostgreSQL database.', {
      remedy:
        'Write it as postgresql://user:password@host:5432/database, with special characters of the password percent-encoded.',
    });
  }
  const limits = { ...defaults, ...options };
  const settings = clientSettings(url, limits);
  const pool = new Pool({ ...settings, max: limits.max, idleTimeoutMillis: 30_000 });
  // An idle connection that breaks is taken out of the pool by pg itself; without a listener the event would end the process.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const listener = openListener(settings);
  let closing: Promise<void> | undefined;

  const checkOut = async (): Promise<PoolClient> => {
    if (closing) throw new Refusal('database.closed', 'The connection to the database has been closed.');
    // The pool hands idle connections out a tick later, so that calls which will have one at once are counted as waiting.
    if (pool.waitingCount - pool.idleCount >= limits.waitingMax)
      throw busy(`${limits.waitingMax} calls are waiting already`);
    return driver(pool.connect());
  };

  /** A connection inside a new transaction. Nothing has been asked yet, so a connection found broken is simply replaced. */
  const beginOnLiving = async (wanted: TransactionOptions): Promise<PoolClient> => {
    for (let attempt = 0; ; attempt++) {
      const client = await checkOut();
      try {
        await plain(client, beginOf(wanted), limits.statementTimeoutMs);
        return client;
      } catch (error) {
        client.release(true);
        if (attempt >= limits.max || !isBroken(error)) throw error;
      }
    }
  };

  const database: PooledDatabase = {
    world,
    async query<Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
      for (let attempt = 1; ; attempt++) {
        const client = await checkOut();
        let fault: unknown;
        try {
          return await run<Row>(client, text, values, limits.statementTimeoutMs);
        } catch (error) {
          fault = error;
          if (attempt > 1 || !isStalePlan(error)) throw error;
        } finally {
          client.release(isBroken(fault));
        }
      }
    },
    async transaction<Result>(
      work: (tx: Transaction) => Promise<Result>,
      wanted: TransactionOptions = {},
    ): Promise<Result> {
      for (let attempt = 0; ; attempt++) {
        try {
          return await oneTransaction(await beginOnLiving(wanted), world, limits, work, wanted);
        } catch (error) {
          if (attempt >= transactionRetriesMax || !mayRetry(error)) throw error;
          await sleep(5 * 2 ** attempt);
        }
      }
    },
    async *stream<Row extends object>(text: string, values: readonly unknown[], wanted: { batch: number }) {
      if (!Number.isSafeInteger(wanted.batch) || wanted.batch < 1)
        throw new RangeError('A batch holds at least one row.');
      const client = await beginOnLiving({ readOnly: true });
      let fault: unknown;
      try {
        await driver(client.query(`declare parts no scroll cursor for ${text}`, [...values]));
        const next = `fetch forward ${wanted.batch} from parts`;
        for (;;) {
          const rows = (await driver(client.query<Row>(next))).rows;
          if (rows.length > 0) yield rows;
          if (rows.length < wanted.batch) break;
        }
      } catch (error) {
        fault = error;
        throw error;
      } finally {
        await endQuietly(client, fault, limits.statementTimeoutMs);
      }
    },
    listen: (channel, onNotice) => listener.listen(channel, onNotice),
    load: () => ({ open: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    close() {
      closing ??= closeAll(pool, listener);
      return closing;
    },
  };

  try {
    await database.query('select 1 as alive');
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** Refuses a server that may lose what it has acknowledged, or that is too old. `unsafeDev` lets all but the version pass. */
export async function refuseUnsafe(database: Database, options: { unsafeDev?: boolean } = {}): Promise<void> {
  const [server] = await database.query<SafetyRow>(
    `select current_setting('server_version_num')::integer as version, current_setting('fsync') as fsync,
            current_setting('full_page_writes') as full_page_writes, current_setting('synchronous_commit') as synchronous_commit,
            current_setting('data_checksums') as data_checksums, pg_is_in_recovery() as replica`,
  );
  if (!server) throw new Error('PostgreSQL did not answer a question about its settings.');
  if (server.version < postgresVersionMin * 10_000) {
    throw new Refusal(
      'database.too-old',
      `PostgreSQL ${Math.floor(server.version / 10_000)} is too old: Fairlead needs ${postgresVersionMin} or newer.`,
      { remedy: 'Upgrade the server, or unset DATABASE_URL to use the embedded one.' },
    );
  }
  if (server.replica) {
    throw new Refusal(
      'database.read-only',
      'This PostgreSQL server is a replica: consent must be read where it is written.',
      {
        remedy: 'Point DATABASE_URL at the primary.',
      },
    );
  }
  const off = (['fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums'] as const).filter(
    (setting) => server[setting] === 'off',
  );
  if (off.length > 0 && options.unsafeDev !== true) {
    throw new Refusal(
      'database.unsafe',
      `PostgreSQL could lose or damage what it has acknowledged: ${off.join(', ')} off.`,
      {
        remedy: 'Turn it on (checksums: pg_checksums --enable), or pass --unsafe-dev where nothing needs to last.',
      },
    );
  }
}

interface SafetyRow {
  version: number;
  fsync: string;
  full_page_writes: string;
  synchronous_commit: string;
  data_checksums: string;
  replica: boolean;
}

const postgresVersionMin = 15;
const transactionRetriesMax = 5;
const closeMsMax = 15_000;

type Limits = Required<ConnectOptions>;

const defaults: Limits = {
  max: 10,
  waitingMax: 200,
  waitMsMax: 3_000,
  statementTimeoutMs: 30_000,
  lockTimeoutMs: 10_000,
  name: 'fairlead',
  plansOnce: false,
};

function clientSettings(url: string, limits: Limits): ClientConfig {
  return {
    connectionString: url,
    application_name: limits.name,
    types: valueTypes,
    keepAlive: true,
    // Statements that a transaction sends side by side travel together instead of one by one.
    pipeline: true,
    connectionTimeoutMillis: limits.waitMsMax,
    statement_timeout: limits.statementTimeoutMs,
    lock_timeout: limits.lockTimeoutMs,
    idle_in_transaction_session_timeout: 300_000,
    // Dates have one spelling on the wire whatever the server's configuration says.
    options: `-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c client_min_messages=warning${limits.plansOnce ? ' -c plan_cache_mode=force_generic_plan' : ''}`,
  };
}

/** A `pg` promise with its error put in words that may be shown. */
async function driver<Result>(call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw failureOf(error);
  }
}

/** The server ends a statement at its limit; should the server itself hang, the client gives up two seconds later. */
async function run<Row extends object>(
  client: PoolClient,
  text: string,
  values: readonly unknown[],
  timeoutMs: number,
) {
  const statement = { name: statementNameOf(text), text, values: [...values], query_timeout: timeoutMs + 2_000 };
  return (await driver(client.query<Row>(statement))).rows;
}

/** One or several statements without values, by the simple protocol; answers the tag of the last. */
async function plain(client: PoolClient, text: string, timeoutMs: number): Promise<string> {
  const statement: QueryConfig & { query_timeout: number } = { text, query_timeout: timeoutMs + 2_000 };
  const result: QueryResult | QueryResult[] = await driver(client.query(statement));
  return (Array.isArray(result) ? result.at(-1)?.command : result.command) ?? '';
}

async function oneTransaction<Result>(
  client: PoolClient,
  world: World,
  limits: Limits,
  work: (tx: Transaction) => Promise<Result>,
  wanted: TransactionOptions,
): Promise<Result> {
  const timeoutMs = wanted.statementTimeoutMs ?? limits.statementTimeoutMs;
  const afterwards: (() => void)[] = [];
  let open = true;
  const mustBeOpen = () => {
    if (!open)
      throw new Error('A statement was sent to a transaction that has ended; await every statement inside it.');
  };
  const tx: Transaction = {
    world,
    query: async (text, values = []) => {
      mustBeOpen();
      return run(client, text, values, timeoutMs);
    },
    script: async (text) => {
      mustBeOpen();
      await plain(client, text, timeoutMs);
    },
    afterCommit: (then) => {
      mustBeOpen();
      afterwards.push(then);
    },
  };
  let result: Result;
  try {
    if (wanted.statementTimeoutMs !== undefined) {
      await run(client, `select set_config('statement_timeout', $1, true)`, [String(timeoutMs)], timeoutMs);
    }
    result = await work(tx);
  } catch (error) {
    open = false;
    await endQuietly(client, error, timeoutMs);
    throw error;
  }
  open = false;
  await commit(client, timeoutMs);
  for (const then of afterwards) {
    try {
      then();
    } catch (error) {
      // The transaction stands, so its caller must not be told otherwise; the fault is shown as a warning of the process.
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
  return result;
}

async function commit(client: PoolClient, timeoutMs: number): Promise<void> {
  let tag: string;
  try {
    tag = await plain(client, 'commit', timeoutMs);
  } catch (error) {
    client.release(true);
    if (error instanceof Refusal && (error.code === 'database.lost' || error.code === 'database.silent'))
      throw outcomeUnknown();
    throw error;
  }
  client.release();
  // PostgreSQL answers a commit of a failed transaction with success and the tag ROLLBACK.
  if (tag !== 'COMMIT') {
    throw new Error('A statement in the transaction had failed and its error was swallowed, so that nothing was kept.');
  }
}

/** Rolls back after a fault; a connection that cannot even do that is thrown away. */
async function endQuietly(client: PoolClient, fault: unknown, timeoutMs: number): Promise<void> {
  if (isBroken(fault)) {
    client.release(true);
    return;
  }
  try {
    await plain(client, 'rollback', timeoutMs);
    client.release();
  } catch {
    // The first fault is the one to report; what broke now ends with the connection.
    client.release(true);
  }
}

/** Whether a connection must not be used again after this error: it broke, may still be busy, or holds a stale plan. */
function isBroken(fault: unknown): boolean {
  if (fault instanceof Refusal)
    return ['database.lost', 'database.silent', 'database.unreachable'].includes(fault.code);
  return isStalePlan(fault);
}

function beginOf({ isolation = 'read committed', readOnly = false }: TransactionOptions): string {
  return readOnly ? beginReadOnly[isolation] : begin[isolation];
}

const begin = {
  'read committed': 'begin isolation level read committed',
  'repeatable read': 'begin isolation level repeatable read',
  serializable: 'begin isolation level serializable',
};

const beginReadOnly = {
  'read committed': 'begin isolation level read committed read only',
  'repeatable read': 'begin isolation level repeatable read read only',
  serializable: 'begin isolation level serializable read only',
};

const statementNames = new Map<string, string>();

/** A name that is the same for the same text, so that each connection prepares it once: 96 bits of its hash. Texts are literal, hence few. */
function statementNameOf(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash('sha256').update(text).digest('base64url').slice(0, 16);
    statementNames.set(text, name);
  }
  return name;
}

async function closeAll(pool: Pool, listener: { close(): Promise<void> }): Promise<void> {
  await listener.close();
  const inTime = await Promise.race([
    pool.end().then(() => true),
    // Unreferenced, so that a closed database does not keep the process alive.
    sleep(closeMsMax, false, { ref: false }),
  ]);
  if (!inTime) {
    throw new Refusal(
      'database.leaked',
      `A statement or transaction was still under way ${closeMsMax / 1000} s after closing began.`,
    );
  }
}
