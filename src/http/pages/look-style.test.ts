import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contrastOf, lookStyle } from './look-style.ts';

test('contrast is that of the standard: black on white 21, a colour on itself 1', () => {
  expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrastOf('#123456', '#123456')).toBe(1);
  expect(contrastOf('#767676', '#ffffff')).toBeGreaterThanOrEqual(4.5);
});

test('whatever colour the operator has, text in it and on it can be read in both themes', () => {
  const hex = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom('#ffffff', '#000000', '#ffff00', '#808080'), hex), (colour) => {
      const pairs = [...lookStyle(colour).matchAll(/light-dark\((#\w{6}), (#\w{6})\)/g)];
      const [accent, onAccent] = pairs.map(([, light = '', dark = '']) => [light, dark]);
      for (const [theme, grounds] of [
        ['#ffffff', '#f6f7f5'],
        ['#181f1e', '#101514'],
      ].entries()) {
        for (const ground of grounds) expect(contrastOf(accent?.[theme] ?? '', ground)).toBeGreaterThanOrEqual(4.5);
        expect(contrastOf(accent?.[theme] ?? '', onAccent?.[theme] ?? '')).toBeGreaterThanOrEqual(4.5);
      }
    }),
  );
});
