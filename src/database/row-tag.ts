/**
 * A keyed tag over the columns of a row that nothing else protects, so that `fairlead verify` finds a row which was changed by other means than the
 * project's own. Rows that are committed to in the transparency log, or whose sums are digested, need none.
 */
import { createCipheriv } from 'node:crypto';
import { keyedHash } from './keyed-hash.ts';

export type TaggedValue = string | number | boolean | null | Date | Uint8Array | readonly string[];

/** 16 bytes: HMAC-SHA256 over the table's name and the values, unambiguously joined. */
export function rowTag(key: Uint8Array, table: string, values: readonly TaggedValue[]): Buffer {
  return keyedHash(key)
    .update(JSON.stringify([table, ...values.map(plain)]))
    .digest()
    .subarray(0, 16);
}

/**
 * Tags of many small rows of one table at once: a 16-byte id and one moment in milliseconds each, 16 bytes one after another. CBC-MAC with AES-256
 * (ISO/IEC 9797-1, algorithm 1) over two blocks; it is sound for messages of one fixed length (Bellare, Kilian, Rogaway 2000), which these are.
 * A thousand tags cost what one HMAC does, so that the queues of intake can afford them. `key` must serve nothing else.
 */
export function blockTags(key: Uint8Array, ids: Uint8Array, atMs: number): Buffer {
  if (ids.length % blockBytes !== 0) throw new Error(`${ids.length} bytes are no row of ids of ${blockBytes} bytes`);
  const first = createCipheriv('aes-256-ecb', key, null).update(ids);
  const moment = Buffer.alloc(blockBytes);
  moment.writeBigInt64BE(BigInt(atMs), 8);
  for (let at = 0; at < first.length; at += 1) first[at] = (first[at] ?? 0) ^ (moment[at % blockBytes] ?? 0);
  return createCipheriv('aes-256-ecb', key, null).update(first);
}

const blockBytes = 16;

function plain(value: TaggedValue): unknown {
  if (value instanceof Date) return value.getTime();
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
