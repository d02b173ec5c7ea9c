/**
 * Retention that runs by itself: who holds something longer than its notice says is taken through `forget`, which subtracts it; message hashes that no
 * longer guard anything go too. Each person is a transaction of their own, so an interruption loses nothing.
 */
import type { Installation } from '../consent/installation.ts';
import { subtractDuration } from '../policy/durations.ts';
import { type ForgettingInstallation, forget } from './forget.ts';

const peopleAtOnce = 200;

/** Lets expire whatever is due. Returns how many people lost something. */
export async function expireDue(installation: ForgettingInstallation): Promise<number> {
  let total = 0;
  for (;;) {
    const due = await peopleDue(installation);
    for (const personId of due) await forget(installation, personId, { kind: 'expire' });
    total += due.length;
    if (due.length < peopleAtOnce) break;
  }
  await forgetMessages(installation);
  return total;
}

async function peopleDue(installation: Installation): Promise<string[]> {
  const now = installation.database.world.now();
  const purposes = Object.entries(installation.policy.purposes);
  const rows = await installation.database.query<{ person_id: string }>(
    `select distinct e.person_id from events e join unnest($1::text[], $2::timestamptz[]) as due (purpose, before_at) on due.purpose = any(e.purposes) and e.at < due.before_at limit $3`,
    [
      purposes.map(([purpose]) => purpose),
      purposes.map(([, { keepFor }]) => subtractDuration(now, keepFor)),
      peopleAtOnce,
    ],
  );
  return rows.map((row) => row.person_id);
}

/** A message hash guards against the same message for as long as its event could still be kept, and 90 days more. */
async function forgetMessages(installation: Installation): Promise<void> {
  const now = installation.database.world.now();
  const oldest = Math.min(
    ...Object.values(installation.policy.purposes).map(({ keepFor }) => subtractDuration(now, keepFor).getTime()),
  );
  await installation.database.query('delete from inbox where received_at < $1', [
    subtractDuration(new Date(oldest), '90 days'),
  ]);
}
