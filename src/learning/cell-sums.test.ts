import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CellSums } from './cell-sums.ts';

const word = fc.constantFrom('', 'a', 'a","b', 'b', 'ü', '1', '12', '2', '🦊', '\u0000');
const cell = fc.array(word, { maxLength: 3 });

test('different tuples are different cells, whatever words they hold', () => {
  fc.assert(
    fc.property(cell, cell, (one, other) => {
      const sums = new CellSums(1);
      sums.add([{ cell: one, amounts: [3] }]);
      expect(sums.totals(other)).toEqual(JSON.stringify(one) === JSON.stringify(other) ? [3] : [0]);
      expect(sums.cells()).toEqual([one]);
      expect(CellSums.decode(sums.encode()).cells()).toEqual([one]);
    }),
  );
});

test('a cell back at nothing leaves no trace', () => {
  const sums = new CellSums(2);
  sums.add([{ cell: ['x'], amounts: [1, -2] }]);
  sums.subtract([{ cell: ['x'], amounts: [1, -2] }]);
  expect(sums.cells()).toEqual([]);
  expect(sums.equals(new CellSums(2))).toBe(true);
});

test('what is not whole, too large or of another width is refused and changes nothing', () => {
  const sums = new CellSums(2);
  for (const amounts of [[0.5, 1], [1], [1, 2, 3], [Number.NaN, 0], [2 ** 21, 0]]) {
    expect(() =>
      sums.add([
        { cell: ['fine'], amounts: [1, 1] },
        { cell: ['x'], amounts },
      ]),
    ).toThrow(/whole numbers/);
  }
  expect(sums.cells()).toEqual([]);
  expect(() => sums.merge(new CellSums(3))).toThrow(/do not fit/);
});
