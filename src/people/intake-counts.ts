/**
 * Counts what became of messages, by reason and name, so that `fairlead doctor` and the metrics can say why nothing arrives. The names are the
 * sender's own event and property names; they are cut in length and number, because a sender may put anything there.
 */
import type { Installation } from '../consent/installation.ts';
import { intakeCountTag } from './tags.ts';

const nameMax = 80;
const namesMax = 500;

export class IntakeCounts {
  #counts = new Map<string, number>();
  readonly #names = new Set<string>();

  add(reason: string, name: string): void {
    const key = JSON.stringify([reason, this.#bounded(name)]);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Adds what has been counted since the last time to the table of days. Rows are locked, since their tags are over the new counts. */
  async flush(installation: Pick<Installation, 'database' | 'keys'>, now: Date): Promise<void> {
    const counted = [...this.#counts];
    if (counted.length === 0) return;
    this.#counts = new Map();
    const day = now.toISOString().slice(0, 10);
    const keys = counted.map(([key]) => JSON.parse(key) as [string, string]); // written by `add` just above
    const names = [keys.map(([reason]) => reason), keys.map(([, name]) => name)];
    await installation.database.transaction(async (tx) => {
      await tx.query(
        `insert into intake_counts (day, reason, name, count)
         select $1::date, reason, name, 0 from unnest($2::text[], $3::text[]) as counted (reason, name) order by reason, name
         on conflict (day, reason, name) do nothing`,
        [day, ...names],
      );
      const present = await tx.query<{ number: number; count: number }>(
        `select number, present.count from unnest($2::text[], $3::text[]) with ordinality as counted (reason, name, number)
         join intake_counts present on present.day = $1::date and present.reason = counted.reason and present.name = counted.name
         order by counted.reason, counted.name for update of present`,
        [day, ...names],
      );
      const counts = keys.map((_, at) => counted[at]?.[1] ?? 0);
      for (const row of present) counts[row.number - 1] = (counts[row.number - 1] ?? 0) + row.count;
      await tx.query(
        `update intake_counts present set count = counted.count, tag = counted.tag
         from unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[]) as counted (reason, name, count, tag)
         where present.day = $1::date and present.reason = counted.reason and present.name = counted.name`,
        [
          day,
          ...names,
          counts,
          keys.map(([reason, name], at) => intakeCountTag(installation, { day, reason, name, count: counts[at] ?? 0 })),
        ],
      );
    });
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
