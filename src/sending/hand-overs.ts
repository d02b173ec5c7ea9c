/**
 * What was handed over about whom: one row for each person and batch, written and committed before anything leaves. It promises that nobody gets something
 * of one batch twice, whatever is killed when, and that whoever is forgotten is taken out here in the same transaction; for what has left already, a removal is
 * written that its recipient has to fetch.
 */
import type { Installation } from '../consent/installation.ts';
import type { Sql, Transaction } from '../database/database.ts';
import { rowTag } from '../database/row-tag.ts';
import type { Follower, Forgotten } from '../people/forget.ts';
import { addDuration } from '../policy/durations.ts';
import { type PlacementRule, entryOf, retentionOf } from '../policy/policy.ts';
import { writeRemovals } from './removals.ts';

/**
 * - `handing`: it is leaving now, or was when the process ended;
 * - `handed over`, `refused`: whoever takes it did, or never will;
 * - `unanswered`: it may have left; it is not handed over again;
 * - `withdrawn`: the person took back what it rested on, before or after.
 */
export type HandOverState = 'handing' | 'handed over' | 'refused' | 'unanswered' | 'withdrawn';

export interface HandOver {
  readonly person_id: string;
  readonly batch_id: string;
  readonly placement: string;
  /** Who got it, where that is somebody else, and under which pseudonym. */
  readonly recipient: string | null;
  readonly reference: string | null;
  readonly decision_id: string | null;
  /** Of the request in which it went to a webhook, so that the same request can be sent again. */
  readonly message_id: string | null;
  readonly state: HandOverState;
  readonly at: Date;
  readonly expires_at: Date;
}

type Keyed = Pick<Installation, 'keys'>;

export function handOverTag({ keys }: Keyed, row: HandOver): Buffer {
  return rowTag(keys.derived('row-tag'), 'hand_overs', [
    row.person_id,
    row.batch_id,
    row.placement,
    row.recipient,
    row.reference,
    row.decision_id,
    row.message_id,
    row.state,
    row.at,
    row.expires_at,
  ]);
}

/** How long a row about somebody is kept: as long as what it rests on, and records of decisions. */
export function handOverExpiry(policy: Installation['policy'], placement: PlacementRule, now: Date): Date {
  const ends = [
    retentionOf(policy, 'decisions'),
    ...placement.purposes.flatMap((purpose) => entryOf(policy.purposes, purpose)?.keepFor ?? []),
  ].map((keepFor) => addDuration(now, keepFor).getTime());
  return new Date(Math.min(...ends));
}

/** Which of these people a batch has come to already. */
export async function reachedAmong(sql: Sql, batchId: string, personIds: readonly string[]): Promise<Set<string>> {
  const rows = await sql.query<{ person_id: string }>(
    'select person_id from hand_overs where batch_id = $1 and person_id = any($2::uuid[])',
    [batchId, personIds],
  );
  return new Set(rows.map((row) => row.person_id));
}

/** How many hand-overs of a placement each person has had since a moment; who had none is absent. For caps. */
export async function handedOverSince(
  sql: Sql,
  ask: { placement: string; since: Date; personIds: readonly string[] },
): Promise<Map<string, number>> {
  const rows = await sql.query<{ person_id: string; times: number }>(
    `select person_id, count(*)::integer as times from hand_overs
     where person_id = any($1::uuid[]) and placement = $2 and at > $3 and state in ('handing', 'handed over', 'unanswered') group by person_id`,
    [ask.personIds, ask.placement, ask.since],
  );
  return new Map(rows.map((row) => [row.person_id, row.times]));
}

/** Writes down that something is about to leave. Answers the rows that are new, and whose person is still there. */
export async function beginHandOvers(installation: Keyed, sql: Sql, rows: readonly HandOver[]): Promise<HandOver[]> {
  if (rows.length === 0) return [];
  const written = await sql.query<{ person_id: string }>(
    `with asked as materialized (
       select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::bytea[])
         as asked (person_id, batch_id, placement, recipient, reference, decision_id, message_id, state, at, expires_at, tag)
     ), there as materialized (
       select p.person_id from persons p where p.person_id = any($1::uuid[]) order by p.person_id for share
     )
     insert into hand_overs (person_id, batch_id, placement, recipient, reference, decision_id, message_id, state, at, expires_at, tag)
     select asked.* from asked join there on there.person_id = asked.person_id on conflict (person_id, batch_id) do nothing returning person_id`,
    columnsOf(installation, rows),
  );
  const isWritten = new Set(written.map((row) => row.person_id));
  return rows.filter((row) => isWritten.has(row.person_id));
}

/** Moves rows from one state to the next; one that was moved by somebody else meanwhile is not. Answers those that were, as they are now. */
export async function moveHandOvers(
  installation: Keyed,
  sql: Sql,
  rows: readonly HandOver[],
  change: { readonly to: HandOverState; readonly at: Date },
): Promise<HandOver[]> {
  if (rows.length === 0) return [];
  const changed = rows.map((row) => ({ ...row, state: change.to, at: change.at }));
  const moved = await sql.query<{ person_id: string }>(
    `update hand_overs h set state = $3, at = $4, tag = changed.tag
     from unnest($1::uuid[], $2::uuid[], $5::text[], $6::bytea[]) as changed (person_id, batch_id, before, tag)
     where h.person_id = changed.person_id and h.batch_id = changed.batch_id and h.state = changed.before returning h.person_id`,
    [
      rows.map((row) => row.person_id),
      rows.map((row) => row.batch_id),
      change.to,
      change.at,
      rows.map((row) => row.state),
      changed.map((row) => handOverTag(installation, row)),
    ],
  );
  const isMoved = new Set(moved.map((row) => row.person_id));
  return changed.filter((row) => isMoved.has(row.person_id));
}

/** Takes back what was begun when it is certain that nothing has left. */
export async function takeBackHandOvers(sql: Sql, batchId: string, personIds: readonly string[]): Promise<void> {
  await sql.query("delete from hand_overs where batch_id = $1 and person_id = any($2::uuid[]) and state = 'handing'", [
    batchId,
    personIds,
  ]);
}

/** Rows of a batch in a state, in the order of their people. */
export async function handOversIn(sql: Sql, batchId: string, state: HandOverState, limit: number): Promise<HandOver[]> {
  return sql.query<HandOver>(
    `select person_id, batch_id, placement, recipient, reference, decision_id, message_id, state, at, expires_at
     from hand_overs where batch_id = $1 and state = $2 order by message_id, person_id limit $3`,
    [batchId, state, limit],
  );
}

/** How many rows of a batch are in each state. */
export async function handOverCounts(sql: Sql, batchId: string): Promise<Record<HandOverState, number>> {
  const rows = await sql.query<{ state: HandOverState; count: number }>(
    'select state, count(*)::integer as count from hand_overs where batch_id = $1 group by state',
    [batchId],
  );
  const counts = { handing: 0, 'handed over': 0, refused: 0, unanswered: 0, withdrawn: 0 };
  for (const { state, count } of rows) counts[state] = count;
  return counts;
}

/** Takes out what has reached its time. */
export async function expireHandOvers({ database }: Pick<Installation, 'database'>): Promise<number> {
  const rows = await database.query('delete from hand_overs where expires_at <= $1 returning batch_id', [
    database.world.now(),
  ]);
  return rows.length;
}

/** What sending does when somebody is forgotten: a follower of `people/forget`. */
export function forgetHandOvers(installation: Pick<Installation, 'keys' | 'policy'>): Follower {
  return async (tx, forgotten) => {
    const rows = await tx.query<HandOver>(
      `select person_id, batch_id, placement, recipient, reference, decision_id, message_id, state, at, expires_at
       from hand_overs where person_id = $1`,
      [forgotten.personId],
    );
    if (rows.length > 0) await follow(installation, tx, forgotten, rows);
  };
}

async function follow(
  installation: Pick<Installation, 'keys' | 'policy'>,
  tx: Transaction,
  { personId, request }: Forgotten,
  rows: readonly HandOver[],
): Promise<void> {
  switch (request.kind) {
    case 'erase':
      await writeRemovals(installation, tx, rows.filter(hasLeft));
      await tx.query('delete from hand_overs where person_id = $1', [personId]);
      return;
    case 'withdraw': {
      const concerned = rows.filter(
        (row) =>
          row.state !== 'withdrawn' &&
          (entryOf(installation.policy.placements, row.placement)?.purposes ?? request.purposes).some((purpose) =>
            request.purposes.includes(purpose),
          ),
      );
      await writeRemovals(installation, tx, concerned.filter(hasLeft));
      await moveHandOvers(installation, tx, concerned, { to: 'withdrawn', at: tx.world.now() });
      return;
    }
    case 'merge': {
      const moved = rows.map((row) => ({ ...row, person_id: request.into }));
      await tx.query('delete from hand_overs where person_id = $1', [personId]);
      // Who was reached under both ids keeps the row of the one that stays; what left under the other is removed there.
      const kept = new Set((await beginHandOvers(installation, tx, moved)).map((row) => row.batch_id));
      await writeRemovals(
        installation,
        tx,
        rows.filter((row) => !kept.has(row.batch_id) && hasLeft(row)),
      );
      return;
    }
    case 'exclude':
    case 'expire':
    case 'rectify':
      return;
    default:
      request satisfies never;
  }
}

/** Whether somebody else may hold it under a reference of theirs. */
function hasLeft(row: HandOver): boolean {
  return row.reference !== null && row.state !== 'withdrawn' && row.state !== 'refused';
}

function columnsOf(installation: Keyed, rows: readonly HandOver[]): unknown[] {
  return [
    rows.map((row) => row.person_id),
    rows.map((row) => row.batch_id),
    rows.map((row) => row.placement),
    rows.map((row) => row.recipient),
    rows.map((row) => row.reference),
    rows.map((row) => row.decision_id),
    rows.map((row) => row.message_id),
    rows.map((row) => row.state),
    rows.map((row) => row.at),
    rows.map((row) => row.expires_at),
    rows.map((row) => handOverTag(installation, row)),
  ];
}
