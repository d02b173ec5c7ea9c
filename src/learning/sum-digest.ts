/**
 * The sum digest of a model: a keyed additive multiset hash (LtHash16) of the contribution rows behind it. Adding or taking out a person
 * costs one row, the digest of the same rows is the same in any order, and it opens to an auditor who has the key and the rows and to nobody else.
 * Called by the fold for each change and by `verify`, which rebuilds it from the rows.
 */
import { createHash } from 'node:crypto';
import { requireContribution } from './contributions.ts';
import { LearningError } from './learning-error.ts';

/** 1,024 lanes of 16 bits, each a sum modulo 65,536. A plain array so that it can be kept, sent and compared as it is. */
export type SumDigest = Uint16Array;

/** One person's contribution to one model, as it is stored. */
export interface ContributionRow {
  model: string;
  /** A UUID in its usual text form; letter case does not matter. */
  personId: string;
  /** As `contributionOf` returns them. */
  items: ArrayLike<number>;
}

const laneCount = 1024;
/** Length of `digestBytes`. */
export const digestByteLength = laneCount * 2;
const keyByteLengthMin = 32;
/** The rate of SHAKE256 (FIPS 202): the key fills its own blocks, as in KMAC. */
const shakeRateBytes = 136;
const domain = Buffer.from('fairlead contribution row v1');

/** The digest of no people. */
export function emptyDigest(): SumDigest {
  return new Uint16Array(laneCount);
}

/**
 * What one row adds to a digest.
 *
 * Guarantee: rows that differ in model, person or items have different encodings, and so independent lanes (sum-digest.test.ts).
 * Formula: SHAKE256(pad₁₃₆(domain ‖ key) ‖ model ‖ person ‖ items), each part after its length, read as 1,024 little-endian lanes.
 * Source: Bellare & Micciancio, "A new paradigm for collision-free hashing" (1997); Lewi et al., "Securing update propagation with
 * homomorphic hashing" (2019), LtHash16.
 * Cost: 16 permutations, about 15 µs.
 * Limits: the key is secret and at least 32 bytes; whoever holds it can test guesses of a person's items against a digest.
 */
export function rowLanes(key: Uint8Array, row: ContributionRow): Uint16Array {
  if (key.length < keyByteLengthMin) {
    throw new LearningError('learning.malformed', `A digest key of ${key.length} bytes is too short`, 'Give 32 bytes.');
  }
  requireContribution(row.items);
  const output = createHash('shake256', { outputLength: digestByteLength })
    .update(keyBlock(key))
    .update(lengthPrefixed(Buffer.from(row.model)))
    .update(uuidBytes(row.personId))
    .update(itemBytes(row.items))
    .digest();
  return digestFrom(output);
}

/** Adds a row's lanes to the digest, in place. */
export function addRow(digest: SumDigest, lanes: Uint16Array): void {
  // A Uint16Array stores modulo 65,536, which is the group of LtHash16.
  for (let lane = 0; lane < laneCount; lane++) digest[lane] = (digest[lane] ?? 0) + (lanes[lane] ?? 0);
}

/** Takes a row's lanes out of the digest again, in place. */
export function subtractRow(digest: SumDigest, lanes: Uint16Array): void {
  for (let lane = 0; lane < laneCount; lane++) digest[lane] = (digest[lane] ?? 0) - (lanes[lane] ?? 0);
}

/** Adds the digest of other rows, in place: what two digests of disjoint rows merge to. */
export function addDigest(digest: SumDigest, other: SumDigest): void {
  addRow(digest, other);
}

/** What people see and what is signed: SHA-256 of the lanes, 64 hexadecimal digits. */
export function digestHex(digest: SumDigest): string {
  return createHash('sha256').update(digestBytes(digest)).digest('hex');
}

/** The lanes as 2,048 bytes, little-endian on every machine. */
export function digestBytes(digest: SumDigest): Uint8Array {
  const bytes = new Uint8Array(digestByteLength);
  const view = new DataView(bytes.buffer);
  for (let lane = 0; lane < laneCount; lane++) view.setUint16(lane * 2, digest[lane] ?? 0, true);
  return bytes;
}

/** Reads what `digestBytes` wrote; `learning.unreadable` for any other length. */
export function digestFrom(bytes: Uint8Array): SumDigest {
  if (bytes.length !== digestByteLength) {
    throw new LearningError(
      'learning.unreadable',
      `A sum digest has ${digestByteLength} bytes, this one ${bytes.length}`,
      'Rebuild the digest from the contribution rows.',
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: laneCount }, (_, lane) => view.getUint16(lane * 2, true));
}

function keyBlock(key: Uint8Array): Buffer {
  const parts = Buffer.concat([lengthPrefixed(domain), lengthPrefixed(key)]);
  const block = Buffer.alloc(Math.ceil(parts.length / shakeRateBytes) * shakeRateBytes);
  block.set(parts);
  return block;
}

function lengthPrefixed(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(4 + bytes.length);
  framed.writeUInt32BE(bytes.length);
  framed.set(bytes, 4);
  return framed;
}

function uuidBytes(uuid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(uuid)) {
    // The id itself stays out of the message: it is a pseudonym of a person.
    throw new LearningError(
      'learning.malformed',
      'A person id is no UUID',
      'Give the person id as the database holds it.',
    );
  }
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

function itemBytes(items: ArrayLike<number>): Buffer {
  const framed = Buffer.alloc(4 + items.length * 4);
  framed.writeUInt32BE(items.length);
  for (let at = 0; at < items.length; at++) framed.writeUInt32BE(items[at] ?? 0, 4 + at * 4);
  return framed;
}
