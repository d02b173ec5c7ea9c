/**
 * Turns one person's history into their contribution: the only thing about a person that a model ever sees. It promises that a
 * contribution depends on that person and the declared recipe alone, so that it can be subtracted again. Called by the fold and by `evaluate`.
 */
import { LearningError } from './learning-error.ts';

/** One thing a person did: the catalogue's number of the item, and when, in milliseconds of the server's clamped clock. */
export interface HistoryEntry {
  item: number;
  at: number;
}

export interface ContributionOptions {
  /** The most items that one person contributes, m in the formula. */
  historyMax?: number;
  /** Items that enter no contribution: sensitive topics, what the person excluded, what has left the catalogue. */
  isExcluded?: (item: number) => boolean;
}

/** The highest item number that sums accept: pairs of numbers below it pack into one exact double. */
export const itemNumberMax = 2 ** 26 - 1;

/**
 * The distinct items of a history, at most `historyMax` of them, in ascending order of item number.
 *
 * Guarantee: independent of the order and repetition of entries; at most `historyMax` items, each once (contributions.test.ts).
 * Formula: an item's time is its latest; the first m by time, latest first, and at equal times by item number, lowest first.
 * Source: DESIGN "Learning", history.
 * Cost: O(h log h) for h entries.
 * Limits: item numbers are integers from 0 to `itemNumberMax`, times finite numbers; anything else is `learning.malformed`.
 */
export function contributionOf(history: Iterable<HistoryEntry>, options: ContributionOptions = {}): Int32Array {
  const { historyMax = 200, isExcluded = () => false } = options;
  if (!Number.isInteger(historyMax) || historyMax < 1) {
    throw new LearningError(
      'learning.malformed',
      `A history holds ${historyMax} items at most`,
      'Give a whole number.',
    );
  }
  const latest = new Map<number, number>();
  for (const { item, at } of history) {
    requireItemNumber(item);
    if (!Number.isFinite(at)) {
      throw new LearningError('learning.malformed', `Item ${item} has the time ${at}`, 'Give milliseconds since 1970.');
    }
    const before = latest.get(item);
    if (before === undefined ? !isExcluded(item) : at > before) latest.set(item, at);
  }
  const kept = [...latest];
  if (kept.length > historyMax) {
    kept.sort(([itemA, atA], [itemB, atB]) => atB - atA || itemA - itemB);
    kept.length = historyMax;
  }
  return Int32Array.from(kept, ([item]) => item).sort();
}

/** Throws `learning.malformed` unless the items are item numbers in strictly ascending order, as `contributionOf` returns them. */
export function requireContribution(items: ArrayLike<number>): void {
  let before = -1;
  for (let at = 0; at < items.length; at++) {
    const item = items[at] ?? Number.NaN;
    if (!(item > before) || item > itemNumberMax || !Number.isInteger(item)) {
      throw new LearningError(
        'learning.malformed',
        `A contribution lists item ${item} after item ${before}`,
        'Make contributions with contributionOf: distinct item numbers, ascending.',
      );
    }
    before = item;
  }
}

function requireItemNumber(item: number): void {
  if (Number.isInteger(item) && item >= 0 && item <= itemNumberMax) return;
  throw new LearningError(
    'learning.malformed',
    `${item} is no item number`,
    `Give the catalogue's number of the item, a whole number from 0 to ${itemNumberMax}.`,
  );
}
