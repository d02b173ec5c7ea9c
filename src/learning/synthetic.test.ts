import { expect, test } from 'vitest';
import { syntheticHistories } from './synthetic.ts';

test('the same seed gives the same people, on every machine', () => {
  const [first] = syntheticHistories({ seed: 1, people: 1, items: 500, medianItems: 6 });
  expect([...(first ?? [])]).toMatchInlineSnapshot(`
    [
      474,
      109,
      29,
      410,
      259,
      334,
      87,
      65,
      481,
    ]
  `);
  expect([...syntheticHistories({ seed: 1, people: 3, items: 50 })]).toEqual([
    ...syntheticHistories({ seed: 1, people: 3, items: 50 }),
  ]);
});

test('more people begin with the same people, and another seed has others', () => {
  const three = [...syntheticHistories({ seed: 4, people: 3, items: 80 })];
  expect([...syntheticHistories({ seed: 4, people: 5, items: 80 })].slice(0, 3)).toEqual(three);
  expect([...syntheticHistories({ seed: 5, people: 3, items: 80 })]).not.toEqual(three);
});

test('histories hold distinct items of the shop, in the middle as many as asked', () => {
  const histories = [...syntheticHistories({ seed: 9, people: 800, items: 600, medianItems: 30 })];
  for (const history of histories) {
    expect(new Set(history).size).toBe(history.length);
    expect(history.length).toBeGreaterThan(0);
    expect(history.every((item) => item >= 0 && item < 600)).toBe(true);
  }
  const lengths = histories.map((history) => history.length).sort((a, b) => a - b);
  expect(lengths[400]).toBeGreaterThan(26);
  expect(lengths[400]).toBeLessThan(34);
  expect(lengths.at(-1)).toBeGreaterThan(100);
});
