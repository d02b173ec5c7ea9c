/**
 * The catalogue: what can be shown. Facts about items, never about people; price and availability are the same for everybody. An item keeps its number
 * for ever, because contributions and models name items by it.
 */
import type { Database, Sql } from '../database/database.ts';
import { Refusal } from '../database/refusal.ts';
import { rowTag } from '../database/row-tag.ts';
import { canonicalJson } from '../policy/canonical.ts';

/** One item as it comes in and goes out. Prices are in minor units (pence, cents). */
export interface Item {
  readonly itemId: string;
  readonly title: string;
  readonly category?: string | null;
  readonly supplier?: string | null;
  readonly priceMinor?: number | null;
  readonly currency?: string | null;
  readonly available?: boolean;
  readonly url?: string | null;
  readonly image?: string | null;
  readonly topics?: readonly string[];
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** An item as it is kept. */
export interface KeptItem extends Required<Item> {
  readonly itemNumber: number;
  readonly updatedAt: Date;
}

const batch = 2_000;

/**
 * Adds or replaces items. Returns how many came and the ids of those whose topics changed, because what may be learned from them changes too.
 * Two items with the same id in one call: the last one stays.
 */
export async function putItems(
  database: Database,
  items: readonly Item[],
): Promise<{ stored: number; topicsChanged: string[] }> {
  const unique = [...new Map(items.map((item) => [item.itemId, item])).values()];
  const topicsChanged: string[] = [];
  for (let start = 0; start < unique.length; start += batch)
    topicsChanged.push(...(await putBatch(database, unique.slice(start, start + batch))));
  return { stored: unique.length, topicsChanged };
}

async function putBatch(database: Database, items: readonly Item[]): Promise<string[]> {
  return database.transaction(async (tx) => {
    // Numbers are given in one order and without gaps, so that the co-occurrence stays dense.
    await tx.query("select pg_advisory_xact_lock(hashtext('fairlead items'))");
    const before = await readItems(
      tx,
      items.map((item) => item.itemId),
    );
    const [last] = await tx.query<{ item_number: number }>(
      'select coalesce(max(item_number), -1) as item_number from items',
    );
    let next = (last?.item_number ?? -1) + 1;
    const updatedAt = tx.world.now();
    await store(
      tx,
      items.map((item) => ({ ...kept(item), itemNumber: before.get(item.itemId)?.itemNumber ?? next++, updatedAt })),
    );
    await tx.query("select pg_notify('fairlead_items', '')");
    return items
      .filter((item) => (item.topics ?? []).join('\n') !== (before.get(item.itemId)?.topics ?? []).join('\n'))
      .map((item) => item.itemId);
  });
}

function kept(item: Item): Omit<KeptItem, 'itemNumber' | 'updatedAt'> {
  return {
    itemId: item.itemId,
    title: item.title,
    category: item.category ?? null,
    supplier: item.supplier ?? null,
    priceMinor: item.priceMinor ?? null,
    currency: item.currency ?? null,
    available: item.available ?? true,
    url: item.url ?? null,
    image: item.image ?? null,
    topics: item.topics ?? [],
    attributes: item.attributes ?? {},
  };
}

async function store(sql: Sql, items: readonly KeptItem[]): Promise<void> {
  await sql.query(
    `insert into items (item_id, item_number, title, category, supplier, price_minor, currency, available, url, image, topics, attributes, updated_at, tag)
     select item_id, item_number, title, category, supplier, price_minor, currency, available, url, image, array(select jsonb_array_elements_text(topics)), attributes, updated_at, tag
     from unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::boolean[], $9::text[], $10::text[], $11::jsonb[], $12::jsonb[],
                 $13::timestamptz[], $14::bytea[])
       as stored (item_id, item_number, title, category, supplier, price_minor, currency, available, url, image, topics, attributes, updated_at, tag)
     on conflict (item_id) do update set title = excluded.title, category = excluded.category, supplier = excluded.supplier, price_minor = excluded.price_minor,
       currency = excluded.currency, available = excluded.available, url = excluded.url, image = excluded.image, topics = excluded.topics,
       attributes = excluded.attributes, updated_at = excluded.updated_at, tag = excluded.tag`,
    [
      items.map((item) => item.itemId),
      items.map((item) => item.itemNumber),
      items.map((item) => item.title),
      items.map((item) => item.category),
      items.map((item) => item.supplier),
      items.map((item) => item.priceMinor),
      items.map((item) => item.currency),
      items.map((item) => item.available),
      items.map((item) => item.url),
      items.map((item) => item.image),
      items.map((item) => JSON.stringify(item.topics)),
      items.map((item) => JSON.stringify(item.attributes)),
      items.map((item) => item.updatedAt),
      items.map(itemTag),
    ],
  );
}

/** The catalogue is public, so its rows carry a checksum rather than a keyed tag: it shows a change that did not come through here. */
export function itemTag(item: KeptItem): Buffer {
  return rowTag(Buffer.from('fairlead catalogue'), 'items', [
    item.itemId,
    item.itemNumber,
    item.title,
    item.category,
    item.supplier,
    item.priceMinor,
    item.currency,
    item.available,
    item.url,
    item.image,
    item.topics,
    canonicalJson(item.attributes),
    item.updatedAt,
  ]);
}

/** Takes items out of what is shown; they keep their number and their facts. Returns how many there were. */
export async function withdrawItems(database: Database, itemIds: readonly string[]): Promise<number> {
  return database.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock(hashtext('fairlead items'))");
    const items = [...(await readItems(tx, itemIds)).values()];
    await store(
      tx,
      items.map((item) => ({ ...item, available: false, updatedAt: tx.world.now() })),
    );
    await tx.query("select pg_notify('fairlead_items', '')");
    return items.length;
  });
}

/** The facts of items, by id; unknown ids are absent. */
export async function readItems(sql: Sql, itemIds: readonly string[]): Promise<Map<string, KeptItem>> {
  const rows = await sql.query<ItemRow>('select * from items where item_id = any($1::text[])', [itemIds]);
  return new Map(rows.map((row) => [row.item_id, itemOf(row)]));
}

/** One page of the catalogue in the order of its numbers. */
export async function listItems(sql: Sql, page: { after?: number; limit: number }): Promise<KeptItem[]> {
  const rows = await sql.query<ItemRow>('select * from items where item_number > $1 order by item_number limit $2', [
    page.after ?? -1,
    page.limit,
  ]);
  return rows.map(itemOf);
}

/** The item, or a refusal. */
export async function readItem(sql: Sql, itemId: string): Promise<KeptItem> {
  const item = (await readItems(sql, [itemId])).get(itemId);
  if (item === undefined)
    throw new Refusal('item.unknown', 'The catalogue has no such item.', {
      remedy: 'Send it to /v1/items, or check its id.',
    });
  return item;
}

interface ItemRow {
  item_id: string;
  item_number: number;
  title: string;
  category: string | null;
  supplier: string | null;
  price_minor: number | null;
  currency: string | null;
  available: boolean;
  url: string | null;
  image: string | null;
  topics: string[];
  attributes: Record<string, string | number | boolean>;
  updated_at: Date;
}

function itemOf(row: ItemRow): KeptItem {
  return {
    itemId: row.item_id,
    itemNumber: row.item_number,
    title: row.title,
    category: row.category,
    supplier: row.supplier,
    priceMinor: row.price_minor,
    currency: row.currency,
    available: row.available,
    url: row.url,
    image: row.image,
    topics: row.topics,
    attributes: row.attributes,
    updatedAt: row.updated_at,
  };
}
