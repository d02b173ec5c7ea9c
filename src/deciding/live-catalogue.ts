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
  readonly #rankings = new Map<string, readonly number[]>();
  readonly #popular = new Map<string, KeptItem[]>();
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
  listForEverybody(otherwise: Otherwise, ask: { limit: number; model: string }): KeptItem[] {
    const popular = otherwise === 'popular' ? this.#popular.get(ask.model) : undefined;
    const order = otherwise === 'newest' ? this.#newest : (popular ?? this.#showable);
    return order.slice(0, ask.limit);
  }

  /** Puts a released ranking (item numbers, best first) behind the list `popular` of a model; items without a rank follow in catalogue order. */
  rank(model: string, ranking: readonly number[]): void {
    this.#rankings.set(model, ranking);
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
    for (const [model, ranking] of this.#rankings) {
      const rank = new Map(ranking.map((itemNumber, index) => [itemNumber, index]));
      const placeOf = (item: KeptItem): number => rank.get(item.itemNumber) ?? ranking.length + item.itemNumber;
      this.#popular.set(
        model,
        this.#showable.toSorted((a, b) => placeOf(a) - placeOf(b)),
      );
    }
  }
}
