import { expect, test } from 'vitest';
import { seededRandom, shuffledIndices } from './seeded-random.ts';

test('a seed repeats its numbers, on every machine', () => {
  const random = seededRandom(7);
  expect([random(), random(), random()]).toMatchInlineSnapshot(`
    [
      0.049009592574554284,
      0.9298532154569821,
      0.3972365680289133,
    ]
  `);
  const again = seededRandom(7);
  expect([again(), again()]).not.toEqual([again(), again()]);
});

test('numbers are spread evenly: mean, variance and neighbours as chance gives', () => {
  const random = seededRandom(0);
  const numbers = Array.from({ length: 100_000 }, random);
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const spread = numbers.reduce((sum, number) => sum + (number - 0.5) ** 2, 0) / numbers.length;
  const echo = numbers.slice(1).reduce((sum, number, at) => sum + (number - 0.5) * ((numbers[at] ?? 0) - 0.5), 0);
  // Five standard errors of each.
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / numbers.length));
  expect(Math.abs(spread - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / numbers.length));
  expect(Math.abs(echo / numbers.length)).toBeLessThan(5 / 12 / Math.sqrt(numbers.length));
  expect(Math.min(...numbers.slice(0, 1000))).toBeGreaterThanOrEqual(0);
  expect(numbers.every((number) => number < 1)).toBe(true);
});

test('a shuffle holds every number once and reaches every order', () => {
  const random = seededRandom(1);
  const seen = new Map<string, number>();
  for (let round = 0; round < 6000; round++) {
    const order = shuffledIndices(3, random).join('');
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
  expect(Math.min(...seen.values())).toBeGreaterThan(850);
  expect(shuffledIndices(0, random)).toEqual(new Int32Array(0));
});
