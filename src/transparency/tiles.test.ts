import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MemoryTree, memoryEntries, memoryFiles, memorySigner, readMemory } from '../../test/support/memory-log.ts';
import {
  bundleOf,
  entriesOf,
  entriesPath,
  hashInTile,
  logPathOf,
  partialTiles,
  tileOfNode,
  tilePath,
  tilesBetween,
} from './tiles.ts';
import { completeNodes } from './tree.ts';
import { verifyLog } from './verify.ts';

const sizes = fc.nat({ max: 2 ** 40 });

describe('the tiles of a tree', () => {
  test("of 70,000 entries are those of the specification's example, and its files verify", async () => {
    const tiles = [...tilesBetween({ older: 0, newer: 70_000 })];
    const widths = (level: number) => tiles.filter((tile) => tile.level === level).map(({ width }) => width);
    expect(widths(0)).toEqual([...Array.from({ length: 273 }, () => 256), 112]);
    expect(widths(1)).toEqual([256, 17]);
    expect(widths(2)).toEqual([1]);
    expect(tiles).toHaveLength(277);
    const files = memoryFiles(new MemoryTree(memoryEntries(70_000)));
    expect(files.get('tile/0/273.p/112')).toHaveLength(112 * 32);
    expect(files.get('tile/1/001.p/17')).toHaveLength(17 * 32);
    expect(files.get('tile/2/000.p/1')).toHaveLength(32);
    expect(files.get('tile/entries/273.p/112')).toHaveLength(112 * 34);
    const verdict = await verifyLog(readMemory(files), { verifierKey: memorySigner.verifierKey });
    expect(verdict).toMatchObject({ ok: true, checkpoint: { size: 70_000 } });
  }, 30_000);

  test('of 256 entries are a full one and a partial one of width 1; of none, none', () => {
    expect([...tilesBetween({ older: 0, newer: 256 })]).toEqual([
      { level: 0, index: 0, width: 256 },
      { level: 1, index: 0, width: 1 },
    ]);
    expect([...tilesBetween({ older: 0, newer: 0 })]).toEqual([]);
    expect([...tilesBetween({ older: 256, newer: 256 })]).toEqual([]);
  });

  test('that are partial are as many as the base-256 digits of its size that are not zero', () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const digits: number[] = [];
        for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) digits.push(rest % 256);
        expect(partialTiles(size).map(({ width }) => width)).toEqual(digits.filter((digit) => digit > 0));
      }),
    );
  });

  test('give the hash of every complete subtree', () => {
    const tree = new MemoryTree(memoryEntries(1_000));
    const files = memoryFiles(tree);
    for (let end = 1; end <= 1_000; end++)
      for (const node of completeNodes({ start: 0, end })) {
        const hashes = files.get(tilePath(tileOfNode(node, 1_000)));
        const expected = tree.root(node.index * 2 ** node.level, (node.index + 1) * 2 ** node.level);
        expect(hashes !== undefined && hashInTile(node, hashes).equals(expected)).toBe(true);
      }
  });
});

describe('a path', () => {
  test('is spelt as the specification spells it', () => {
    expect(tilePath({ level: 0, index: 1_234_067, width: 256 })).toBe('tile/0/x001/x234/067');
    expect(tilePath({ level: 63, index: 0, width: 1 })).toBe('tile/63/000.p/1');
    expect(tilePath({ level: 1, index: 999, width: 255 })).toBe('tile/1/999.p/255');
    expect(tilePath({ level: 1, index: 1_000, width: 256 })).toBe('tile/1/x001/000');
    expect(entriesPath({ level: 0, index: 273, width: 112 })).toBe('tile/entries/273.p/112');
  });

  test('is read back to what it was written from', () => {
    const tiles = fc.record({
      level: fc.nat({ max: 63 }),
      index: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(logPathOf(tilePath(tile))).toEqual({ kind: 'tile', tile });
        expect(logPathOf(entriesPath(tile))).toEqual({ kind: 'entries', tile: { ...tile, level: 0 } });
      }),
    );
    expect(logPathOf('checkpoint')).toEqual({ kind: 'checkpoint' });
  });

  test('with any other spelling names nothing', () => {
    const others = [
      '',
      '/',
      '../checkpoint',
      'checkpoint/',
      '/checkpoint',
      'Checkpoint',
      'tile',
      'tile/0',
      'tile/0/',
      'tile/00/000',
      'tile/64/000',
      'tile/-1/000',
      'tile/0/0',
      'tile/0/0000',
      'tile/0/x000/000',
      'tile/0/x001',
      'tile/0/001/000',
      'tile/0/x001/x000',
      'tile/0/000.p/0',
      'tile/0/000.p/256',
      'tile/0/000.p/01',
      'tile/0/000.p/',
      'tile/0/000.p',
      'tile/0/000/1',
      'tile/0/../0/000',
      'tile/0/%30%30%30',
      'tile/0/000\n',
      'tile/entries/x999/x999/x999/x999/x999/999',
      'tile/ENTRIES/000',
      'tile/0/000?x=1',
      'tile/٠/000',
    ];
    for (const path of others) expect(logPathOf(path), path).toBeUndefined();
  });
});

describe('a bundle', () => {
  test('gives back its entries, up to 65,535 bytes each', () => {
    const entries = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 256 });
    fc.assert(
      fc.property(entries, (entries) => {
        expect(entriesOf(bundleOf(entries)).map((entry) => [...entry])).toEqual(entries.map((entry) => [...entry]));
      }),
    );
    const large = Buffer.alloc(65_535, 1);
    expect(entriesOf(bundleOf([large]))[0]?.equals(large)).toBe(true);
    expect(() => bundleOf([Buffer.alloc(65_536)])).toThrow(RangeError);
  });

  test('that is cut short, or holds more than 256 entries, is refused', () => {
    const bundle = bundleOf(memoryEntries(3));
    for (let length = 1; length < bundle.length; length++)
      if (length % 34 !== 0) expect(() => entriesOf(bundle.subarray(0, length))).toThrow('cut short');
    expect(() => entriesOf(bundleOf(Array.from({ length: 257 }, () => Buffer.alloc(0))))).toThrow('256');
  });
});
