import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownPoints } from './shown-points.ts';

test('shown terms add up to the shown score, and none is off by more than one', () => {
  const points = fc.integer({ min: -(2 ** 31), max: 2 ** 31 });
  fc.assert(
    fc.property(fc.array(points, { maxLength: 200 }), fc.option(points), (ofItems, ofEveryone) => {
      const terms = ofItems.map((value, at) => ({ of: `item-${at}`, points: value }));
      if (ofEveryone !== null) terms.splice(terms.length >> 1, 0, { of: 'everyone', points: ofEveryone });
      const shown = shownPoints({ score: terms.reduce((sum, term) => sum + term.points, 0), terms });
      expect(shown.terms.reduce((sum, term) => sum + term.points, 0)).toBe(shown.score + 0);
      for (const term of shown.terms) {
        const exact = ((terms.find(({ of }) => of === term.of)?.points ?? 0) * 1_000) / 2 ** 24;
        expect(Math.abs(term.points - exact)).toBeLessThanOrEqual(1);
      }
      if (ofEveryone !== null) expect(shown.terms.at(-1)?.of).toBe('everyone');
    }),
  );
});
