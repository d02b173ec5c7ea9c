import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pseudonymsFor } from './pseudonyms.ts';

const key = new Uint8Array(32).fill(1);
const word = fc.string({ minLength: 1, maxLength: 20 }).filter((text) => text.isWellFormed());

describe('pseudonyms', () => {
  test('stay the same for the same person and recipient', () => {
    expect(pseudonymsFor('ads.example', key)('018f0000-0000-7000-8000-000000000001')).toBe(
      'PELR9vOn8KOB-wMRHj7smskZ9yEG5ZGhA7kxTQz0zbI',
    );
  });

  test('never meet: not for two people, not for two recipients, not however the names are cut', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(word, word), { minLength: 2, maxLength: 30, selector: String }), (pairs) => {
        const distinct = new Map(
          pairs.map(([recipient, person]) => [JSON.stringify([recipient, person]), [recipient, person] as const]),
        );
        const made = [...distinct.values()].map(([recipient, person]) => pseudonymsFor(recipient, key)(person));
        expect(new Set(made).size).toBe(distinct.size);
      }),
    );
    expect(pseudonymsFor('ab', key)('c')).not.toBe(pseudonymsFor('a', key)('bc'));
  });

  test('tell nothing of the person, and change with the key', () => {
    const made = pseudonymsFor('ads.example', key)('ada');
    expect(made).toMatch(/^[\w-]{43}$/);
    expect(made).not.toBe(pseudonymsFor('ads.example', new Uint8Array(32).fill(2))('ada'));
  });

  test('are joined across two recipients by nobody without the key: half of the bits differ, whoever it is', () => {
    let differing = 0;
    for (let person = 0; person < 400; person++) {
      const [left, right] = ['a.example', 'b.example'].map((name) =>
        Buffer.from(pseudonymsFor(name, key)(`p${person}`), 'base64url'),
      );
      for (const [at, byte] of left?.entries() ?? []) {
        for (let bits = byte ^ (right?.[at] ?? 0); bits > 0; bits >>= 1) differing += bits & 1;
      }
    }
    // 102,400 fair coins: five standard deviations are 800.
    expect(Math.abs(differing - 51_200)).toBeLessThan(800);
  });

  test('need a key, a recipient and a person', () => {
    expect(() => pseudonymsFor('ads.example', new Uint8Array(31))).toThrow(RangeError);
    expect(() => pseudonymsFor('', key)).toThrow(RangeError);
    expect(() => pseudonymsFor('ads.example', key)('')).toThrow(RangeError);
  });
});
