import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { measure, parseBody } from './body.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function widestOf(value: unknown, level = 1): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (level === 3) return Buffer.byteLength(JSON.stringify(value));
  return Math.max(0, ...Object.values(value).map((one) => widestOf(one, level + 1)));
}

describe('one pass over the bytes', () => {
  test('finds how deep any JSON is, and its largest value at the third level, whatever stands in its texts', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary', maxDepth: 6 }), (json) => {
        const value: unknown = JSON.parse(json);
        const written = JSON.stringify(value);
        expect(measure(Buffer.from(written))).toEqual({ depth: depthOf(value), widestBytes: widestOf(value) });
      }),
      { numRuns: 200 },
    );
  });

  test('ends on bytes of any kind', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => measure(bytes).depth <= 300));
  });
});

describe('a body', () => {
  test('that holds no NUL, no half pair and no hidden key is read as JSON reads it', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme' }), (json) => {
        fc.pre(!/\\u0000|__proto__/.test(json));
        expect(parseBody(Buffer.from(json)).value).toEqual(JSON.parse(json));
      }),
    );
  });

  test('of a million brackets is refused before anything is made of it', () => {
    expect(() => parseBody(Buffer.from('['.repeat(1_000_000)))).toThrow('deeper than 64');
  });

  test.each([
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '{"a":["\\ud800"]}',
    '{"__proto__":1}',
    '{"a":{"\\u005f_proto__":1}}',
    '{"\\u0000":1}',
  ])('%s is refused', (json) => {
    expect(() => parseBody(Buffer.from(json))).toThrow('cannot be read');
  });

  test('may hold whole surrogate pairs, in escapes too', () => {
    expect(parseBody(Buffer.from('"\\ud83d\\ude00 😀"')).value).toBe('😀 😀');
  });
});
