import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  addDigest,
  addRow,
  digestBytes,
  digestFrom,
  digestHex,
  emptyDigest,
  rowLanes,
  subtractRow,
  type ContributionRow,
  type SumDigest,
} from './sum-digest.ts';

const key = Buffer.alloc(32, 7);
const row: fc.Arbitrary<ContributionRow> = fc.record({
  model: fc.constantFrom('alsoLiked', 'reorder', ''),
  personId: fc.uuid(),
  items: fc.uniqueArray(fc.nat(40), { maxLength: 8 }).map((items) => items.sort((a, b) => a - b)),
});

function digestOf(rows: readonly ContributionRow[]): SumDigest {
  const digest = emptyDigest();
  for (const each of rows) addRow(digest, rowLanes(key, each));
  return digest;
}

test('the digest of nobody is SHA-256 of 2,048 zero bytes', () => {
  expect(digestHex(emptyDigest())).toBe(createHash('sha256').update(Buffer.alloc(2048)).digest('hex'));
});

test('the encoding stays what it was: a known row has a known digest', () => {
  const known = { model: 'alsoLiked', personId: '01890a5d-ac96-774b-bcce-b302099a8057', items: [0, 3, 70_000] };
  expect(digestHex(digestOf([known]))).toMatchInlineSnapshot(
    `"34bb6bcc9b33aa70d601959c929c7b3819634fdb9a27343b963b241ad3204121"`,
  );
});

test('taking a row out leaves the digest as if it had never been there', () => {
  fc.assert(
    fc.property(fc.array(row), row, (others, gone) => {
      const digest = digestOf([...others, gone]);
      subtractRow(digest, rowLanes(key, gone));
      expect(digest).toEqual(digestOf(others));
    }),
  );
});

test('the order of rows does not matter, and digests of parts add up', () => {
  fc.assert(
    fc.property(fc.array(row), fc.array(row), (first, second) => {
      const parts = digestOf(second);
      addDigest(parts, digestOf(first));
      expect(parts).toEqual(digestOf([...first, ...second]));
    }),
  );
});

test('bytes give the digest back', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      expect(digestFrom(digestBytes(digestOf(rows)))).toEqual(digestOf(rows));
    }),
  );
  expect(() => digestFrom(new Uint8Array(2047))).toThrow(/2048 bytes/);
});

test('a row differs from every row with another key, model, person or items', () => {
  const base = { model: 'a', personId: '01890a5d-ac96-774b-bcce-b302099a8057', items: [1, 2] };
  const others = [
    { ...base, model: 'b' },
    { ...base, model: 'a\u0000' },
    { ...base, personId: '01890a5d-ac96-774b-bcce-b302099a8058' },
    { ...base, items: [1] },
    { ...base, items: [1, 2, 3] },
    { ...base, items: [258] },
    { ...base, items: [] },
  ];
  const seen = new Set([base, ...others].map((each) => digestHex(digestOf([each]))));
  const otherKey = emptyDigest();
  addRow(otherKey, rowLanes(Buffer.alloc(32, 8), base));
  const longerKey = emptyDigest();
  addRow(longerKey, rowLanes(Buffer.alloc(33, 7), base));
  seen.add(digestHex(otherKey)).add(digestHex(longerKey));
  expect(seen.size).toBe(others.length + 3);
});

test('letter case of a person id does not matter', () => {
  const personId = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(rowLanes(key, { model: 'a', personId: personId.toUpperCase(), items: [] })).toEqual(
    rowLanes(key, { model: 'a', personId, items: [] }),
  );
});

test('short keys, ids that are no UUID and unordered items are refused without naming the person', () => {
  const personId = '01890a5d-ac96-774b-bcce-b302099a8057';
  expect(() => rowLanes(new Uint8Array(31), { model: 'a', personId, items: [] })).toThrow(/too short/);
  expect(() => rowLanes(key, { model: 'a', personId: 'ada@example.com', items: [] })).toThrow(
    /^A person id is no UUID$/,
  );
  for (const items of [[2, 1], [1, 1], [-1], [0.5], [Number.NaN]]) {
    expect(() => rowLanes(key, { model: 'a', personId, items })).toThrow(/lists item/);
  }
});
