import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { countInWords, dayInWords, momentInWords, nameInWords, roughlyInWords } from './plain-words.ts';

test('times are said in UTC, wherever the server is', () => {
  const at = new Date('2026-03-31T23:59:59.999Z');
  expect(dayInWords(at)).toBe('31 March 2026');
  expect(momentInWords(at)).toBe('31 March 2026, 23:59 UTC');
});

test('a rough count is true, and nearly always the same with one person more', () => {
  expect(roughlyInWords(0)).toBe('fewer than a hundred');
  expect(roughlyInWords(99)).toBe('fewer than a hundred');
  expect(roughlyInWords(1_001)).toBe('more than 1,000');
  expect(roughlyInWords(12_345)).toBe('more than 12,000');
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 1e9 }), (count) => {
      const said = Number(roughlyInWords(count).replaceAll(/\D/g, ''));
      expect(said).toBeLessThan(count);
      expect(said).toBeGreaterThanOrEqual(count * 0.89);
      expect(countInWords(said).replaceAll(',', '')).toMatch(/^[0-9]{2}0*$/);
    }),
    { examples: [[100], [101], [999], [1_000], [1e9]] },
  );
});

test('names of the policy become words, and what is no such name stays as it is', () => {
  expect(['ageBand', 'isMinor', 'email', 'hasCar2', 'Order Completed', '<b>'].map((name) => nameInWords(name))).toEqual(
    ['age band', 'minor', 'email', 'car2', 'Order Completed', '<b>'],
  );
});
