/**
 * The third route to the sums: `SUM … GROUP BY` over the contribution rows, done where they lie. On one machine it is there to agree with the other two
 * (deltas, and a rebuild from the rows); where contributions are spread over machines, each adds up its own people. Called by the bench and by tests.
 */
import type { Transaction } from '../database/database.ts';
import { CoOccurrence } from '../learning/co-occurrence.ts';

/** One row for each item: the items not above it that somebody has beside it, itself among them, and how many people. */
const pairsSql = `
  select high, array_agg(low order by low) as lows, array_agg(people order by low) as people from (
    select a.item as high, b.item as low, count(*)::integer as people
    from contributions c cross join lateral unnest(c.items) as a (item) cross join lateral unnest(c.items) as b (item)
    where c.model = $1 and b.item <= a.item group by a.item, b.item
  ) as pairs group by high order by high`;

const itemsAtOnce = 200;

/**
 * The sums of a model, added up by PostgreSQL.
 *
 * Guarantee: equal to the live sums and to a rebuild from the rows in the same snapshot (test/database/recipes.test.ts).
 * Cost: every pair of every person once, and memory for every pair that occurs.
 */
export async function sumsByQuery(tx: Transaction, model: string): Promise<CoOccurrence> {
  await tx.query("set local work_mem = '256MB'");
  const [row] = await tx.query<{ people: number }>(
    'select count(*) as people from contributions where model = $1 and items <> $2',
    [model, []],
  );
  const sums = new CoOccurrence();
  sums.addTotals({ people: row?.people ?? 0, counts: [], pairs: [] });
  await tx.query(`declare sum_pairs no scroll cursor for ${pairsSql}`, [model]);
  for (;;) {
    const items = await tx.query<{ high: number; lows: number[]; people: number[] }>(
      `fetch ${itemsAtOnce} from sum_pairs`,
    );
    for (const { high, lows, people } of items) addItem(sums, high, lows, people);
    if (items.length < itemsAtOnce) break;
  }
  await tx.query('close sum_pairs');
  return sums;
}

function addItem(sums: CoOccurrence, high: number, lows: readonly number[], people: readonly number[]): void {
  // An item's own count stands last: nothing that it is paired with is above it.
  sums.addTotals({
    people: 0,
    counts: [[high, people.at(-1) ?? 0]],
    pairs: lows.slice(0, -1).map((low, at) => [low, high, people[at] ?? 0]),
  });
}
