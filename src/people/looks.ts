/**
 * Who has looked at everything of a person, and why: written in the statement before the look, so that there is no look without its record, and shown to the
 * person. What people see of themselves is no look.
 */
import type { Installation } from '../consent/installation.ts';
import type { Permit } from '../consent/permit.ts';
import type { Sql, Transaction } from '../database/database.ts';
import { lookTag } from './tags.ts';

export interface Look {
  readonly duty: string;
  readonly reason: string;
  readonly at: Date;
}

/** Writes the look down, unless it is the person's own. */
export async function recordLook(installation: Installation, sql: Sql, permit: Permit): Promise<void> {
  const { basis, personId, purpose } = permit;
  if (basis.kind !== 'duty' || basis.byThemselves) return;
  const row = {
    person_id: personId,
    look_id: installation.database.world.uuid(),
    duty: purpose,
    reason: basis.reason.slice(0, 500),
    at: installation.database.world.now(),
  };
  await sql.query(
    `insert into looks (person_id, look_id, duty, reason, at, tag)
     select person_id, $2, $3, $4, $5, $6 from persons where person_id = $1`,
    [row.person_id, row.look_id, row.duty, row.reason, row.at, lookTag(installation, row)],
  );
}

/** The looks at a person, newest first. */
export async function looksAt(sql: Sql, personId: string): Promise<Look[]> {
  return sql.query<{ duty: string; reason: string; at: Date }>(
    'select duty, reason, at from looks where person_id = $1 order by at desc, look_id desc limit 500',
    [personId],
  );
}

/** Looks go over with the person; they are tagged anew under the survivor's id. */
export async function moveLooks(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  move: { from: string; into: string },
): Promise<void> {
  const rows = await tx.query<{ look_id: string; duty: string; reason: string; at: Date }>(
    'select look_id, duty, reason, at from looks where person_id = $1',
    [move.from],
  );
  for (const row of rows)
    await tx.query('insert into looks (person_id, look_id, duty, reason, at, tag) values ($1, $2, $3, $4, $5, $6)', [
      move.into,
      row.look_id,
      row.duty,
      row.reason,
      row.at,
      lookTag(installation, { ...row, person_id: move.into }),
    ]);
  await tx.query('delete from looks where person_id = $1', [move.from]);
}
