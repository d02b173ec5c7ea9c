import { expect, test } from 'vitest';
import { isInTurn, shownMoves } from './shown-moves.ts';

const move = (from: number, to: number, cause: string) => ({ from, to, cause, cost: 0 });

test('an item that stands where its points put it has nothing to tell', () => {
  expect(shownMoves({ moves: [] })).toBeUndefined();
  expect(shownMoves({ moves: [move(3, 1, 'variety'), move(1, 3, 'exposure')] })).toBeUndefined();
});

test('a moved item tells its place by points, the direction, and each cause that moved it that way once', () => {
  expect(shownMoves({ moves: [move(22, 4, 'calibration'), move(4, 5, 'variety'), move(5, 2, 'exposure')] })).toBe(
    '22nd by points, moved up for the mix of categories and in turn, because it was shown least',
  );
  expect(shownMoves({ moves: [move(1, 2, 'variety'), move(2, 3, 'variety')] })).toBe(
    '1st by points, moved down for variety',
  );
  expect(shownMoves({ moves: [move(13, 11, 'a cause of tomorrow')] })).toBe(
    '13th by points, moved up a cause of tomorrow',
  );
});

test('a place in turn is one that exposure gave', () => {
  expect(isInTurn({ moves: [move(40, 10, 'exposure')] })).toBe(true);
  expect(isInTurn({ moves: [move(10, 11, 'exposure')] })).toBe(false);
  expect(isInTurn({ moves: [] })).toBe(false);
});
