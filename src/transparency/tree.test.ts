import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryTree, memoryEntries } from '../../test/support/memory-log.ts';
import {
  RightEdge,
  completeNodes,
  consistencyRanges,
  emptyRoot,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
  rootOfNodes,
} from './tree.ts';

const sizeMax = 256;
const tree = new MemoryTree(memoryEntries(sizeMax));
const hashes = tree.entries.map((entry) => leafHash(entry));
const rootOf = (size: number) => tree.root(0, size);
const inclusionProof = (index: number, size: number) =>
  inclusionRanges(index, size).map(({ start, end }) => tree.root(start, end));
const consistencyProof = (older: number, newer: number) =>
  consistencyRanges({ older, newer }).map(({ start, end }) => tree.root(start, end));

describe('the tree', () => {
  test('has the roots that every RFC 6962 log has over the reference entries', () => {
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const edge = new RightEdge();
    expect(edge.root().toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    const grown = entries.map((entry) => {
      edge.add(leafHash(Buffer.from(entry, 'hex')));
      return edge.root().toString('hex');
    });
    expect(grown).toEqual(roots);
  });

  test('has the same root whether it grows at its edge, is cut into complete subtrees, or is taken from the definition', () => {
    const edge = new RightEdge();
    for (let size = 0; size <= sizeMax; size++) {
      const nodes = completeNodes({ start: 0, end: size }).map(({ level, index }) =>
        tree.root(index * 2 ** level, (index + 1) * 2 ** level),
      );
      const definition = rootOf(size);
      expect(edge.root().equals(definition) && rootOfNodes(nodes).equals(definition)).toBe(true);
      expect(new RightEdge(size, nodes).root().equals(definition)).toBe(true);
      const next = hashes[size];
      if (next !== undefined) edge.add(next);
    }
  });

  test('tells an entry from a node', () => {
    const [left, right] = [leafHash(Buffer.of(1)), leafHash(Buffer.of(2))];
    expect(leafHash(Buffer.concat([left, right])).equals(nodeHash(left, right))).toBe(false);
  });

  test('splits trees of up to 2^53 entries without losing a digit', () => {
    const large = fc.integer({ min: 2, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(large, fc.nat({ max: Number.MAX_SAFE_INTEGER }), (size, draw) => {
        const index = draw % size;
        const ranges = inclusionRanges(index, size).toSorted((a, b) => a.start - b.start);
        const around = [...ranges, { start: index, end: index + 1 }].toSorted((a, b) => a.start - b.start);
        // Together with the entry itself the ranges of a proof are the whole tree, once.
        expect(around.reduce((from, range) => (range.start === from ? range.end : Number.NaN), 0)).toBe(size);
        for (const range of around) expect(() => completeNodes(range)).not.toThrow();
      }),
      {
        seed: 4400,
        examples: [
          [2 ** 49 - 1, 0],
          [2 ** 49, 2 ** 49 - 1],
          [Number.MAX_SAFE_INTEGER, 2 ** 52],
        ],
      },
    );
  });
});

describe('inclusion', () => {
  test(`is proven for every entry of every tree of up to ${sizeMax} entries, and for no other place, size or root`, () => {
    let proven = 0;
    let wronglyProven = 0;
    for (let size = 1; size <= sizeMax; size++) {
      const root = rootOf(size);
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size);
        const leaf = hashes[index] ?? emptyRoot;
        const claim = { leafHash: leaf, index, size, proof, root };
        if (isIncluded(claim)) proven += 1;
        // Every other place in trees of up to 24 entries; in larger ones the places whose paths are most alike.
        const places = size <= 24 ? Array.from({ length: size }, (_, at) => at) : near(index, size);
        for (const other of places) if (other !== index && isIncluded({ ...claim, index: other })) wronglyProven += 1;
        for (const other of [size - 1, size + 1, size * 2, 1])
          if (other !== size && isIncluded({ ...claim, size: other, root: rootOf(Math.min(other, sizeMax)) }))
            wronglyProven += 1;
        // A third of the trees is enough to show that no other shape of proof is taken, and spares hashing.
        if (size % 3 !== 1) continue;
        const wrong = [
          { ...claim, root: rootOf(size - 1) },
          {
            ...claim,
            leafHash: hashes[(index + 1) % size] ?? emptyRoot,
            ...(size === 1 ? { leafHash: emptyRoot } : {}),
          },
          { ...claim, proof: [...proof, root] },
          { ...claim, proof: [leaf, ...proof] },
          { ...claim, proof: size === 1 ? [leaf] : proof.slice(1) },
          { ...claim, proof: size === 1 ? [root] : proof.slice(0, -1) },
          { ...claim, index: -1 },
          { ...claim, index: index + 0.5 },
          { ...claim, index: index + size },
        ];
        for (const claim of wrong) if (isIncluded(claim)) wronglyProven += 1;
      }
    }
    expect({ proven, wronglyProven }).toEqual({ proven: 32_896, wronglyProven: 0 });
  }, 30_000);

  test('is never proven with a hash of another length', () => {
    const claim = { leafHash: hashes[3] ?? emptyRoot, index: 3, size: 8, proof: inclusionProof(3, 8), root: rootOf(8) };
    expect(isIncluded(claim)).toBe(true);
    expect(isIncluded({ ...claim, proof: claim.proof.map((hash) => hash.subarray(0, 31)) })).toBe(false);
    expect(isIncluded({ ...claim, root: claim.root.subarray(0, 31) })).toBe(false);
  });

  test('does not exist outside the tree', () => {
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 4],
      [0.5, 4],
      [4, 4],
      [0, Number.NaN],
      [0, 2 ** 54],
    ] as const)
      expect(() => inclusionRanges(index, size)).toThrow(RangeError);
  });

  const oracle = sigstoreInclusion();
  test.skipIf(oracle === undefined)('is judged alike by the verifier that npm carries (@sigstore/verify)', () => {
    const verify = oracle ?? (() => false);
    for (let size = 1; size <= sizeMax; size += size < 40 ? 1 : 7)
      for (let index = 0; index < size; index += size < 40 ? 1 : 5) {
        const proof = inclusionProof(index, size);
        const claim = { entry: tree.entries[index] ?? emptyRoot, index, size, proof, root: rootOf(size) };
        const tampered = { ...claim, index: (index + 1) % size };
        for (const one of [claim, tampered]) {
          const ours = isIncluded({ ...one, leafHash: leafHash(one.entry) });
          expect(verify(one)).toBe(ours);
          expect(ours).toBe(one.index === index);
        }
      }
  });
});

describe('consistency', () => {
  test(`is proven for every pair of trees of up to ${sizeMax} entries, and for no other pair`, () => {
    let proven = 0;
    let wronglyProven = 0;
    for (let newer = 0; newer <= sizeMax; newer++)
      for (let older = 0; older <= newer; older++) {
        const proof = consistencyProof(older, newer);
        const claim = {
          older: { size: older, root: rootOf(older) },
          newer: { size: newer, root: rootOf(newer) },
          proof,
        };
        if (isConsistent(claim)) proven += 1;
        // An empty tree is the beginning of every tree; its proof says nothing.
        if (older === 0) continue;
        const others = newer <= 24 ? Array.from({ length: newer + 1 }, (_, at) => at) : near(older, newer + 1);
        for (const size of others)
          if (size !== older && size > 0 && isConsistent({ ...claim, older: { size, root: rootOf(size) } }))
            wronglyProven += 1;
        if (newer % 3 !== 1) continue;
        const wrong = [
          { ...claim, older: { size: older, root: rootOf(older - 1) } },
          { ...claim, newer: { size: newer, root: rootOf(newer - 1) } },
          { ...claim, proof: [...proof, rootOf(newer)] },
          { ...claim, proof: [rootOf(older), ...proof] },
          ...(proof.length > 0
            ? [
                { ...claim, proof: proof.slice(1) },
                { ...claim, proof: proof.slice(0, -1) },
              ]
            : []),
          ...(older < newer ? [{ ...claim, older: claim.newer, newer: claim.older }] : []),
        ];
        for (const claim of wrong) if (isConsistent(claim)) wronglyProven += 1;
      }
    expect({ proven, wronglyProven }).toEqual({ proven: (257 * 258) / 2, wronglyProven: 0 });
  }, 30_000);

  test('is not proven between two histories, however long their common beginning', () => {
    const forked = new MemoryTree([...tree.entries.slice(0, 100), ...memoryEntries(156, 'other ')]);
    for (let older = 101; older < 256; older++) {
      const proof = consistencyRanges({ older, newer: 256 }).map(({ start, end }) => forked.root(start, end));
      const newer = { size: 256, root: forked.root() };
      expect(isConsistent({ older: { size: older, root: rootOf(older) }, newer, proof })).toBe(false);
      expect(isConsistent({ older: { size: older, root: forked.root(0, older) }, newer, proof })).toBe(true);
    }
  });
});

/** Places whose paths differ from that of `index` in one turn, and the ends. */
function near(index: number, size: number): number[] {
  return [index ^ 1, index ^ (1 << (index % 8)), 0, size - 1].filter((place) => place < size);
}

/** RFC 6962 inclusion as Sigstore's client checks it; npm carries that client to check where packages come from. */
function sigstoreInclusion():
  | ((claim: { entry: Buffer; index: number; size: number; proof: Buffer[]; root: Buffer }) => boolean)
  | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const npm = path.join(folder, 'npm');
    if (!existsSync(npm)) continue;
    const merkle = path.resolve(realpathSync(npm), '../../node_modules/@sigstore/verify/dist/tlog/merkle.js');
    if (!existsSync(merkle)) continue;
    const loaded: unknown = createRequire(import.meta.url)(merkle);
    // A foreign module without declarations: its one function is checked for here and called below.
    const { verifyMerkleInclusion } = loaded as {
      verifyMerkleInclusion?: (entry: unknown, checkpoint: unknown) => void;
    };
    if (verifyMerkleInclusion === undefined) continue;
    return ({ entry, index, size, proof, root }) => {
      try {
        verifyMerkleInclusion(
          { canonicalizedBody: entry, inclusionProof: { logIndex: String(index), hashes: proof } },
          { logSize: BigInt(size), logHash: root },
        );
        return true;
      } catch {
        // It says no by throwing.
        return false;
      }
    };
  }
  return undefined;
}
