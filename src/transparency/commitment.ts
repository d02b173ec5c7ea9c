/**
 * What the log holds in the place of a record: 32 bytes that say nothing to anyone who lacks the record's key, and that fit one record alone
 * for anyone who has it. Every room that logs a record keeps the key beside it and deletes both together; what is left in the log is noise.
 */
import { hash } from 'node:crypto';
import { Refusal } from '../database/refusal.ts';
import type { World } from '../database/world.ts';

/** Bytes in a commitment (a leaf of the log) and in its key. */
export const commitmentBytes = 32;

/** Stands before every record under the HMAC, so that the same key can never vouch for another kind of text. */
const domain = Buffer.from('fairlead commitment v1\n');

/**
 * The commitment to a record: HMAC-SHA256 under the record's own key over its canonical text.
 * Hiding because the key is 32 fresh random bytes; binding because SHA-256 is collision resistant (HMAC: RFC 2104).
 * Text that is not well-formed Unicode is refused: UTF-8 would write two such texts with the same bytes.
 */
export function commitmentOf(record: string, key: Uint8Array): Buffer {
  return committed(record, key).leaf;
}

/** The commitment, and the UTF-8 bytes of the record that were hashed for it, for whoever stores them. */
export function committed(record: string, key: Uint8Array): { leaf: Buffer; bytes: Buffer } {
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
  const head = blockBytes + domain.length;
  const inner = Buffer.allocUnsafe(head + Buffer.byteLength(record, 'utf8'));
  inner.set(domain, blockBytes);
  inner.write(record, head, 'utf8');
  return { leaf: hmacSha256(key, inner), bytes: inner.subarray(head) };
}

/** A fresh key for one record; never use it for a second one, and delete it with the first. */
export function freshKey(world: World): Buffer {
  return Buffer.from(world.randomBytes(commitmentBytes));
}

/**
 * HMAC-SHA256 (RFC 2104) for a key that is shorter than a block, from two one-shot hashes: 4 µs for a record of 600 bytes where node's
 * `createHmac` takes 18, and every decision waits for one. `inner` holds the text behind room for a block.
 */
function hmacSha256(key: Uint8Array, inner: Buffer): Buffer {
  const outer = Buffer.allocUnsafe(blockBytes + 32);
  for (let at = 0; at < blockBytes; at++) {
    const byte = key[at] ?? 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  outer.set(hash('sha256', inner, 'buffer'), blockBytes);
  return hash('sha256', outer, 'buffer');
}

/** The block of SHA-256. */
const blockBytes = 64;
