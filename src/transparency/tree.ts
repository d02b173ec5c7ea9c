/**
 * The Merkle tree of RFC 6962 (section 2.1, kept by RFC 9162), as pure arithmetic over hashes: roots, proofs that an entry is in a tree,
 * proofs that one tree is the beginning of another, and the check of both. Where hashes come from (tiles, rows, memory) is the caller's
 * affair: a proof is first said as ranges of entries, and ranges as complete subtrees. Sizes and indices are integers below 2^53.
 */
import { hash } from 'node:crypto';

/** Bytes in every hash of the tree (SHA-256). */
export const hashBytes = 32;

/** The root of a tree without entries. */
export const emptyRoot: Buffer = hash('sha256', Buffer.alloc(0), 'buffer');

/** The entries `start` (inclusive) to `end` (exclusive). */
export interface EntryRange {
  readonly start: number;
  readonly end: number;
}

/** A complete subtree: the entries `index · 2^level` to `(index + 1) · 2^level`. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(1 + entry.length);
  message[0] = 0;
  message.set(entry, 1);
  return hash('sha256', message, 'buffer');
}

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  nodeMessage.set(left, 1);
  nodeMessage.set(right, 1 + hashBytes);
  return hash('sha256', nodeMessage, 'buffer');
}

// Reused by every call, since hashing is synchronous: half of the time would go into allocating otherwise.
const nodeMessage = Buffer.alloc(1 + 2 * hashBytes, 1);

/**
 * The root of the complete tree over `count` hashes that lie one after the other in `hashes`, beginning at `from`; `count` is a power of two.
 * Costs count − 1 hashes.
 */
export function completeRoot(hashes: Uint8Array, from = 0, count: number = hashes.length / hashBytes): Buffer {
  const row = Buffer.from(hashes.subarray(from * hashBytes, (from + count) * hashBytes));
  if (row.length !== count * hashBytes || !Number.isInteger(Math.log2(count)))
    throw new RangeError('A complete tree has a power of two of whole hashes.');
  for (let width = count; width > 1; width /= 2)
    for (let at = 0; at < width; at += 2)
      row.set(
        nodeHash(
          row.subarray(at * hashBytes, (at + 1) * hashBytes),
          row.subarray((at + 1) * hashBytes, (at + 2) * hashBytes),
        ),
        (at / 2) * hashBytes,
      );
  return row.subarray(0, hashBytes);
}

/**
 * The ranges whose roots prove that entry `index` is in the tree of `size` entries, from the entry's sibling up to the root's child
 * (PATH of RFC 6962, section 2.1.1).
 */
export function inclusionRanges(index: number, size: number): EntryRange[] {
  if (!isCount(index) || !isCount(size) || index >= size)
    throw new RangeError(`There is no entry ${index} in a tree of ${size}.`);
  const ranges: EntryRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + leftWidth(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.reverse();
}

/**
 * The ranges whose roots prove that the tree of `older` entries is the beginning of the tree of `newer` entries
 * (PROOF of RFC 6962, section 2.1.2). Nothing needs proving about an empty or an equal tree: both have the empty proof.
 */
export function consistencyRanges({ older, newer }: { older: number; newer: number }): EntryRange[] {
  if (!isCount(older) || !isCount(newer) || older > newer)
    throw new RangeError(`A tree of ${older} entries cannot be the beginning of one of ${newer}.`);
  if (older === 0) return [];
  const ranges: EntryRange[] = [];
  let start = 0;
  let end = newer;
  while (end !== older) {
    const middle = start + leftWidth(end - start);
    if (older <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The older root itself is known to whoever checks, so its range is left out when it is a complete subtree of the newer tree.
  if (start > 0) ranges.push({ start, end });
  return ranges.reverse();
}

/** The complete subtrees that make up a range which begins a subtree of some tree, from the largest to the smallest. */
export function completeNodes({ start, end }: EntryRange): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let from = start; from < end;) {
    const level = floorLog2(end - from);
    const width = 2 ** level;
    if (from % width !== 0) throw new RangeError(`The entries ${start} to ${end} are no subtree.`);
    nodes.push({ level, index: from / width });
    from += width;
  }
  return nodes;
}

/** The root of a range, given the hashes of its complete subtrees as {@link completeNodes} orders them. */
export function rootOfNodes(hashes: readonly Uint8Array[]): Buffer {
  const root = hashes.reduceRight<Uint8Array | undefined>(
    (right, left) => (right === undefined ? left : nodeHash(left, right)),
    undefined,
  );
  return root === undefined ? emptyRoot : Buffer.from(root);
}

/** Whether the proof shows that an entry with this hash stands at `index` in the tree (RFC 9162, section 2.1.3.2). */
export function isIncluded(claim: {
  leafHash: Uint8Array;
  index: number;
  size: number;
  proof: readonly Uint8Array[];
  root: Uint8Array;
}): boolean {
  if (!isCount(claim.index) || !isCount(claim.size) || claim.index >= claim.size) return false;
  if (![claim.leafHash, claim.root, ...claim.proof].every(isHash)) return false;
  let node = claim.index;
  let last = claim.size - 1;
  let root: Buffer = Buffer.from(claim.leafHash);
  for (const sibling of claim.proof) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      root = nodeHash(sibling, root);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else root = nodeHash(root, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && root.equals(claim.root);
}

/** Whether the proof shows that the older tree is the beginning of the newer one (RFC 9162, section 2.1.4.2). */
export function isConsistent(claim: {
  older: { size: number; root: Uint8Array };
  newer: { size: number; root: Uint8Array };
  proof: readonly Uint8Array[];
}): boolean {
  const { older, newer, proof } = claim;
  if (!isCount(older.size) || !isCount(newer.size) || older.size > newer.size) return false;
  if (![older.root, newer.root, ...proof].every(isHash)) return false;
  if (older.size === newer.size) return proof.length === 0 && Buffer.from(older.root).equals(newer.root);
  if (older.size === 0) return proof.length === 0 && emptyRoot.equals(older.root);
  const steps = isPowerOfTwo(older.size) ? [older.root, ...proof] : [...proof];
  let node = older.size - 1;
  let last = newer.size - 1;
  while (isOdd(node)) {
    node = half(node);
    last = half(last);
  }
  const first = steps.shift();
  if (first === undefined) return false;
  let olderRoot: Buffer = Buffer.from(first);
  let newerRoot = olderRoot;
  for (const sibling of steps) {
    if (last === 0) return false;
    if (isOdd(node) || node === last) {
      olderRoot = nodeHash(sibling, olderRoot);
      newerRoot = nodeHash(sibling, newerRoot);
      while (!isOdd(node) && node !== 0) {
        node = half(node);
        last = half(last);
      }
    } else newerRoot = nodeHash(newerRoot, sibling);
    node = half(node);
    last = half(last);
  }
  return last === 0 && olderRoot.equals(older.root) && newerRoot.equals(newer.root);
}

/**
 * A tree that is only ever added to, held as the complete subtrees of its right edge: at most 53 hashes, whatever its size.
 * The sequencer signs no root that this has not reached from the root signed before.
 */
export class RightEdge {
  #size: number;
  readonly #nodes: Buffer[];

  /** From the hashes of the complete subtrees of `size` entries, as {@link completeNodes} orders them; empty by default. */
  constructor(size = 0, nodes: readonly Buffer[] = []) {
    if (nodes.length !== completeNodes({ start: 0, end: size }).length)
      throw new RangeError('The right edge of this size has another number of subtrees.');
    this.#size = size;
    this.#nodes = [...nodes];
  }

  get size(): number {
    return this.#size;
  }

  /** Adds one entry by its leaf hash. */
  add(leaf: Buffer): void {
    let node = leaf;
    for (let index = this.#size; isOdd(index); index = half(index)) {
      const left = this.#nodes.pop();
      if (left === undefined) throw new RangeError('The right edge is shorter than its size says.');
      node = nodeHash(left, node);
    }
    this.#nodes.push(node);
    this.#size += 1;
  }

  root(): Buffer {
    return rootOfNodes(this.#nodes);
  }
}

/** The largest power of two below `width`, which is at least 2: where RFC 6962 splits a tree. */
function leftWidth(width: number): number {
  return 2 ** floorLog2(width - 1);
}

/** Exact for every integer from 1 to 2^53, where Math.log2 rounds: 2^49 − 1 would count as 2^49. */
function floorLog2(value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(value: Uint8Array): boolean {
  return value.length === hashBytes;
}

function isPowerOfTwo(value: number): boolean {
  return 2 ** floorLog2(value) === value;
}

// Bit operators stop at 2^31; these do not.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
