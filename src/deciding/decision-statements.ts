/**
 * The two statements of a personal decision, each of which serves every decision that waits for it: one reads for several people, one writes several
 * records with one commit. A decision is read by a statement that began after it was asked for, and leaves when the commit of its own record is durable.
 */
import type { Installation } from '../consent/installation.ts';
import { Together } from '../database/together.ts';
import {
  type DecisionAsk,
  type DecisionView,
  type NamedOrKnown,
  readForDecisions,
} from '../people/read-for-decision.ts';
import { commitmentBytes } from '../transparency/commitment.ts';

/** A record that is ready to be kept. */
export interface PreparedRecord {
  readonly personId: string;
  /** The person's revision that it was made from; when it has moved, nothing is written. */
  readonly revision: number;
  readonly decisionId: string;
  readonly placement: string;
  readonly at: Date;
  readonly expiresAt: Date;
  readonly versionId: string;
  /** The record as UTF-8. */
  readonly bytes: Buffer;
  readonly leaf: Buffer;
  readonly leafKey: Buffer;
}

interface ReadAsk {
  readonly named: NamedOrKnown;
  readonly placement: DecisionAsk;
  readonly until: number;
}

/**
 * One of each under way: with 16 callers 1,790 decisions a second, 1,730 with two reads, 1,530 with two of both, because each statement then serves fewer.
 * More than 64 together would hold this process up for tens of milliseconds at a time.
 */
const limits = { atOnceMax: 1, sizeMax: 64, waitingMax: 500 };

export class DecisionStatements {
  readonly #installation: Installation;
  readonly #reads: Together<ReadAsk, DecisionView | undefined>;
  readonly #writes: Together<PreparedRecord & { readonly until: number }, boolean>;

  /** The installation's database is the one that they run on. */
  constructor(installation: Installation) {
    this.#installation = installation;
    this.#reads = new Together((asks) => this.#readAll(asks), limits);
    this.#writes = new Together((records) => this.#writeAll(records), limits);
  }

  /** What a decision may know about a person, or undefined. Refuses with `database.busy` when it could not begin until then (of `performance.now()`). */
  async read(named: NamedOrKnown, placement: DecisionAsk, until: number): Promise<DecisionView | undefined> {
    return this.#reads.ask({ named, placement, until });
  }

  /**
   * Keeps a record, the way from its id to the person, and its leaf, but only while the person's revision is the one that was read: a forgetting that came
   * in between raised it, and then nothing is written. Returns whether it was, once that is durable.
   */
  async write(record: PreparedRecord, until: number): Promise<boolean> {
    if (await this.#writes.ask({ ...record, until })) return true;
    // Somebody held the person, or has moved the revision. Whoever is held is waited for alone, so that nobody else's decision is.
    return (await this.#insert([record], { waits: true })).has(record.decisionId);
  }

  async #readAll(asks: readonly ReadAsk[]): Promise<(DecisionView | undefined)[]> {
    const placements = Map.groupBy(asks, ({ placement }) => placement);
    const views = new Map<ReadAsk, DecisionView | undefined>();
    await Promise.all(
      [...placements].map(async ([placement, together]) => {
        const read = await readForDecisions(
          this.#installation,
          together.map(({ named }) => named),
          placement,
        );
        together.forEach((ask, index) => views.set(ask, read[index]));
      }),
    );
    return asks.map((ask) => views.get(ask));
  }

  async #writeAll(records: readonly PreparedRecord[]): Promise<boolean[]> {
    const written = await this.#insert(records, { waits: false });
    return records.map(({ decisionId }) => written.has(decisionId));
  }

  /** One statement. Returns the ids of what was written. Texts and hashes travel as one value each and are cut apart in the database. */
  async #insert(records: readonly PreparedRecord[], { waits }: { waits: boolean }): Promise<Set<string>> {
    let start = 1;
    const starts = records.map(({ bytes }) => (start += bytes.length) - bytes.length);
    const array = (values: readonly (string | number)[]): string => `{${values.join(',')}}`;
    const rows = await this.#installation.database.query<{ decision_id: string }>(
      waits ? insertWaitingSql : insertFreeSql,
      [
        array(records.map(({ personId }) => personId)),
        array(records.map(({ revision }) => revision)),
        array(records.map(({ decisionId }) => decisionId)),
        records.map(({ placement }) => placement),
        array(records.map(({ at }) => at.toISOString())),
        array(records.map(({ expiresAt }) => expiresAt.toISOString())),
        array(records.map(({ versionId }) => versionId)),
        array(starts),
        array(records.map(({ bytes }) => bytes.length)),
        Buffer.concat(records.map(({ bytes }) => bytes)),
        Buffer.concat(records.map(({ leaf }) => leaf)),
        Buffer.concat(records.map(({ leafKey }) => leafKey)),
      ],
    );
    return new Set(rows.map((row) => row.decision_id));
  }
}

/** People are locked in the order of their ids, as everywhere; `skip locked` leaves out whoever is held instead of waiting for them. */
const insertSql = (locked: '' | 'skip locked'): string => `
  with person as materialized (
    select person_id, revision from persons where person_id = any($1::uuid[]) order by person_id for share ${locked}
  ), prepared as materialized (
    select given.* from unnest($1::uuid[], $2::integer[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::uuid[], $8::integer[], $9::integer[]) with ordinality
      as given (person_id, revision, decision_id, placement, at, expires_at, version_id, start, bytes, number)
    join person using (person_id, revision)
  ), written as (
    insert into decisions (person_id, decision_id, placement, at, expires_at, version_id, record, leaf, leaf_key)
    select person_id, decision_id, placement, at, expires_at, version_id, convert_from(substring($10::bytea from start for bytes), 'UTF8'),
           substring($11::bytea from (number::integer - 1) * ${commitmentBytes} + 1 for ${commitmentBytes}),
           substring($12::bytea from (number::integer - 1) * ${commitmentBytes} + 1 for ${commitmentBytes})
    from prepared returning decision_id
  ), found as (
    insert into decision_people (decision_id, person_id) select decision_id, person_id from prepared
  ), queued as (
    insert into log_outbox (leaf) select substring($11::bytea from (number::integer - 1) * ${commitmentBytes} + 1 for ${commitmentBytes}) from prepared
  )
  select decision_id from written`;
const insertFreeSql = insertSql('skip locked');
const insertWaitingSql = insertSql('');
