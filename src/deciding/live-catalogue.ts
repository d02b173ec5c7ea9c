/**
 * The catalogue as a decision needs it: numbers to ids, what is available, and the orders of the non-personal lists. Kept in memory and replaced when
 * items change, so that a decision asks the database about the person alone.
 */
import { type KeptItem, listItems } from '../catalogue/items.ts';
import type { Database } from '../database/database.ts';
import { type Otherwise, type Policy, sensitiveTopicsOf } from '../policy/policy.ts';

const page = 5_000;

export class LiveCatalogue {
  readonly #database: Database;
  readonly #sensitive: ReadonlySet<string>;
  #byNumber = new Map<number, KeptItem>();
  #byId = new Map<string, KeptItem>();
  #showable: KeptItem[] = [];
  #newest: KeptItem[] = [];
  #ranking: readonly number[] = [];
  #popular: KeptItem[] = [];
  #loading: Promise<void> | undefined;
  #again = false;
  #stop: (() => Promise<void>) | undefined;

  private constructor(database: Database, policy: Policy) {
    this.#database = database;
    this.#sensitive = new Set(sensitiveTopicsOf(policy));
  }

  /** Loads the catalogue and follows its changes. */
  static async open(database: Database, policy: Policy): Promise<LiveCatalogue> {
    const live = new LiveCatalogue(database, policy);
    live.#stop = await database.listen('fairlead_items', () => {
      // A change that cannot be read now is read with the next one; until then the catalogue before serves.
      void live.refresh().catch(() => undefined);
    });
    await live.refresh();
    return live;
  }

  item(itemNumber: number): KeptItem | undefined {
    return this.#byNumber.get(itemNumber);
  }

  byId(itemId: string): KeptItem | undefined {
    return this.#byId.get(itemId);
  }

  /** How many items there are, shown or not. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** Whether an item may stand in a list at all: in the catalogue, available, of no sensitive topic. */
  isShowable(itemNumber: number): boolean {
    const item = this.#byNumber.get(itemNumber);
    return item !== undefined && item.available && !item.topics.some((topic) => this.#sensitive.has(topic));
  }

  /** The list for everybody: it follows from catalogue facts or a released ranking, and from nobody. */
  listForEverybody(otherwise: Otherwise, limit: number): KeptItem[] {
    const order = otherwise === 'newest' ? this.#newest : otherwise === 'popular' ? this.#popular : this.#showable;
    return order.slice(0, limit);
  }

  /** Puts a released ranking (item numbers, best first) behind the list `popular`; items without a rank follow in catalogue order. */
  rank(ranking: readonly number[]): void {
    this.#ranking = ranking;
    this.#order();
  }

  /** Reads the catalogue again. Calls that come while it is being read are answered by one more reading. */
  async refresh(): Promise<void> {
    if (this.#loading !== undefined) {
      this.#again = true;
      return this.#loading;
    }
    this.#loading = this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async close(): Promise<void> {
    await this.#stop?.();
    await this.#loading?.catch(() => undefined); // whoever asked for that reading has been told
  }

  async #load(): Promise<void> {
    do {
      this.#again = false;
      const items: KeptItem[] = [];
      for (;;) {
        const last = items.at(-1)?.itemNumber;
        const rows = await listItems(
          this.#database,
          last === undefined ? { limit: page } : { after: last, limit: page },
        );
        items.push(...rows);
        if (rows.length < page) break;
      }
      this.#byNumber = new Map(items.map((item) => [item.itemNumber, item]));
      this.#byId = new Map(items.map((item) => [item.itemId, item]));
      this.#order();
    } while (this.#again);
  }

  #order(): void {
    this.#showable = [...this.#byNumber.values()].filter((item) => this.isShowable(item.itemNumber));
    this.#newest = this.#showable.toSorted(
      (a, b) => b.updatedAt.getTime() - a.updatedAt.getTime() || b.itemNumber - a.itemNumber,
    );
    const rank = new Map(this.#ranking.map((itemNumber, index) => [itemNumber, index]));
    this.#popular = this.#showable.toSorted(
      (a, b) =>
        (rank.get(a.itemNumber) ?? Infinity) - (rank.get(b.itemNumber) ?? Infinity) || a.itemNumber - b.itemNumber,
    );
  }
}
