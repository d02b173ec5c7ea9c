/**
 * Forgetting, as far as it concerns records of decisions: what names the gone is stripped in the transaction that forgets, the commitment in the log
 * stays, and its key goes, so that nothing can be opened with it any more.
 */
import type { Installation } from '../consent/installation.ts';
import type { Transaction } from '../database/database.ts';
import { rowTag } from '../database/row-tag.ts';
import { heldItemsSql } from '../people/read-for-decision.ts';
import type { Follower, Forgotten } from '../people/forget.ts';
import { type DecisionRecord, recordFrom, recordText, stripped } from './decision-record.ts';

/** Strips the decisions about a person: a follower of `people/forget`. */
export function stripDecisions(installation: Keyed): Follower {
  return async (tx, forgotten) => follow(installation, tx, forgotten);
}

/** Stands for a record whose key is gone, so that a change in it is found. */
export function redactedTag({ keys }: Keyed, row: { decision_id: string; record: string; redacted_at: Date }): Buffer {
  return rowTag(keys.derived('row-tag'), 'decisions', [row.decision_id, row.record, row.redacted_at]);
}

type Keyed = Pick<Installation, 'keys'>;

async function follow(installation: Keyed, tx: Transaction, forgotten: Forgotten): Promise<void> {
  const { personId, request } = forgotten;
  switch (request.kind) {
    case 'erase':
      await tx.query(
        'delete from decision_people d using decisions own where own.person_id = $1 and d.decision_id = own.decision_id and d.person_id = $1',
        [personId],
      );
      await tx.query('delete from decisions where person_id = $1', [personId]);
      return;
    case 'merge':
      await moveDecisions(tx, personId, request.into);
      return;
    case 'withdraw':
      await strip(installation, tx, personId, (record) =>
        record.basis.some((basis) => request.purposes.includes(basis.purpose))
          ? stripped(record, { kind: 'withdraw', keep: 'nothing' })
          : record,
      );
      return;
    case 'rectify':
      return;
    case 'exclude':
    case 'expire': {
      const [held] = await tx.query<{ item_ids: string[] }>(heldItemsSql, [personId]);
      const kept = new Set(held?.item_ids);
      await strip(installation, tx, personId, (record) =>
        stripped(record, { kind: request.kind, keep: (itemId) => kept.has(itemId) }),
      );
      return;
    }
    default:
      request satisfies never;
  }
}

async function strip(
  installation: Keyed,
  tx: Transaction,
  personId: string,
  change: (record: DecisionRecord) => DecisionRecord,
): Promise<void> {
  const rows = await tx.query<{ decision_id: string; record: string }>(
    // What has been stripped of everything, as its empty basis tells, stays as it is.
    `select decision_id, record from decisions where person_id = $1 and position('"basis":[]' in record) = 0`,
    [personId],
  );
  const changed = rows.flatMap((row) => {
    const before = recordFrom(row.record);
    const after = change(before);
    return after === before ? [] : [{ id: row.decision_id, text: recordText(after) }];
  });
  if (changed.length === 0) return;
  const redactedAt = tx.world.now();
  await tx.query(
    `update decisions d set record = changed.record, redacted_at = $3, redacted_tag = changed.tag, leaf_key = null
     from unnest($2::uuid[], $4::text[], $5::bytea[]) as changed (decision_id, record, tag) where d.person_id = $1 and d.decision_id = changed.decision_id`,
    [
      personId,
      changed.map((one) => one.id),
      redactedAt,
      changed.map((one) => one.text),
      changed.map(({ id, text }) =>
        redactedTag(installation, { decision_id: id, record: text, redacted_at: redactedAt }),
      ),
    ],
  );
  await tx.query('delete from outcomes where person_id = $1 and decision_id = any($2::uuid[])', [
    personId,
    changed.map((one) => one.id),
  ]);
}

/** The records go over with the person; they still name the id under which they were made, which is part of what was committed to. */
async function moveDecisions(tx: Transaction, from: string, into: string): Promise<void> {
  await tx.query(
    `insert into decisions (person_id, decision_id, placement, at, expires_at, version_id, record, redacted_at, redacted_tag, leaf, leaf_key)
     select $2, decision_id, placement, at, expires_at, version_id, record, redacted_at, redacted_tag, leaf, leaf_key from decisions where person_id = $1`,
    [from, into],
  );
  await tx.query(
    `insert into outcomes (person_id, decision_id, outcome_id, kind, item_id, at, tag) select $2, decision_id, outcome_id, kind, item_id, at, tag from outcomes where person_id = $1`,
    [from, into],
  );
  await tx.query('delete from decisions where person_id = $1', [from]);
  await tx.query(
    'update decision_people set person_id = $2 where decision_id in (select decision_id from decisions where person_id = $2) and person_id = $1',
    [from, into],
  );
}
