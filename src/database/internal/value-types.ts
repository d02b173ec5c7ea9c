/**
 * How PostgreSQL's values become JavaScript's. `bigint` becomes a number, and a statement whose value is beyond 2^53 − 1 fails instead of
 * losing digits; `timestamptz` becomes a Date; `date` and `timestamp` stay text, since a Date would shift them by the machine's time zone;
 * `numeric` stays text; `bytea` becomes a Buffer, `json` and `jsonb` parsed values.
 */
import { types } from 'pg';
import type { CustomTypesConfig } from 'pg';

const parsers = new Map<number, (text: string) => unknown>([
  [types.builtins.INT8, safeInteger],
  [types.builtins.DATE, (text) => text],
  [types.builtins.TIMESTAMP, (text) => text],
  [1016, (text) => integersOf(text)],
  [1182, (text) => textsOf(text)],
  [1115, (text) => textsOf(text)],
]);

/** To be given to a `pg` client or pool; leaves pg's process-wide parsers alone. */
export const valueTypes: CustomTypesConfig = { getTypeParser: parserOf };

/** All our statements answer in text; pg's declaration says `any` for what a parser gives. */
function parserOf(oid: Parameters<typeof types.getTypeParser>[0]): ReturnType<typeof types.getTypeParser> {
  return parsers.get(oid) ?? types.getTypeParser(oid);
}

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new RangeError('A bigint from PostgreSQL is beyond 2^53 - 1; read it as text.');
  return value;
}

/** One-dimensional arrays of bigint, for example `{1,2,NULL}`. */
function integersOf(text: string): (number | null)[] {
  return textsOf(text).map((part) => (part === null ? null : safeInteger(part)));
}

function textsOf(text: string): (string | null)[] {
  const inner = text.slice(1, -1);
  if (inner === '') return [];
  return inner.split(',').map((part) => (part === 'NULL' ? null : part.replaceAll('"', '')));
}
