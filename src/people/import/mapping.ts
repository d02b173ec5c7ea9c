/**
 * Says which column of a file is what: person, event, item, time, properties. Comes from a mapping file or from flags, is checked against the policy
 * before the first row is read, and then turns rows into messages. Pure; used by the import of events.
 */
import { Refusal } from '../../database/refusal.ts';
import { subtractDuration } from '../../policy/durations.ts';
import { type EventRule, type Policy, type PropertyType, entryOf } from '../../policy/policy.ts';
import type { Message } from '../intake.ts';
import { type TimeReader, booleanIn, faultOfId, idIn, timeReader } from './cells.ts';
import { skipRule } from './internal/skip-rule.ts';

/** What a mapping file holds, as JSON; flags are the same by other names. Every value in quotes is the name of a column unless it says otherwise. */
export interface Mapping {
  /** User ids. */
  readonly person?: string;
  /** Anonymous ids; used where the row has no user id. */
  readonly visitor?: string;
  /** One event for all rows by its name in the policy, or a column with, for what stands in it, the policy's names. */
  readonly event: string | { readonly column: string; readonly names?: Readonly<Record<string, string>> };
  readonly item?: string;
  readonly time: string | { readonly column: string; readonly format: string };
  /** A column whose values tell rows apart for good; the line in the file otherwise. */
  readonly id?: string;
  /** Name of the property in the policy → column. */
  readonly properties?: Readonly<Record<string, string>>;
  /** Rules for rows to leave out, `Quantity<=0`. */
  readonly skip?: readonly string[];
  /** What rows say about their item, for `--items-from-rows`. `currency` is a column, or a code in capitals. */
  readonly items?: Readonly<
    Partial<Record<'title' | 'category' | 'supplier' | 'price' | 'currency' | 'url' | 'image', string>>
  >;
}

/** What became of one row. Anonymous rows name no person, refused ones say why. */
export type MappedRow =
  | { readonly kind: 'message'; readonly message: Message; readonly itemId: string | undefined }
  | { readonly kind: 'anonymous'; readonly itemId: string | undefined }
  | { readonly kind: 'refused'; readonly reason: string };

export interface RowMapper {
  /** The columns to read, in the order in which `map` takes their values. */
  readonly columns: readonly string[];
  /** Whether messages carry ids of the file's own, which hold across files. */
  readonly hasOwnIds: boolean;
  map(values: readonly unknown[], line: number): MappedRow;
  /** The value of a column that `items` names. */
  itemValue(values: readonly unknown[], of: keyof NonNullable<Mapping['items']>): unknown;
}

/** Reads what a mapping file holds; refuses with `import.mapping` what is misspelt or of the wrong kind. */
export function mappingFrom(json: unknown): Mapping {
  if (!isObject(json)) throw wrongMapping('The mapping is not a JSON object', 'Start from docs/guides/import.md.');
  const known = ['person', 'visitor', 'event', 'item', 'time', 'id', 'properties', 'skip', 'items'];
  const strange = Object.keys(json).find((name) => !known.includes(name));
  if (strange !== undefined)
    throw wrongMapping(`The mapping has an unknown member "${strange}"`, `Its members are: ${known.join(', ')}.`);
  for (const name of ['person', 'visitor', 'item', 'id'])
    if (json[name] !== undefined && typeof json[name] !== 'string') throw wrongMember(name, 'the name of a column');
  for (const name of ['properties', 'items'])
    if (json[name] !== undefined && !isTexts(json[name]))
      throw wrongMember(name, 'an object whose values are names of columns');
  if (
    json['skip'] !== undefined &&
    !(Array.isArray(json['skip']) && json['skip'].every((rule) => typeof rule === 'string'))
  )
    throw wrongMember('skip', 'a list of rules in quotes');
  const { event, time } = json;
  const isEvent =
    typeof event === 'string' ||
    (isObject(event) &&
      typeof event['column'] === 'string' &&
      (event['names'] === undefined || isTexts(event['names'])));
  if (!isEvent) throw wrongMember('event', 'the name of an event in the policy, or {"column": …, "names": {…}}');
  const isTime =
    typeof time === 'string' ||
    (isObject(time) && typeof time['column'] === 'string' && typeof time['format'] === 'string');
  if (!isTime) throw wrongMember('time', 'the name of a column, or {"column": …, "format": …}');
  return json as unknown as Mapping; // every member has just been looked at
}

/** Checks a mapping against the policy and makes the function that maps rows. `now` decides what is older than its purposes keep it. */
export function rowMapper(policy: Policy, mapping: Mapping, now: Date): RowMapper {
  const columns: string[] = [];
  const use = (column: string): number => {
    const at = columns.indexOf(column);
    return at === -1 ? columns.push(column) - 1 : at;
  };
  const optional = (column: string | undefined): number => (column === undefined ? -1 : use(column));
  if (mapping.person === undefined && mapping.visitor === undefined)
    throw wrongMapping(
      'The mapping names no column for the person',
      'Say --person COLUMN (user ids) or --visitor COLUMN (anonymous ids).',
    );
  const person = optional(mapping.person);
  const visitor = optional(mapping.visitor);
  const item = optional(mapping.item);
  const id = optional(mapping.id);
  const time = use(typeof mapping.time === 'string' ? mapping.time : mapping.time.column);
  const readTime = timeReaderOf(typeof mapping.time === 'string' ? undefined : mapping.time.format);
  const rules = (mapping.skip ?? []).map(skipRule).map((rule) => ({ rule, at: use(rule.column) }));
  const properties = Object.entries(mapping.properties ?? {}).map(([name, column]) => ({ name, at: use(column) }));
  const eventOf = eventReader(policy, mapping, use, now);
  const itemColumns = Object.entries(mapping.items ?? {}).filter(
    ([of, column]) => !(of === 'currency' && isCurrencyCode(column)),
  );
  const itemAt = new Map(itemColumns.map(([of, column]) => [of, use(column)]));

  const map = (values: readonly unknown[], line: number): MappedRow => {
    const itemId = item === -1 ? undefined : idIn(values[item]);
    const userId = person === -1 ? undefined : idIn(values[person]);
    const anonymousId = userId === undefined && visitor !== -1 ? idIn(values[visitor]) : undefined;
    if (userId === undefined && anonymousId === undefined) {
      const skipped = rules.some(({ rule, at }) => rule.skips(values[at]));
      return {
        kind: 'anonymous',
        itemId: skipped || itemId === undefined || faultOfId(itemId) !== undefined ? undefined : itemId,
      };
    }
    for (const { rule, at } of rules)
      if (rule.skips(values[at])) return refused(`is left out by the rule ${rule.text}`);
    const faultOfPerson = faultOfId(userId ?? anonymousId ?? '');
    if (faultOfPerson !== undefined) return refused(`the person's id ${faultOfPerson}`);
    const event = eventOf(values);
    if (event === undefined) return refused('the policy declares no event of this name');
    if (event.placeItem !== undefined) {
      if (itemId === undefined) return refused('names no item');
      const faultOfItem = faultOfId(itemId);
      if (faultOfItem !== undefined) return refused(`the item's id ${faultOfItem}`);
    }
    const at = readTime(values[time]);
    if (at === undefined) return refused('its time cannot be read (--time-format)');
    if (at > now) return refused('its time lies in the future');
    if (at < event.oldest) return refused(`is older than its purposes keep it (${event.keepFor})`);
    const messageId = id === -1 ? String(line) : idIn(values[id]);
    if (messageId === undefined) return refused('has no id of its own');
    const sent: Record<string, unknown> = {};
    for (const property of properties) {
      const value = propertyValue(values[property.at], event.types[property.name]);
      if (value !== undefined) sent[property.name] = value;
    }
    if (itemId !== undefined) event.placeItem?.(sent, itemId);
    return {
      kind: 'message',
      itemId,
      message: { type: 'track', messageId, userId, anonymousId, event: event.name, properties: sent, at },
    };
  };
  return {
    columns,
    hasOwnIds: id !== -1,
    map,
    itemValue: (values, of) => {
      const column = mapping.items?.[of];
      if (of === 'currency' && column !== undefined && isCurrencyCode(column)) return column;
      const at = itemAt.get(of);
      return at === undefined ? undefined : values[at];
    },
  };
}

interface MappedEvent {
  readonly name: string;
  /** Puts the item's id where the policy expects it. */
  readonly placeItem: ((properties: Record<string, unknown>, itemId: string) => void) | undefined;
  readonly types: Readonly<Record<string, PropertyType>>;
  readonly oldest: Date;
  readonly keepFor: string;
}

function eventReader(
  policy: Policy,
  mapping: Mapping,
  use: (column: string) => number,
  now: Date,
): (values: readonly unknown[]) => MappedEvent | undefined {
  const known = new Map(
    Object.entries(policy.events).map(([name, rule]) => [name, mappedEvent(policy, name, rule, now)]),
  );
  const required = typeof mapping.event === 'string' ? [mapping.event] : Object.values(mapping.event.names ?? {});
  for (const name of required) {
    const event = known.get(name);
    if (event === undefined)
      throw wrongMapping(`The policy declares no event "${name}"`, `Its events are: ${[...known.keys()].join(', ')}.`);
    if (event.placeItem !== undefined && mapping.item === undefined)
      throw wrongMapping(
        `The event "${name}" is about an item, and the mapping names no column for it`,
        'Say --item COLUMN.',
      );
  }
  if (typeof mapping.event === 'string') {
    const only = known.get(mapping.event);
    return () => only;
  }
  const at = use(mapping.event.column);
  const { names } = mapping.event;
  return (values) => {
    const written = idIn(values[at]) ?? '';
    return known.get(names === undefined ? written : (entryOf(names, written) ?? ''));
  };
}

function mappedEvent(policy: Policy, name: string, rule: EventRule, now: Date): MappedEvent {
  // Kept for the longest of its purposes; older than that, it would have to be forgotten at once.
  const keeps = rule.for.flatMap((purpose) => {
    const keepFor = entryOf(policy.purposes, purpose)?.keepFor;
    return keepFor === undefined ? [] : [{ keepFor, oldest: subtractDuration(now, keepFor) }];
  });
  const longest = keeps.toSorted((left, right) => left.oldest.getTime() - right.oldest.getTime())[0];
  const path = rule.item ?? rule.items;
  return {
    name,
    placeItem: path === undefined ? undefined : itemPlacer(path),
    types: rule.properties ?? {},
    oldest: longest?.oldest ?? now,
    keepFor: longest?.keepFor ?? 'not at all',
  };
}

/** Writes an item's id at a path such as `properties.products[].product_id`, where intake will look for it. */
function itemPlacer(path: string): (properties: Record<string, unknown>, itemId: string) => void {
  const [, ...steps] = path.split('.');
  const last = steps.at(-1) ?? '';
  return (properties, itemId) => {
    let place = properties;
    for (const step of steps.slice(0, -1)) {
      const inner: Record<string, unknown> = {};
      place[step.replace('[]', '')] = step.endsWith('[]') ? [inner] : inner;
      place = inner;
    }
    place[last.replace('[]', '')] = last.endsWith('[]') ? [itemId] : itemId;
  };
}

function timeReaderOf(format: string | undefined): TimeReader {
  const read = timeReader(format ?? 'iso');
  if (read === undefined)
    throw wrongMapping(
      `"${format}" is no time format`,
      'Use iso, seconds, milliseconds, or a pattern such as DD/MM/YYYY HH:mm.',
    );
  return read;
}

function propertyValue(value: unknown, type: PropertyType | undefined): unknown {
  if (type === 'boolean') return booleanIn(value);
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value === null || value === '') return undefined;
  return typeof value === 'string' ? value.trim() : value;
}

function refused(reason: string): MappedRow {
  return { kind: 'refused', reason };
}

export function isCurrencyCode(text: string): boolean {
  return /^[A-Z]{3}$/.test(text);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((member) => typeof member === 'string');
}

function wrongMapping(message: string, remedy: string): Refusal {
  return new Refusal('import.mapping', `${message}.`, { remedy });
}

function wrongMember(name: string, wanted: string): Refusal {
  return wrongMapping(`The mapping's "${name}" is not ${wanted}`, 'Start from docs/guides/import.md.');
}
