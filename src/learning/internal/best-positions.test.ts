import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { BestPositions } from './best-positions.ts';

test('what is kept is the front of the sorted whole, for each use of the same heap', () => {
  const values = fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.array(fc.tuple(values, fc.nat(12)), { minLength: 1, maxLength: 3 }), (rounds) => {
      const best = new BestPositions(10);
      for (const [offered, most] of rounds) {
        best.clear(most);
        offered.forEach((value, position) => {
          if (best.wouldTake(value, position)) best.take(value, position);
        });
        const sorted = offered
          .map((value, position) => ({ position, value }))
          .sort((a, b) => b.value - a.value || a.position - b.position)
          .slice(0, Math.min(10, most));
        expect(best.descending()).toEqual(sorted);
        expect([...best.ascending()]).toEqual(sorted.map(({ position }) => position).sort((a, b) => a - b));
      }
    }),
  );
});
