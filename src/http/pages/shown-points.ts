/** Points as people read them: thousandths of a whole score, rounded so that the shown terms still add up to the shown score. */
import type { DecidedItem } from '../../deciding/decision-record.ts';

/** Of one decided item, the strongest term first and what everybody starts from last. Recorded scores count 2^24 points to a whole. */
export function shownPoints(decided: Pick<DecidedItem, 'score' | 'terms'>): {
  readonly score: number;
  readonly terms: readonly { readonly of: string; readonly points: number }[];
} {
  const terms = decided.terms.toSorted(
    (left, right) => Number(left.of === 'everyone') - Number(right.of === 'everyone') || right.points - left.points,
  );
  // Each term is shown as the rounded sum up to it less the rounded sum before it, so that rounding is carried on and never lost.
  let sum = 0;
  return {
    score: thousandths(decided.score),
    terms: terms.map(({ of, points }) => {
      const before = sum;
      sum += points;
      return { of, points: thousandths(sum) - thousandths(before) };
    }),
  };
}

function thousandths(points: number): number {
  return Math.round((points * 1_000) / 2 ** 24);
}
