/**
 * What the log holds in the place of a record: 32 bytes that say nothing to anyone who lacks the record's key, and that fit one record alone
 * for anyone who has it. Every room that logs a record keeps the key beside it and deletes both together; what is left in the log is noise.
 */
import { createHmac } from 'node:crypto';
import { Refusal } from '../database/refusal.ts';
import type { World } from '../database/world.ts';

/** Bytes in a commitment (a leaf of the log) and in its key. */
export const commitmentBytes = 32;

/** Stands before every record under the HMAC, so that the same key can never vouch for another kind of text. */
const domain = 'fairlead commitment v1\n';

/**
 * The commitment to a record: HMAC-SHA256 under the record's own key over its canonical text.
 * Hiding because the key is 32 fresh random bytes; binding because SHA-256 is collision resistant (HMAC: RFC 2104).
 * Text that is not well-formed Unicode is refused: UTF-8 would write two such texts with the same bytes.
 */
export function commitmentOf(record: string, key: Uint8Array): Buffer {
  if (key.length !== commitmentBytes)
    throw new Refusal('log.key-length', `A commitment key has ${commitmentBytes} bytes, this one has ${key.length}.`);
  if (!record.isWellFormed())
    throw new Refusal(
      'log.record-text',
      'The record holds half of a surrogate pair, so its bytes would be ambiguous.',
      {
        remedy: 'Replace lone surrogates before the record is written.',
      },
    );
  return createHmac('sha256', key).update(domain, 'utf8').update(record, 'utf8').digest();
}

/** A fresh key for one record; never use it for a second one, and delete it with the first. */
export function freshKey(world: World): Buffer {
  return Buffer.from(world.randomBytes(commitmentBytes));
}
