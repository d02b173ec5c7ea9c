/** Histories that the learning benchmarks share: the retail file where it lies beside the project, and made-up people. */
import { createReadStream, existsSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type { HistoryEntry } from '../../src/learning/contributions.ts';
import { withAtLeast } from '../../src/learning/evaluation.ts';
import { seededRandom } from '../../src/learning/seeded-random.ts';
import { syntheticHistories } from '../../src/learning/synthetic.ts';

const retailFile = new URL('../../../shared/data/online-retail.csv.gz', import.meta.url);
/** Rows of the file that are no goods. */
const notGoods =
  /^(?:DOTCOM )?POSTAGE$|CARRIAGE$|^Manual$|^Bank Charges$|^Discount$|^SAMPLES$|^AMAZON FEE$|^CRUK Commission$/i;

/** UCI Online Retail: returns and postage out, people and items with at least five of each other. Undefined where the file is absent. */
export async function retailHistories(): Promise<HistoryEntry[][] | undefined> {
  return (await retailShop())?.histories;
}

/** The same with a group for each item. The file has no categories: the last word of an item's description stands for one ("HOLDER", "BAG"). */
export async function retailShop(): Promise<{ histories: HistoryEntry[][]; groups: string[] } | undefined> {
  if (!existsSync(retailFile)) return undefined;
  const people = new Map<string, HistoryEntry[]>();
  const items = new Map<string, number>();
  const rows = createReadStream(retailFile)
    .pipe(createGunzip())
    .pipe(parse({ columns: true }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    const { CustomerID: person = '', Description = '', Quantity, InvoiceDate = '' } = row;
    const title = Description.trim();
    if (person === '' || title === '' || !(Number(Quantity) > 0) || notGoods.test(title)) continue;
    const item = items.get(title) ?? items.size;
    items.set(title, item);
    const history = people.get(person) ?? [];
    people.set(person, history);
    history.push({ item, at: Date.parse(InvoiceDate) });
  }
  return {
    histories: withAtLeast([...people.values()], { itemsPerPerson: 5, peoplePerItem: 5 }),
    groups: Array.from(items.keys(), (title) => title.split(/\s+/).at(-1) ?? title),
  };
}

/** The committed generator's people, as histories. */
export function madeUpHistories(size: { people?: number; items?: number; medianItems?: number }): HistoryEntry[][] {
  return Array.from(syntheticHistories({ seed: 1, ...size }), (items) =>
    Array.from(items, (item, at) => ({ item, at })),
  );
}

/** People of a large shop: four departments of a hundred items each, and now and then something popular. Quick to make, dense to learn from. */
export function* shoppers(size: { people: number; items: number; length: number }): Generator<Int32Array> {
  const random = seededRandom(1);
  const departments = size.items / 100;
  for (let person = 0; person < size.people; person++) {
    const liked = Array.from({ length: 4 }, () => Math.floor(random() * departments));
    const chosen = new Set<number>();
    while (chosen.size < size.length) {
      const department = liked[Math.floor(random() * 4)] ?? 0;
      chosen.add(
        random() < 0.2
          ? Math.floor(random() ** 3 * size.items)
          : department * 100 + Math.floor(random() * random() * 100),
      );
    }
    yield Int32Array.from(chosen).sort();
  }
}
