/**
 * The smallest group that anybody sees as a number or that words are written for: k people. It promises that neither a group, nor the
 * difference of two groups, nor what is left of a total points at fewer. Called by copy (cohorts), audits and staff pages; nothing here is
 * differential privacy, and what leaves the controller goes through `released.ts` instead.
 */

/** One line of a table: how many people are in it; undefined where that is not shown. */
export interface GroupCount<People extends number | undefined = number> {
  name: string;
  people: People;
}

/** Whether so many people may stand together under one description. */
export function isLargeEnough(people: number, k: number): boolean {
  return people >= requireMinimum(k);
}

/**
 * Whether two groups may both be in use: whoever is in one of them and not in the other is nobody, or at least k people.
 *
 * Guarantee: what the two descriptions tell apart is never fewer than k (`minimum-group.test.ts`).
 * Formula: |A \ B| = a − ab and |B \ A| = b − ab, each 0 or ≥ k.
 * Limits: pairs only; combinations of three and more groups are for the reviewer of the cohorts.
 */
export function mayBothBeUsed(groups: { first: number; second: number; both: number; k: number }): boolean {
  const { first, second, both, k } = groups;
  requireMinimum(k);
  if (both < 0 || both > first || both > second) throw new RangeError('what two groups share is a part of each');
  return [first - both, second - both].every((difference) => difference === 0 || difference >= k);
}

/**
 * A table in which small groups are not shown, nor so many others with them that the total gives nothing away.
 *
 * Guarantee: every hidden cell could be any of several values, and the hidden people together are at least k (`minimum-group.test.ts`).
 * Formula: hide 0 < n < k; while what is hidden is one cell or fewer than k people, hide the smallest that is left.
 * Limits: one table with its total. Several tables over the same people need noise.
 */
export function withSmallGroupsHidden(
  groups: readonly GroupCount[],
  k: number,
): { groups: GroupCount<number | undefined>[]; total: number | undefined } {
  requireMinimum(k);
  const total = groups.reduce((sum, { people }) => sum + people, 0);
  const hidden = new Set(groups.filter(({ people }) => people > 0 && people < k));
  if (hidden.size > 0) {
    const rest = groups.filter((group) => group.people >= k).toSorted((a, b) => a.people - b.people);
    for (const next of rest) {
      const people = [...hidden].reduce((sum, group) => sum + group.people, 0);
      if (hidden.size > 1 && people >= k) break;
      hidden.add(next);
    }
  }
  const people = [...hidden].reduce((sum, group) => sum + group.people, 0);
  const tellsTooMuch = hidden.size > 0 && (hidden.size === 1 || people < k);
  return {
    groups: groups.map((group) => ({ name: group.name, people: hidden.has(group) ? undefined : group.people })),
    total: tellsTooMuch ? undefined : total,
  };
}

function requireMinimum(k: number): number {
  if (!Number.isSafeInteger(k) || k < 2)
    throw new RangeError('the smallest group is a whole number of at least two people');
  return k;
}
