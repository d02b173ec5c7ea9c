/**
 * What a recipient has to take out of what it was given: people who have withdrawn or been erased since, by the pseudonym under which that recipient knows
 * them. A withdrawal stands here in the transaction that makes it. The recipient fetches; that it has not for a week is something that `doctor` says.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Installation } from '../consent/installation.ts';
import type { Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { subtractDuration } from '../policy/durations.ts';
import { retentionOf } from '../policy/policy.ts';
import { pseudonymsFor } from '../privacy/pseudonyms.ts';

/** One pseudonym to remove. */
export interface Removal {
  readonly removal: string;
  readonly reference: string;
  readonly at: string;
}

type Keyed = Pick<Installation, 'keys'>;

/** The pseudonyms by which one recipient knows people. */
export function referencesFor({ keys }: Keyed, recipient: string): (personId: string) => string {
  return pseudonymsFor(recipient, keys.derived('pseudonym'));
}

/** The secret end of a recipient's address for removals: it gives access to that recipient's pseudonyms alone. */
export function removalsToken({ keys }: Keyed, recipient: string): string {
  const name = Buffer.from(recipient, 'utf8');
  return `${name.toString('base64url')}.${createHmac('sha256', keys.derived('link')).update('removals').update(name).digest('base64url')}`;
}

/** Whose token it is. Refuses with `removals.unknown`. */
export function recipientOfToken(installation: Keyed, token: string): string {
  const recipient = Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8');
  const [given, right] = [Buffer.from(token), Buffer.from(removalsToken(installation, recipient))];
  if (recipient !== '' && given.length === right.length && timingSafeEqual(given, right)) return recipient;
  throw new Refusal('removals.unknown', 'There are no removals under this address.', {
    remedy: 'Use the address that was given with the batch, unchanged.',
  });
}

interface RemovalRow {
  readonly recipient: string;
  readonly removal_id: string;
  readonly batch_id: string;
  readonly reference: string;
  readonly removed_at: Date;
}

export function removalTag({ keys }: Keyed, row: RemovalRow): Buffer {
  return rowTag(keys.derived('row-tag'), 'removals', [
    row.recipient,
    row.removal_id,
    row.batch_id,
    row.reference,
    row.removed_at,
  ]);
}

export interface RemovalReaderRow {
  readonly recipient: string;
  readonly read_up_to: string | null;
  readonly read_at: Date;
}

export function removalReaderTag({ keys }: Keyed, row: RemovalReaderRow): Buffer {
  return rowTag(keys.derived('row-tag'), 'removal_readers', [row.recipient, row.read_up_to, row.read_at]);
}

/** Writes removals for what has left; rows without a recipient need none. */
export async function writeRemovals(
  installation: Keyed,
  sql: Sql & { readonly world: Installation['database']['world'] },
  left: readonly { readonly batch_id: string; readonly recipient: string | null; readonly reference: string | null }[],
): Promise<void> {
  const removedAt = sql.world.now();
  const rows = left.flatMap(({ batch_id, recipient, reference }) =>
    recipient === null || reference === null
      ? []
      : [{ recipient, removal_id: sql.world.uuid(), batch_id, reference, removed_at: removedAt }],
  );
  if (rows.length === 0) return;
  await sql.query(
    `insert into removals (recipient, removal_id, batch_id, reference, removed_at, tag)
     select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bytea[])`,
    [
      rows.map((row) => row.recipient),
      rows.map((row) => row.removal_id),
      rows.map((row) => row.batch_id),
      rows.map((row) => row.reference),
      rows.map((row) => row.removed_at),
      rows.map((row) => removalTag(installation, row)),
    ],
  );
}

/** How long after its writing a removal is shown again: clocks and transactions that ran beside each other could otherwise hide one behind another. */
const overlap = '1 minute';

/**
 * The removals of a recipient after one that it has seen, oldest first, and remembers that it came. Ids follow the order of making within a millisecond's
 * reach, so the last minute is always told again: the same removal may come twice, and none is left out.
 */
export async function fetchRemovals(
  installation: Pick<Installation, 'keys' | 'database'>,
  recipient: string,
  options: { readonly after?: string | undefined; readonly limit: number },
): Promise<{ readonly removals: Removal[]; readonly more: boolean }> {
  const { database } = installation;
  const now = database.world.now();
  const rows = await database.query<RemovalRow>(
    `select recipient, removal_id, batch_id, reference, removed_at from removals
     where recipient = $1 and ($2::uuid is null or removal_id > $2 or removed_at > $3) order by removal_id limit $4`,
    [recipient, options.after ?? null, subtractDuration(now, overlap), options.limit + 1],
  );
  const shown = rows.slice(0, options.limit);
  const reader = { recipient, read_up_to: shown.at(-1)?.removal_id ?? options.after ?? null, read_at: now };
  await database.query(
    `insert into removal_readers (recipient, read_up_to, read_at, tag) values ($1, $2, $3, $4)
     on conflict (recipient) do update set read_up_to = excluded.read_up_to, read_at = excluded.read_at, tag = excluded.tag`,
    [reader.recipient, reader.read_up_to, reader.read_at, removalReaderTag(installation, reader)],
  );
  return {
    removals: shown.map((row) => ({
      removal: row.removal_id,
      reference: row.reference,
      at: row.removed_at.toISOString(),
    })),
    more: rows.length > options.limit,
  };
}

/** Recipients with removals that have waited for longer than a week. */
export async function tardyRecipients({ database }: Pick<Installation, 'database'>): Promise<string[]> {
  const rows = await database.query<{ recipient: string }>(
    `select distinct r.recipient from removals r left join removal_readers known on known.recipient = r.recipient
     where r.removed_at < $1 and (known.read_at is null or known.read_at < r.removed_at) order by r.recipient`,
    [subtractDuration(database.world.now(), '7 days')],
  );
  return rows.map((row) => row.recipient);
}

/** References of a batch that were removed since it was begun: a file that is not finished leaves them out. */
export async function removedOf(sql: Sql, batchId: string): Promise<Set<string>> {
  const rows = await sql.query<{ reference: string }>('select reference from removals where batch_id = $1', [batchId]);
  return new Set(rows.map((row) => row.reference));
}

/** Takes out removals that are as old as receipts may be. */
export async function expireRemovals({ database, policy }: Pick<Installation, 'database' | 'policy'>): Promise<number> {
  const before = subtractDuration(database.world.now(), retentionOf(policy, 'receipts'));
  const rows = await database.query('delete from removals where removed_at <= $1 returning removal_id', [before]);
  return rows.length;
}
