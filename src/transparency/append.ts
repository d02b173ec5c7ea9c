/**
 * The door by which a record enters the log: its commitment goes into the outbox inside the transaction that writes the record, so either
 * both are there or neither. The sequencer takes it from the outbox into the tree. Every room that records something calls this.
 */
import { Refusal } from '../database/refusal.ts';
import type { Transaction } from '../database/database.ts';
import { commitmentBytes, commitmentOf } from './commitment.ts';

/** What the caller stores in its own row, and deletes with it. */
export interface Appended {
  /** The commitment; also the entry in the log. */
  readonly leaf: Buffer;
  /** Opens the commitment, together with the record's text. */
  readonly key: Buffer;
}

/**
 * Commits to each record under a fresh key and queues the leaves, in order, with one statement for all of them.
 * The outbox row is the leaf alone: no kind, no time, no person.
 */
export async function appendRecords(tx: Transaction, records: readonly { record: string }[]): Promise<Appended[]> {
  if (records.length === 0) return [];
  const random = Buffer.from(tx.world.randomBytes(records.length * commitmentBytes));
  const appended = records.map(({ record }, at) => {
    const key = random.subarray(at * commitmentBytes, (at + 1) * commitmentBytes);
    return { leaf: commitmentOf(record, key), key };
  });
  // The leaves travel as one value and are cut apart in the database, which spares it an array of hex literals.
  const [queued] = await tx.query<{ leaves: number }>(
    `with queued as (
       insert into log_outbox (leaf)
       select substring($1::bytea from (number * 32) + 1 for 32) from generate_series(0, $2::integer - 1) as number order by number
       returning 1
     )
     select count(*)::integer as leaves from queued`,
    [Buffer.concat(appended.map(({ leaf }) => leaf)), records.length],
  );
  if (queued?.leaves !== records.length)
    throw new Refusal('log.outbox', `The outbox took ${queued?.leaves ?? 0} of ${records.length} leaves.`);
  return appended;
}

/** One record; see {@link appendRecords}. */
export async function appendRecord(tx: Transaction, record: string): Promise<Appended> {
  const [appended] = await appendRecords(tx, [{ record }]);
  if (appended === undefined) throw new Refusal('log.outbox', 'The outbox took no leaf.');
  return appended;
}
