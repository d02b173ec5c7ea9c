/**
 * A keyed tag over the columns of a row that nothing else protects, so that `fairlead verify` finds a row which was changed by other means than the
 * project's own. Rows that are committed to in the transparency log, or whose sums are digested, need none.
 */
import { keyedHash } from './keyed-hash.ts';

export type TaggedValue = string | number | boolean | null | Date | Uint8Array | readonly string[];

/** 16 bytes: HMAC-SHA256 over the table's name and the values, unambiguously joined. */
export function rowTag(key: Uint8Array, table: string, values: readonly TaggedValue[]): Buffer {
  return keyedHash(key)
    .update(JSON.stringify([table, ...values.map(plain)]))
    .digest()
    .subarray(0, 16);
}

function plain(value: TaggedValue): unknown {
  if (value instanceof Date) return value.getTime();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
