/** The opaque token of a "why this?" link: a decision's id with a keyed tag, so that ids cannot be tried out. 32 bytes, base64url. */
import { timingSafeEqual } from 'node:crypto';
import type { Installation } from '../consent/installation.ts';
import { keyedHash } from '../database/keyed-hash.ts';

const tagBytes = 16;

export function whyToken(installation: Pick<Installation, 'keys'>, decisionId: string): string {
  const id = Buffer.from(decisionId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, tagOf(installation, id)]).toString('base64url');
}

/** The decision behind a token, or undefined for one that was not made here. */
export function decisionOfToken(installation: Pick<Installation, 'keys'>, token: string): string | undefined {
  const bytes = Buffer.from(token, 'base64url');
  // One spelling alone: base64url would let the last character's spare bits, and anything that is no digit of it, be whatever they like.
  if (bytes.length !== 16 + tagBytes || bytes.toString('base64url') !== token) return undefined;
  const id = bytes.subarray(0, 16);
  if (!timingSafeEqual(bytes.subarray(16), tagOf(installation, id))) return undefined;
  const hex = id.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function tagOf(installation: Pick<Installation, 'keys'>, id: Buffer): Buffer {
  return keyedHash(installation.keys.derived('link')).update('why').update(id).digest().subarray(0, tagBytes);
}
