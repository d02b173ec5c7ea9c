/**
 * One text for one JSON value, whatever order its keys were written in, so that a digest or a commitment means the value and not its
 * spelling. Follows RFC 8785 (JSON Canonicalization Scheme). Used for policy digests and by every room that commits to a record.
 */

/**
 * The canonical text of a JSON value: keys sorted by UTF-16 code units, no white space, numbers and strings as ECMAScript writes them,
 * `-0` as `0`. A member that is `undefined` is dropped, as if it were not there. Everything that JSON cannot say throws a RangeError that
 * names no value: non-finite numbers, bigints, functions, symbols, `undefined` outside an object, objects with a class (a Date, a Map),
 * and lone surrogates (RFC 8785, section 3.2.2.2). Hash its UTF-8 bytes.
 */
export function canonicalJson(value: unknown): string {
  // Five times as fast where whoever made the value wrote its keys in order, as decisions do. A lone surrogate shows as an escape.
  const text = isInOrder(value) ? JSON.stringify(value) : undefined;
  return text === undefined || text.includes('\\ud') ? canonicalText(value) : text;
}

/** Whether JavaScript's own text of a value has its keys in order, and the value nothing that JSON would leave out of a list or replace. */
function isInOrder(value: unknown): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'object' && (Array.isArray(value) ? isListInOrder(value) : areMembersInOrder(value));
}

/** By index, so that a hole is seen like any other `undefined`. */
function isListInOrder(list: readonly unknown[]): boolean {
  for (let index = 0; index < list.length; index++) if (!isInOrder(list[index])) return false;
  return true;
}

function areMembersInOrder(object: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) return false;
  const members = object as Record<string, unknown>; // a plain object, as tested above
  let last = '';
  for (const key of Object.keys(members)) {
    const member = members[key];
    if (last > key || (member !== undefined && !isInOrder(member))) return false;
    last = key;
  }
  return true;
}

function canonicalText(value: unknown): string {
  if (typeof value === 'string') return canonicalString(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('Canonical JSON has no number that is not finite');
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') throw new RangeError(`Canonical JSON has no ${typeof value}`);
  return Array.isArray(value) ? canonicalList(value) : canonicalObject(value);
}

function canonicalString(text: string): string {
  if (!text.isWellFormed()) throw new RangeError('Canonical JSON has no text with a lone surrogate');
  return JSON.stringify(text);
}

/** By index and not by `map`, so that a hole in the list is refused like any other `undefined`. */
function canonicalList(list: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < list.length; index++) {
    if (index > 0) text += ',';
    text += canonicalText(list[index]);
  }
  return `${text}]`;
}

function canonicalObject(object: object): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new RangeError(
      'Canonical JSON has plain objects only; turn a date, map or other class into text or members first',
    );
  }
  const members = object as Record<string, unknown>; // a plain object, as tested above
  let text = '{';
  for (const key of Object.keys(members).sort()) {
    const member = members[key];
    if (member === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${canonicalString(key)}:${canonicalText(member)}`;
  }
  return `${text}}`;
}
