/**
 * Imports a catalogue: CSV or tab-separated, JSON lines, Parquet, or a product feed in XML as Google Merchant Center takes it. Columns are known by the
 * names that feeds and shops give them. An item replaces the one of the same id. Called by `fairlead import --items`.
 */
import { type Item, putItems, readItems } from '../../catalogue/items.ts';
import type { Installation } from '../../consent/installation.ts';
import { Refusal } from '../../database/refusal.ts';
import { type ItemField, entryOf } from '../../policy/policy.ts';
import { queueFoldForItems } from '../fold.ts';
import { type ImportCounts, type ImportProgress, type ImportResult, noCounts } from './import-result.ts';
import { booleanIn, faultOfId, idIn, priceIn } from './cells.ts';
import { RecentlySeen } from './internal/recently-seen.ts';
import type { Rejects } from './rejects.ts';
import type { Fault, RowBatch, RowSource } from './row-source.ts';

export interface ImportItemsOptions {
  readonly source: RowSource;
  readonly rejects: Rejects;
  readonly withRows?: boolean;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/** Ids whose people are to be folded anew are gathered up to this number, so that the events are searched seldom. */
const changedMax = 20_000;
const titleMax = 500;

/** What a column may be called, in the order of preference: our own name first, then the product data specification of Google Merchant Center. */
const columnNames = {
  itemId: ['itemId', 'item_id', 'id', 'product_id', 'sku', 'offer_id'],
  title: ['title', 'name'],
  category: ['category', 'product_type', 'google_product_category'],
  supplier: ['supplier', 'brand', 'vendor'],
  price: ['price'],
  priceMinor: ['priceMinor', 'price_minor'],
  currency: ['currency'],
  available: ['available', 'availability'],
  url: ['url', 'link'],
  image: ['image', 'image_link', 'image_url'],
  topics: ['topics'],
} as const;

type Column = keyof typeof columnNames;

/** Imports, and counts what became of each row; the same id again in the file replaces the earlier one and counts as a duplicate. */
export async function importItems(installation: Installation, options: ImportItemsOptions): Promise<ImportResult> {
  const { source, rejects } = options;
  const columns = columnsIn(source);
  const counts = noCounts();
  const seen = new RecentlySeen(200_000);
  const changed: string[] = [];
  const queueChanged = async (): Promise<void> => {
    if (changed.length > 0)
      await queueFoldForItems(
        installation,
        installation.database,
        changed.splice(0),
        installation.database.world.now(),
      );
  };
  for await (const batch of source.read(columns.names, { withText: options.withRows === true })) {
    const { items, faults } = mapBatch(installation, columns, batch);
    counts.read += batch.rows.length + batch.faults.length;
    counts.rejected += faults.length;
    await rejects.add(faults);
    countDuplicates(items, seen, counts);
    changed.push(...(await put(installation, items)));
    if (changed.length >= changedMax) await queueChanged();
    options.onProgress?.({ bytesRead: source.bytesRead(), bytes: source.bytes, rows: counts.read });
  }
  await queueChanged();
  return counts;
}

/** Returns the ids that are new or whose topics changed: what people did with them may only now be learned from, or no longer. */
async function put(installation: Installation, items: readonly Item[]): Promise<string[]> {
  if (items.length === 0) return [];
  const ids = items.map((item) => item.itemId);
  const known = await readItems(installation.database, ids);
  const { topicsChanged } = await putItems(installation.database, items);
  return [...new Set([...ids.filter((id) => !known.has(id)), ...topicsChanged])];
}

function countDuplicates(items: readonly Item[], seen: RecentlySeen, counts: ImportCounts): void {
  for (const { itemId } of items) {
    if (seen.has(itemId)) counts.duplicates += 1;
    else counts.stored += 1;
    seen.add(itemId);
  }
}

interface Columns {
  readonly names: string[];
  readonly at: ReadonlyMap<Column, number>;
  /** Further fields of items that the policy declares, by their own name. */
  readonly attributes: readonly { readonly name: string; readonly at: number }[];
}

function columnsIn(source: RowSource): Columns {
  const names: string[] = [];
  const at = new Map<Column, number>();
  const byLowerCase = new Map(source.columns.map((name) => [name.toLowerCase(), name]));
  for (const [column, candidates] of Object.entries(columnNames)) {
    const found = candidates
      .map((candidate) => byLowerCase.get(candidate.toLowerCase()))
      .find((name) => name !== undefined);
    if (found !== undefined) at.set(column as Column, names.push(found) - 1); // a key of columnNames
  }
  const taken = new Set(names);
  const attributes = source.columns
    .filter((name) => !taken.has(name))
    .map((name) => ({ name, at: names.push(name) - 1 }));
  if (!at.has('itemId')) {
    throw new Refusal('import.column', 'The file has no column for the id of an item.', {
      remedy: `Name one of its columns id; they are: ${source.columns.join(', ')}.`,
    });
  }
  return { names, at, attributes };
}

function mapBatch(installation: Installation, columns: Columns, batch: RowBatch): { items: Item[]; faults: Fault[] } {
  const items: Item[] = [];
  const faults: Fault[] = [...batch.faults];
  for (const row of batch.rows) {
    const mapped = itemFrom(installation, columns, row.values);
    if (typeof mapped === 'string')
      faults.push({ line: row.line, reason: mapped, ...(row.text === undefined ? {} : { text: row.text }) });
    else items.push(mapped);
  }
  return { items, faults: faults.toSorted((left, right) => left.line - right.line) };
}

/** The item, or why the row is none. */
function itemFrom(installation: Installation, columns: Columns, values: readonly unknown[]): Item | string {
  const value = (column: Column): unknown => {
    const at = columns.at.get(column);
    return at === undefined ? undefined : values[at];
  };
  const text = (column: Column): string | null => idIn(value(column)) ?? null;
  const itemId = idIn(value('itemId'));
  if (itemId === undefined) return 'has no id';
  const fault = faultOfId(itemId);
  if (fault !== undefined) return `the item's id ${fault}`;
  const price = priceOf(value, text('currency') ?? undefined);
  if (price === 'unreadable') return 'its price cannot be read; write it as 12.00 GBP, or with a column currency';
  const available = availabilityOf(value('available'));
  if (available === undefined)
    return 'its availability is none of in_stock, out_of_stock, preorder, backorder, true, false';
  for (const column of ['url', 'image'] as const) {
    const link = text(column);
    if (link !== null && !isWebAddress(link)) return `its ${column} is no http or https address`;
  }
  return {
    itemId,
    title: (text('title') ?? itemId).slice(0, titleMax),
    category: text('category'),
    supplier: text('supplier'),
    priceMinor: price?.minor ?? null,
    currency: price?.currency ?? null,
    available,
    url: text('url'),
    image: text('image'),
    topics: topicsOf(value('topics')),
    attributes: attributesOf(installation, columns, values),
  };
}

function priceOf(
  value: (column: Column) => unknown,
  currency: string | undefined,
): { minor: number; currency: string } | undefined | 'unreadable' {
  const minor = idIn(value('priceMinor'));
  if (minor !== undefined)
    return /^\d{1,15}$/.test(minor) && currency !== undefined
      ? { minor: Number(minor), currency: currency.toUpperCase() }
      : 'unreadable';
  if (idIn(value('price')) === undefined && typeof value('price') !== 'number') return undefined;
  return priceIn(value('price'), currency) ?? 'unreadable';
}

/** `preorder` and `backorder` can be ordered, so they can be shown. No word at all counts as available, as in `Item`. */
function availabilityOf(value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === '') return true;
  const read = booleanIn(value);
  if (read !== undefined) return read;
  const word =
    typeof value === 'string'
      ? value
          .trim()
          .toLowerCase()
          .replaceAll(/[ -]/g, '_')
          .replace(/^https?:\/\/schema\.org\//, '')
      : '';
  if (['in_stock', 'instock', 'available', 'preorder', 'backorder', 'limited_availability'].includes(word)) return true;
  if (['out_of_stock', 'outofstock', 'sold_out', 'soldout', 'discontinued', 'unavailable'].includes(word)) return false;
  return undefined;
}

function topicsOf(value: unknown): string[] {
  const topics: unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[|;,]/) : [];
  return [
    ...new Set(topics.flatMap((topic) => (typeof topic === 'string' && topic.trim() !== '' ? [topic.trim()] : []))),
  ];
}

function attributesOf(
  installation: Installation,
  columns: Columns,
  values: readonly unknown[],
): Record<string, string | number | boolean> {
  const attributes: Record<string, string | number | boolean> = {};
  for (const { name, at } of columns.attributes) {
    const type = entryOf(installation.policy.items, name);
    const read = type === undefined ? undefined : attributeOf(type, values[at]);
    if (read !== undefined) attributes[name] = read;
  }
  return attributes;
}

function attributeOf(type: ItemField, value: unknown): string | number | boolean | undefined {
  if (type === 'boolean') return booleanIn(value);
  const text = value instanceof Date ? value.toISOString() : idIn(value);
  if (type !== 'number' && type !== 'money') return text?.slice(0, 1_000);
  const number = typeof value === 'number' ? value : Number(text ?? Number.NaN);
  return Number.isFinite(number) ? number : undefined;
}

function isWebAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
