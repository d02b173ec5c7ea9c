/**
 * What of a message the policy lets in, before anybody's consent is asked: pure, and the same for every door. An undeclared event, property or trait
 * is left out and named, never its value.
 */
import { type PersonField, type Policy, type PropertyType, entryOf, readPath } from '../../policy/policy.ts';

/** One call in the shape of Segment's HTTP tracking API, with times already read. */
export interface Message {
  readonly type: 'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias';
  /** The idempotency key, at most 100 characters. */
  readonly messageId: string;
  /** The keyed hash of the id, where an import has it already; never from a sender. */
  readonly messageHash?: Buffer | undefined;
  readonly userId?: string | undefined;
  readonly anonymousId?: string | undefined;
  /** For `alias`: who the user id was before. */
  readonly previousId?: string | undefined;
  readonly event?: string | undefined;
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  readonly traits?: Readonly<Record<string, unknown>> | undefined;
  /** Category or purpose → allowed, from `context.consent` or `context.consentManagement`. Undefined when the message says nothing. */
  readonly consent?: Readonly<Record<string, boolean>> | undefined;
  /** When it happened, by the sender's clock, already corrected by `sentAt` where that was given. */
  readonly at?: Date | undefined;
}

export interface AdmittedEvent {
  readonly name: string;
  readonly itemIds: readonly string[];
  readonly properties: Readonly<Record<string, unknown>>;
  readonly purposes: readonly string[];
}

export interface Admission {
  /** The event as far as it is declared; undefined for a message that is no event, or one that nobody declared. */
  readonly event?: AdmittedEvent;
  /** Declared profile fields with values of their declared type. */
  readonly fields: Readonly<Record<string, string>>;
  /** Names of what was left out, for the counts. */
  readonly undeclared: readonly {
    readonly reason: 'undeclared event' | 'undeclared property' | 'wrong type';
    readonly name: string;
  }[];
}

const textMax = 1_000;
const itemsMax = 1_000;
const itemIdMax = 200;

/** Applies the policy to a message. */
export function admit(policy: Policy, message: Message): Admission {
  if (message.type === 'identify') return admitTraits(policy, message.traits ?? {});
  if (message.type === 'alias') return { fields: {}, undeclared: [] };
  return admitEvent(policy, eventName(message), message.properties ?? message.traits ?? {});
}

/** The name by which the policy knows a call: page, screen and group have names of their own. */
export function eventName(message: Message): string {
  switch (message.type) {
    case 'page':
      return 'Page Viewed';
    case 'screen':
      return 'Screen Viewed';
    case 'group':
      return 'Group Joined';
    case 'track':
    case 'identify':
    case 'alias':
      return message.event ?? '';
    default:
      return message.type satisfies never;
  }
}

function admitEvent(policy: Policy, name: string, given: Readonly<Record<string, unknown>>): Admission {
  const rule = entryOf(policy.events, name);
  if (rule === undefined) return { fields: {}, undeclared: [{ reason: 'undeclared event', name }] };
  const properties: Record<string, unknown> = {};
  const undeclared: Admission['undeclared'][number][] = [];
  const itemRoot = (rule.item ?? rule.items ?? '').split('.')[1]?.replace('[]', '');
  for (const [property, value] of Object.entries(given)) {
    const type = rule.properties === undefined ? undefined : entryOf(rule.properties, property);
    if (type === undefined) {
      if (property !== itemRoot) undeclared.push({ reason: 'undeclared property', name: `${name}.${property}` });
      continue;
    }
    const read = readProperty(type, value);
    if (read === undefined) undeclared.push({ reason: 'wrong type', name: `${name}.${property}` });
    else properties[property] = read;
  }
  const path = rule.item ?? rule.items;
  const itemIds =
    path === undefined
      ? []
      : [...new Set(readPath(path, { properties: given }))]
          .filter((id) => id.length > 0 && id.length <= itemIdMax && isStorable(id))
          .slice(0, itemsMax);
  return { event: { name, itemIds, properties, purposes: rule.for }, fields: {}, undeclared };
}

function readProperty(type: PropertyType, value: unknown): string | number | boolean | undefined {
  switch (type) {
    case 'text':
    case 'url':
      return typeof value === 'string' && value.length <= textMax && isStorable(value) ? value : undefined;
    case 'number':
    case 'money':
      return typeof value === 'number' && Number.isFinite(value)
        ? value
        : typeof value === 'string' && /^-?\d{1,15}(\.\d{1,6})?$/.test(value)
          ? Number(value)
          : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'date':
      return typeof value === 'string' &&
        /^\d{4}-\d{2}-\d{2}/.test(value) &&
        value.length <= 40 &&
        !Number.isNaN(Date.parse(value))
        ? value
        : undefined;
    default:
      return type satisfies never;
  }
}

function admitTraits(policy: Policy, traits: Readonly<Record<string, unknown>>): Admission {
  const fields: Record<string, string> = {};
  const undeclared: Admission['undeclared'][number][] = [];
  for (const [field, value] of Object.entries(traits)) {
    const declared = entryOf(policy.people, field);
    if (declared === undefined) {
      undeclared.push({ reason: 'undeclared property', name: `identify.${field}` });
      continue;
    }
    const read = readField(declared, value);
    if (read === undefined) undeclared.push({ reason: 'wrong type', name: `identify.${field}` });
    else fields[field] = read;
  }
  return { fields, undeclared };
}

/** The stored text of a profile value, or undefined when it is not of the declared kind. */
export function readField(declared: PersonField, value: unknown): string | undefined {
  switch (declared.kind) {
    case 'identifier':
      return typeof value === 'string' && value.length > 0 && value.length <= textMax && isStorable(value)
        ? value
        : undefined;
    case 'sensitive':
      return typeof value === 'string' && declared.oneOf.includes(value) ? value : undefined;
    case 'safeguard':
      return typeof value === 'boolean' ? String(value) : undefined;
    case 'attribute': {
      if (declared.oneOf !== undefined)
        return typeof value === 'string' && declared.oneOf.includes(value) ? value : undefined;
      const read = readProperty(declared.type, value);
      return read === undefined ? undefined : String(read);
    }
    default:
      return declared satisfies never;
  }
}

/** Whether a field's value is stored under the person's key; codes of a closed list and declared numbers are not, because the database adds them. */
export function isSealed(declared: PersonField): boolean {
  return declared.kind !== 'attribute' || (declared.oneOf === undefined && declared.type === 'text');
}

/** Text that PostgreSQL and JSON can hold: no NUL, no lone surrogate. */
export function isStorable(text: string): boolean {
  return !text.includes('\u0000') && text.isWellFormed();
}
