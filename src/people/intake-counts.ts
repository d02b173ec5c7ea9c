/**
 * Counts what became of messages, by reason and name, so that `fairlead doctor` and the metrics can say why nothing arrives. The names are the
 * sender's own event and property names; they are cut in length and number, because a sender may put anything there.
 */
import type { Sql } from '../database/database.ts';

const nameMax = 80;
const namesMax = 500;

export class IntakeCounts {
  #counts = new Map<string, number>();
  readonly #names = new Set<string>();

  add(reason: string, name: string): void {
    const key = JSON.stringify([reason, this.#bounded(name)]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Adds what has been counted since the last time to the table of days. */
  async flush(sql: Sql, now: Date): Promise<void> {
    const counted = [...this.#counts];
    if (counted.length === 0) return;
    this.#counts = new Map();
    const keys = counted.map(([key]) => JSON.parse(key) as [string, string]); // written by `add` just above
    await sql.query(
      `insert into intake_counts (day, reason, name, count)
       select $1::date, reason, name, count from unnest($2::text[], $3::text[], $4::bigint[]) as counted (reason, name, count) order by reason, name
       on conflict (day, reason, name) do update set count = intake_counts.count + excluded.count`,
      [
        now.toISOString().slice(0, 10),
        keys.map(([reason]) => reason),
        keys.map(([, name]) => name),
        counted.map(([, count]) => count),
      ],
    );
  }

  /** Long names are cut, addresses are not kept, and beyond the five-hundredth all are "other". */
  #bounded(name: string): string {
    const cut = name.replaceAll('\u0000', '').toWellFormed().slice(0, nameMax);
    const shown = /@|\d{5}/.test(cut) ? 'a name with an address or a number in it' : cut;
    if (!this.#names.has(shown) && this.#names.size >= namesMax) return 'other';
    this.#names.add(shown);
    return shown;
  }
}
