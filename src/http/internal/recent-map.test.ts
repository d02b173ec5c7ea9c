import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecentMap } from './recent-map.ts';

test('what was used within the last half of its size is always there, and no more than its size is held', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 40 }),
      fc.array(fc.nat({ max: 60 }), { maxLength: 400 }),
      (entriesMax, uses) => {
        const recent = new RecentMap<number>(entriesMax);
        const half = Math.floor(entriesMax / 2);
        const order: number[] = [];
        for (const use of uses) {
          const kept = new Set(
            order
              .slice(-10_000)
              .reverse()
              .filter((one, index, all) => all.indexOf(one) === index)
              .slice(0, half),
          );
          if (kept.has(use)) expect(recent.get(String(use))).toBe(use);
          if (recent.get(String(use)) === undefined) recent.set(String(use), use);
          order.push(use);
          expect(recent.size).toBeLessThanOrEqual(2 * half);
        }
      },
    ),
  );
});
