import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RandomBits } from './bits.ts';
import { scriptedBytes } from '../../test/support/scripted-bytes.ts';

/** A source that repeats the given words for ever. */
function wordsOf(words: number[]): RandomBits {
  let next = 0;
  return new RandomBits((count) => {
    const bytes = new DataView(new ArrayBuffer(count));
    for (let at = 0; at < count; at += 4) bytes.setUint32(at, words[next++ % words.length] ?? 0, true);
    return new Uint8Array(bytes.buffer);
  });
}

describe('random bits', () => {
  test('hand out every byte of the source once and in order, however often it is asked', () => {
    let byte = 0;
    const bits = new RandomBits((count) => Uint8Array.from({ length: count }, () => byte++));
    for (let at = 0; at < 100_000; at += 4) {
      const expected =
        ((at & 255) | (((at + 1) & 255) << 8) | (((at + 2) & 255) << 16) | (((at + 3) & 255) << 24)) >>> 0;
      expect(bits.word()).toBe(expected);
    }
  });

  test('below a limit: each number has exactly the same count of words, the rest are thrown away', () => {
    for (const limit of [1, 2, 3, 5, 7, 8, 255, 256]) {
      const counts = new Map<number, number>();
      const step = 2 ** 32 / 256;
      for (let word = 0; word < 2 ** 32; word += step) {
        const drawn = wordsOf([word, 0]).below(limit);
        const isThrownAway = limit > 1 && Math.floor(word / step) >> Math.max(0, Math.clz32(limit - 1) - 24) >= limit;
        if (!isThrownAway) counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
      }
      expect(counts.size).toBe(limit);
      expect(new Set(counts.values()).size).toBe(1);
    }
  });

  test('stay below any limit, small or wide, at the extremes of the source', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 150n), fc.integer(), (limit, seed) => {
        const drawn = new RandomBits(scriptedBytes(seed)).belowAny(limit);
        expect(drawn >= 0n && drawn < limit).toBe(true);
      }),
    );
    expect(wordsOf([0xffffffff]).below(2 ** 32)).toBe(0xffffffff);
    expect(wordsOf([0xffffffff]).belowAny(2n ** 64n)).toBe(2n ** 64n - 1n);
    expect(wordsOf([0]).belowAny(1n)).toBe(0n);
    expect(wordsOf([0xffffffff]).below(1)).toBe(0);
  });

  test('a source that runs short is refused, never padded', () => {
    expect(() => new RandomBits((count) => new Uint8Array(count - 1)).word()).toThrow(RangeError);
  });
});
