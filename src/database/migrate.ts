/**
 * Brings a database to the schema of this version by the numbered files of `sql/`, each in one transaction, each once, however many
 * processes try at the same time. Called at every start by the command line, and by tests.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Database, Transaction } from './database.ts';
import { Refusal } from './refusal.ts';

export interface Migration {
  /** From the file's name, `000001-name.sql`. */
  number: number;
  name: string;
  /** An older version of Fairlead must not run on a database that has it: the file has a line `--! breaking`. */
  breaking: boolean;
  digest: string;
  text: string;
}

/** Applies what is missing and answers the names of what it applied; refuses a database that a newer version has changed past understanding. */
export async function migrate(
  database: Database,
  migrations: readonly Migration[] = migrationsIn(),
): Promise<string[]> {
  const applied: string[] = [];
  const present = await refuseAhead(database, migrations);
  for (const migration of migrations) {
    if (present.has(migration.number)) continue;
    const wasMissing = await database.transaction((tx) => apply(tx, migration), { statementTimeoutMs: 3_600_000 });
    if (wasMissing) applied.push(migration.name);
  }
  return applied;
}

/** The files of a folder in their order; throws when a name, a number or the first line is not as it must be. */
export function migrationsIn(folder: string = sqlFolder()): Migration[] {
  const files = readdirSync(folder)
    .filter((file) => file.endsWith('.sql') && file !== 'schema.sql')
    .toSorted();
  return files.map((file, index) => {
    const parts = /^(\d{6})-([a-z0-9]+(?:-[a-z0-9]+)*)\.sql$/.exec(file);
    if (Number(parts?.[1]) !== index + 1)
      throw new Error(`sql/${file} should be number ${index + 1}, like 000001-what-it-does.sql.`);
    const text = readFileSync(path.join(folder, file), 'utf8');
    if (!/^-- \S/.test(text)) throw new Error(`sql/${file} should open with a comment that says what it is for.`);
    return {
      number: index + 1,
      name: file.slice(0, -'.sql'.length),
      breaking: /^--! breaking$/m.test(text),
      digest: createHash('sha256').update(text).digest('hex'),
      text,
    };
  });
}

/** The folder beside `src`, or beside `dist` in the package. */
function sqlFolder(): string {
  const folder = fileURLToPath(new URL('../../sql', import.meta.url));
  if (!existsSync(folder)) throw new Error(`The migrations are missing: there is no ${folder}.`);
  return folder;
}

/** Any number will do, as long as it is always this one. */
const migrationLock = 4_400_001;

interface AppliedRow {
  migration_number: number;
  name: string;
  breaking: boolean;
  digest: string;
}

/** Answers the numbers of what has been applied already. */
async function refuseAhead(database: Database, migrations: readonly Migration[]): Promise<Set<number>> {
  const [table] = await database.query<{ made: boolean }>(`select to_regclass('migrations') is not null as made`);
  if (!table?.made) return new Set();
  const rows = await database.query<AppliedRow>(
    'select migration_number, name, breaking, digest from migrations order by 1',
  );
  for (const row of rows) {
    const known = migrations.find((migration) => migration.number === row.migration_number);
    if (known) refuseChanged(known, row.digest);
    else if (row.breaking) {
      throw new Refusal(
        'database.ahead',
        `A newer version of Fairlead has changed this database (migration ${row.name}) in a way that this version does not know.`,
        { remedy: 'Run that newer version, or restore a backup from before the upgrade.' },
      );
    }
  }
  return new Set(rows.map((row) => row.migration_number));
}

function refuseChanged(migration: Migration, digest: string): void {
  if (digest === migration.digest) return;
  throw new Refusal(
    'database.changed',
    `The migration ${migration.name} is not the one that was applied to this database.`,
    {
      remedy:
        'Write a further migration instead of changing one; while developing, start with an empty data directory.',
    },
  );
}

/** True when it was applied now. Runners take turns by the lock, and the row comes first, so that the second finds it. */
async function apply(tx: Transaction, migration: Migration): Promise<boolean> {
  // The turn of another runner may last as long as a migration may; a table, in contrast, is not worth blocking everybody for.
  const [before] = await tx.query<{ limit: string }>(`select current_setting('lock_timeout') as "limit"`);
  await tx.query(`select set_config('lock_timeout', $1, true)`, ['1h']);
  await tx.query('select pg_advisory_xact_lock($1)', [migrationLock]);
  await tx.query(`select set_config('lock_timeout', $1, true)`, [before?.limit]);
  await tx.script(`create table if not exists migrations (
    migration_number integer     primary key,
    name             text        not null,
    breaking         boolean     not null,
    digest           text        not null,
    applied_at       timestamptz not null
  )`);
  const inserted = await tx.query(
    `insert into migrations (migration_number, name, breaking, digest, applied_at) values ($1, $2, $3, $4, $5)
     on conflict (migration_number) do nothing returning migration_number`,
    [migration.number, migration.name, migration.breaking, migration.digest, tx.world.now()],
  );
  if (inserted.length > 0) {
    await tx.script(migration.text);
    return true;
  }
  const [row] = await tx.query<{ digest: string }>('select digest from migrations where migration_number = $1', [
    migration.number,
  ]);
  if (row) refuseChanged(migration, row.digest);
  return false;
}
