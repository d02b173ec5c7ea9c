import { createHmac, randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { worldOf } from '../database/world.ts';
import { commitmentOf, freshKey } from './commitment.ts';

const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const texts = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed());

describe('a commitment', () => {
  test('is the HMAC-SHA256 of the record behind its domain, as every library computes it', () => {
    fc.assert(
      fc.property(texts, keys, (record, key) => {
        const expected = createHmac('sha256', key).update(`fairlead commitment v1\n${record}`, 'utf8').digest();
        expect(commitmentOf(record, key).equals(expected)).toBe(true);
      }),
      {
        examples: [
          ['', new Uint8Array(32)],
          ['ä€😀'.repeat(50_000), new Uint8Array(32).fill(255)],
        ],
      },
    );
    expect(commitmentOf('', Buffer.alloc(32))).toHaveLength(32);
  });

  test('fits one record and one key alone', () => {
    fc.assert(
      fc.property(texts, texts, keys, keys, (record, other, key, otherKey) => {
        const leaf = commitmentOf(record, key);
        expect(leaf.equals(commitmentOf(other, key))).toBe(record === other);
        expect(leaf.equals(commitmentOf(record, otherKey))).toBe(Buffer.from(key).equals(otherKey));
      }),
    );
  });

  test('is refused for text that UTF-8 cannot tell apart, and for a key of another length', () => {
    const key = Buffer.alloc(32);
    expect(() => commitmentOf('a\ud800', key)).toThrow(expect.objectContaining({ code: 'log.record-text' }));
    for (const length of [0, 16, 31, 33, 64])
      expect(() => commitmentOf('a', Buffer.alloc(length))).toThrow(
        expect.objectContaining({ code: 'log.key-length' }),
      );
  });

  test('has a fresh key of 32 bytes from the world', () => {
    const world = worldOf({ now: () => new Date(0), randomBytes: (count) => randomBytes(count) });
    expect(freshKey(world)).toHaveLength(32);
    expect(freshKey(world).equals(freshKey(world))).toBe(false);
  });
});
