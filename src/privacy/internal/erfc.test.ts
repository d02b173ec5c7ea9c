import { expect, test } from 'vitest';
import { erfc, logErfc, scaledErfc } from './erfc.ts';

test('exp(x²) erfc(x) agrees with twenty digits, from the origin to the far tail', () => {
  for (const [x, expected] of [
    [0, 1],
    [1e-8, 0.9999999887162084],
    [0.1, 0.8964569799691267],
    [0.49, 0.620853390273928],
    [0.5, 0.6156903441929259],
    [0.51, 0.61059916978194],
    [1, 0.427583576155807],
    [1.99, 0.2564678367195299],
    [2, 0.25539567631050575],
    [3, 0.17900115118138996],
    [5, 0.11070463773306863],
    [10, 0.05614099274382259],
    [20, 0.02817434874105132],
    [26, 0.021683584850562907],
  ] as const) {
    expect(Math.abs(scaledErfc(x) / expected - 1), `at ${x}`).toBeLessThan(1e-13);
  }
});

test('erfc mirrors at the origin and its logarithm stays finite where erfc itself is nothing', () => {
  for (const x of [0, 0.3, 0.7, 2, 5]) expect(erfc(x) + erfc(-x)).toBeCloseTo(2, 14);
  for (const x of [-3, -0.2, 0, 0.4, 4]) expect(logErfc(x)).toBeCloseTo(Math.log(erfc(x)), 12);
  expect(erfc(40)).toBe(0);
  expect(logErfc(40)).toBeCloseTo(-1604.261557, 5);
});
