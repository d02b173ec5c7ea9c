/**
 * HMAC-SHA256 (RFC 2104) under a key that is used again and again. Node prepares a key given as bytes anew for each call, which costs six times as much
 * as the hash itself (16 µs against 2.6 µs); a prepared key is kept for as long as its bytes are. Every keyed hash of a row or a message goes this way.
 */
import { type Hmac, type KeyObject, createHmac, createSecretKey } from 'node:crypto';

const prepared = new WeakMap<Uint8Array, KeyObject>();

/** A fresh HMAC-SHA256 under a key whose bytes never change. */
export function keyedHash(key: Uint8Array): Hmac {
  let ready = prepared.get(key);
  if (ready === undefined) {
    ready = createSecretKey(key);
    prepared.set(key, ready);
  }
  return createHmac('sha256', ready);
}
