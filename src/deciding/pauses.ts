/**
 * The stop button of a placement. Paused, it answers the list that everybody gets, and its batches wait, until somebody ends the pause by name. A rate of
 * complaints above the policy's limit presses it by itself; anybody with a server key may. Every pause stays on record.
 */
import type { Installation } from '../consent/installation.ts';
import type { Database, Transaction } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { entryOf } from '../policy/policy.ts';

export interface Pause {
  readonly pause_id: string;
  readonly placement: string;
  readonly reason: string;
  readonly paused_by: string;
  readonly paused_at: Date;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
}

const channel = 'fairlead_pauses';
const columns = 'pause_id, placement, reason, paused_by, paused_at, ended_at, ended_by';

export function pauseTag({ keys }: Pick<Installation, 'keys'>, row: Pause): Buffer {
  return rowTag(keys.derived('row-tag'), 'placement_pauses', [
    row.pause_id,
    row.placement,
    row.reason,
    row.paused_by,
    row.paused_at,
    row.ended_at,
    row.ended_by,
  ]);
}

/** Pauses a placement; one that is paused already stays as it is. Refuses with `placement.unknown`. */
export async function pausePlacement(
  installation: Pick<Installation, 'database' | 'keys' | 'policy'>,
  pause: { placement: string; reason: string; by: string },
): Promise<Pause> {
  refuseUnknown(installation, pause.placement);
  return installation.database.transaction((tx) => pauseWithin(installation, tx, pause));
}

/** The same inside a transaction that the caller has begun. The policy has the placement. */
export async function pauseWithin(
  installation: Pick<Installation, 'keys'>,
  tx: Transaction,
  pause: { placement: string; reason: string; by: string },
): Promise<Pause> {
  const row: Pause = {
    pause_id: tx.world.uuid(),
    placement: pause.placement,
    reason: pause.reason,
    paused_by: pause.by,
    paused_at: tx.world.now(),
    ended_at: null,
    ended_by: null,
  };
  await tx.query(
    `insert into placement_pauses (${columns}, tag) values ($1, $2, $3, $4, $5, null, null, $6)
     on conflict (placement) where ended_at is null do nothing`,
    [row.pause_id, row.placement, row.reason, row.paused_by, row.paused_at, pauseTag(installation, row)],
  );
  await tx.query('select pg_notify($1, $2)', [channel, pause.placement]);
  const [standing] = await tx.query<Pause>(
    `select ${columns} from placement_pauses where placement = $1 and ended_at is null`,
    [pause.placement],
  );
  return standing ?? row;
}

/** Ends the pause of a placement, if there is one. Refuses with `placement.unknown`. */
export async function resumePlacement(
  installation: Pick<Installation, 'database' | 'keys' | 'policy'>,
  resume: { placement: string; by: string },
): Promise<Pause | undefined> {
  refuseUnknown(installation, resume.placement);
  return installation.database.transaction(async (tx) => {
    const [standing] = await tx.query<Pause>(
      `select ${columns} from placement_pauses where placement = $1 and ended_at is null for update`,
      [resume.placement],
    );
    if (standing === undefined) return undefined;
    const ended = { ...standing, ended_at: tx.world.now(), ended_by: resume.by };
    await tx.query('update placement_pauses set ended_at = $2, ended_by = $3, tag = $4 where pause_id = $1', [
      ended.pause_id,
      ended.ended_at,
      ended.ended_by,
      pauseTag(installation, ended),
    ]);
    await tx.query('select pg_notify($1, $2)', [channel, resume.placement]);
    return ended;
  });
}

/** The pauses of all placements, the standing ones first, then the newest. */
export async function listPauses(database: Database): Promise<Pause[]> {
  return database.query<Pause>(
    `select ${columns} from placement_pauses order by ended_at is not null, paused_at desc limit 200`,
  );
}

/** Which placements are paused, kept in step with the table in every process, so that no decision has to ask. */
export class LivePauses {
  readonly #database: Database;
  #paused: ReadonlySet<string> = new Set();
  #stop: (() => Promise<void>) | undefined;
  #retry: NodeJS.Timeout | undefined;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<LivePauses> {
    const pauses = new LivePauses(database);
    pauses.#stop = await database.listen(channel, () => void pauses.#refreshUntilDone());
    await pauses.refresh();
    return pauses;
  }

  has(placement: string): boolean {
    return this.#paused.has(placement);
  }

  async refresh(): Promise<void> {
    const rows = await this.#database.query<{ placement: string }>(
      'select placement from placement_pauses where ended_at is null',
    );
    this.#paused = new Set(rows.map((row) => row.placement));
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#stop?.();
  }

  async #refreshUntilDone(): Promise<void> {
    clearTimeout(this.#retry);
    try {
      await this.refresh();
    } catch {
      this.#retry = setTimeout(() => void this.#refreshUntilDone(), retryMs).unref();
    }
  }
}

const retryMs = 500;

function refuseUnknown({ policy }: Pick<Installation, 'policy'>, placement: string): void {
  if (entryOf(policy.placements, placement) === undefined)
    throw new Refusal('placement.unknown', `The policy has no placement named "${placement}".`, {
      remedy: `Its placements are: ${Object.keys(policy.placements).join(', ')}.`,
    });
}
