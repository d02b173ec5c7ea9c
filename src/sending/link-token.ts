/**
 * The opaque tokens of links in mails: to unsubscribe, and to fetch what somebody gets. Sealed, so that a token names nobody to whoever reads it, cannot be made
 * up or changed, and works without a table for as long as the key lives: a mail may lie in a box for years, and unsubscribing from it has to work.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { Installation } from '../consent/installation.ts';

/** What a link is for; a token for one is none for another. */
export type LinkUse = 'unsubscribe' | 'content';

/** Whom and what a link is about. */
export interface Linked {
  readonly personId: string;
  readonly batchId: string;
  readonly placement: string;
}

const nonceBytes = 12;
const tagBytes = 16;
const idBytes = 16;

/** AES-256-GCM (NIST SP 800-38D) over both ids and the placement; the use is bound in as associated data. */
export function linkToken(
  { keys, database }: Pick<Installation, 'keys' | 'database'>,
  use: LinkUse,
  linked: Linked,
): string {
  const nonce = database.world.randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', keys.derived('mail-link'), nonce).setAAD(Buffer.from(use));
  const plain = Buffer.concat([bytesOf(linked.personId), bytesOf(linked.batchId), Buffer.from(linked.placement)]);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64url');
}

/** What a token is about, or undefined for one that was not made here for this use. */
export function linkedOf({ keys }: Pick<Installation, 'keys'>, use: LinkUse, token: string): Linked | undefined {
  const bytes = Buffer.from(token, 'base64url');
  // One spelling alone: base64url would let the last character's spare bits be whatever they like.
  if (bytes.length < nonceBytes + 2 * idBytes + tagBytes || bytes.toString('base64url') !== token) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', keys.derived('mail-link'), bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(use)).setAuthTag(bytes.subarray(-tagBytes));
    const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
    return {
      personId: uuidOf(plain.subarray(0, idBytes)),
      batchId: uuidOf(plain.subarray(idBytes, 2 * idBytes)),
      placement: plain.subarray(2 * idBytes).toString('utf8'),
    };
  } catch {
    return undefined; // it was changed, or made under another key or for another use
  }
}

function bytesOf(uuid: string): Buffer {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function uuidOf(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
