/**
 * Non-personal answers: counted by cause in memory (never beside an id, so that nobody can look up why), and written down in batches after they have
 * left, because they are about nobody. When the database is away they are counted and dropped.
 */
import type { Installation } from '../../consent/installation.ts';
import type { Database } from '../../database/database.ts';
import { rowTag } from '../../database/row-tag.ts';

type Keyed = Pick<Installation, 'database' | 'keys'>;

/** Why an answer was not personal. For counts and metrics alone. */
export type NonpersonalCause = 'no permit' | 'no history' | 'no model' | 'unavailable' | 'person switched' | 'paused';

interface Entry {
  readonly decisionId: string;
  readonly placement: string;
  readonly items: readonly string[];
  readonly at: Date;
}

const heldMax = 10_000;
const flushEveryMs = 250;

export class NonpersonalDecisions {
  readonly counts = new Map<NonpersonalCause, number>();
  /** How many were answered and never written down. */
  dropped = 0;
  readonly #database: Database;
  #held: Entry[] = [];
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  readonly #keys: Pick<Keyed, 'keys'>;

  constructor(installation: Keyed) {
    this.#database = installation.database;
    this.#keys = installation;
  }

  add(entry: Entry, cause: NonpersonalCause): void {
    this.counts.set(cause, (this.counts.get(cause) ?? 0) + 1);
    if (this.#held.length >= heldMax) {
      this.dropped += 1;
      return;
    }
    this.#held.push(entry);
    this.#timer ??= setTimeout(() => void this.flush(), flushEveryMs).unref();
  }

  /** Writes down what is held. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = [];
    this.#flushing = this.#flushing.then(async () => {
      if (held.length === 0) return;
      try {
        await this.#database.query(
          `insert into nonpersonal_decisions (decision_id, placement, items, at, tag)
           select decision_id, placement, array(select jsonb_array_elements_text(items)), at, tag from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::timestamptz[], $5::bytea[]) as held (decision_id, placement, items, at, tag)`,
          [
            held.map((entry) => entry.decisionId),
            held.map((entry) => entry.placement),
            held.map((entry) => JSON.stringify(entry.items)),
            held.map((entry) => entry.at),
            held.map((entry) => nonpersonalTag(this.#keys, entry)),
          ],
        );
      } catch {
        this.dropped += held.length; // law 9: the non-personal answer may leave unrecorded, and is counted
      }
    });
    return this.#flushing;
  }

  async close(): Promise<void> {
    await this.flush();
  }
}

/** The tag of a stored non-personal decision. */
export function nonpersonalTag(installation: Pick<Installation, 'keys'>, entry: Entry): Buffer {
  return rowTag(installation.keys.derived('row-tag'), 'nonpersonal_decisions', [
    entry.decisionId,
    entry.placement,
    entry.items,
    entry.at,
  ]);
}
