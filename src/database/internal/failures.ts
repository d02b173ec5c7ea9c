/**
 * Turns what `pg` and the network throw into errors that may be shown: a `Refusal` for a state of the server that its operator can act
 * on, a `SqlFailure` for a fault of the statement. Values never pass, since PostgreSQL quotes them in messages and details.
 */
import { Refusal } from '../refusal.ts';
import { SqlFailure } from '../sql-failure.ts';

/** The error to throw in the place of what the driver threw; anything that did not come from the driver is returned as it is. */
export function failureOf(error: unknown): unknown {
  if (error instanceof Refusal || error instanceof SqlFailure || !(error instanceof Error)) return error;
  const code = textOf(error, 'code');
  const known = code === undefined ? undefined : stateOfServer(code);
  if (known) return known;
  if (/connection timeout/.test(error.message)) return unreachable();
  if (lostMessages.test(error.message) || (code !== undefined && lostCodes.has(code))) return lost();
  if (silentMessages.test(error.message)) return silent();
  if (waitMessages.test(error.message)) return busy('no connection became free in time');
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code)) return sqlFailureOf(error, code);
  return error;
}

/** The refusal of a call that would have had to wait longer than it is worth. */
export function busy(why: string): Refusal {
  return new Refusal('database.busy', `The database is busy: ${why}.`, { remedy: 'Try again in a moment.' });
}

/** The connection broke while a commit was under way, so that it is not known whether it counts. */
export function outcomeUnknown(): Refusal {
  return new Refusal(
    'database.unknown-outcome',
    'The connection to PostgreSQL broke during a commit, which may or may not count.',
    {
      remedy: 'Repeat the request with the same message id; what was kept already is not kept twice.',
    },
  );
}

/** Serialisation failure and deadlock (class 40), and a prepared plan that a migration has made stale: a fresh attempt can succeed. */
export function mayRetry(error: unknown): boolean {
  return error instanceof SqlFailure && (error.code === '40001' || error.code === '40P01' || isStalePlan(error));
}

/** A statement was prepared before its table changed; the connection that holds it is of no more use. */
export function isStalePlan(error: unknown): boolean {
  return error instanceof SqlFailure && error.code === '0A000' && error.message.includes('cached plan');
}

const lostMessages = /Connection terminated|Client has encountered a connection error|Client was closed|socket hang up/;
const lostCodes = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_STREAM_DESTROYED']);
const silentMessages = /Query read timeout/;
const waitMessages = /timeout exceeded when trying to connect|timeout expired/;

function lost(): Refusal {
  return new Refusal('database.lost', 'The connection to PostgreSQL broke.', {
    remedy: 'Try again; if it lasts, look at the log of the database server.',
  });
}

function unreachable(): Refusal {
  return new Refusal('database.unreachable', 'PostgreSQL does not answer at the configured address.', {
    remedy: 'Start the server, or correct DATABASE_URL.',
  });
}

/** The server neither answered nor ended the statement at its limit: it hangs, or the network between does. */
function silent(): Refusal {
  return new Refusal('database.silent', 'PostgreSQL has not answered in time, not even to say that it gave up.', {
    remedy: 'Look whether the database server hangs.',
  });
}

function slow(): Refusal {
  return new Refusal('database.slow', 'PostgreSQL did not finish a statement within its time limit.', {
    remedy: 'Try again; if it lasts, look at what else the database is doing.',
  });
}

/** What a SQLSTATE or a system error says about the server itself (PostgreSQL documentation, appendix A). */
function stateOfServer(code: string): Refusal | undefined {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
    case 'EACCES':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return unreachable();
    case '28P01':
    case '28000':
      return new Refusal('database.password', 'PostgreSQL refused the user name or the password.', {
        remedy: 'Correct the user and password in DATABASE_URL.',
      });
    case '3D000':
      return new Refusal('database.absent', 'The PostgreSQL server has no database of the configured name.', {
        remedy: 'Create it with `createdb`, or correct the name in DATABASE_URL.',
      });
    case '42501':
      return new Refusal('database.forbidden', 'The database user lacks a permission that Fairlead needs.', {
        remedy: 'Let the user of DATABASE_URL own the database it connects to.',
      });
    case '53100':
      return new Refusal('database.full', 'The disk of the database is full, so nothing was stored.', {
        remedy: 'Free some space; Fairlead goes on by itself.',
      });
    case '53200':
      return new Refusal('database.memory', 'PostgreSQL has run out of memory.', {
        remedy: 'Free memory on the database machine, or lower work_mem.',
      });
    case '53300':
      return busy('all its connections are taken');
    case '55P03':
      return busy('another transaction holds the rows for too long');
    case '25006':
      return new Refusal(
        'database.read-only',
        'This PostgreSQL server accepts no changes: it is a replica or read-only.',
        {
          remedy: 'Point DATABASE_URL at the primary.',
        },
      );
    case '57014':
      return slow();
    case '25P03':
    case '25P04':
    case '57P01':
    case '57P02':
    case '57P05':
      return lost();
    case '57P03':
      return busy('it is starting or stopping');
    default:
      return code.startsWith('08') ? lost() : undefined;
  }
}

/** Classes 42 (syntax, names), 0A (unsupported) and XX (internal) quote names alone; all others may quote a value. */
function sqlFailureOf(error: Error, code: string): SqlFailure {
  const table = textOf(error, 'table');
  const column = textOf(error, 'column');
  const constraint = textOf(error, 'constraint');
  const names = [table && `table ${table}`, column && `column ${column}`, constraint && `constraint ${constraint}`]
    .filter(Boolean)
    .join(', ');
  const said = /^(42|0A|XX|26|25)/.test(code) && code !== '42804' ? `: ${error.message}` : '';
  return new SqlFailure(code, `PostgreSQL refused a statement (SQLSTATE ${code}${names && `; ${names}`})${said}`, {
    ...(table === undefined ? {} : { table }),
    ...(column === undefined ? {} : { column }),
    ...(constraint === undefined ? {} : { constraint }),
  });
}

function textOf(error: Error, field: string): string | undefined {
  const value: unknown = Reflect.get(error, field);
  return typeof value === 'string' ? value : undefined;
}
