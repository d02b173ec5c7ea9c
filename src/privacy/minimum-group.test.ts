import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLargeEnough, mayBothBeUsed, withSmallGroupsHidden } from './minimum-group.ts';

describe('the smallest group', () => {
  test('k people are enough, one fewer is not', () => {
    expect(isLargeEnough(20, 20)).toBe(true);
    expect(isLargeEnough(19, 20)).toBe(false);
    expect(isLargeEnough(0, 20)).toBe(false);
  });

  test('a minimum below two protects nobody and is refused', () => {
    for (const k of [1, 0, -5, 2.5, NaN, Infinity]) expect(() => isLargeEnough(100, k)).toThrow(RangeError);
  });
});

describe('two groups in use', () => {
  test('may be the same, or apart, or differ by at least k on each side', () => {
    expect(mayBothBeUsed({ first: 30, second: 30, both: 30, k: 10 })).toBe(true);
    expect(mayBothBeUsed({ first: 30, second: 30, both: 0, k: 10 })).toBe(true);
    expect(mayBothBeUsed({ first: 30, second: 40, both: 30, k: 10 })).toBe(true);
  });

  test('may not single out fewer than k by what one has and the other has not', () => {
    expect(mayBothBeUsed({ first: 31, second: 30, both: 30, k: 10 })).toBe(false);
    expect(mayBothBeUsed({ first: 30, second: 39, both: 30, k: 10 })).toBe(false);
    expect(() => mayBothBeUsed({ first: 3, second: 30, both: 5, k: 10 })).toThrow(RangeError);
  });
});

describe('a table', () => {
  const group = fc.record({ name: fc.string(), people: fc.oneof(fc.nat({ max: 30 }), fc.nat({ max: 1000 })) });

  test('shows no small group, and no total from which one could be computed', () => {
    fc.assert(
      fc.property(fc.array(group, { maxLength: 12 }), fc.integer({ min: 2, max: 25 }), (groups, k) => {
        const shown = withSmallGroupsHidden(groups, k);
        const hidden = groups.filter((_, at) => shown.groups[at]?.people === undefined);
        for (const [at, { people }] of groups.entries()) {
          const cell = shown.groups[at]?.people;
          expect(cell === undefined ? people > 0 : cell === people && (cell === 0 || cell >= k)).toBe(true);
        }
        if (hidden.length > 0 && shown.total !== undefined) {
          expect(hidden.length).toBeGreaterThan(1);
          expect(hidden.reduce((sum, { people }) => sum + people, 0)).toBeGreaterThanOrEqual(k);
        }
      }),
    );
  });

  test('hides no more than it must', () => {
    const groups = [
      { name: 'a', people: 3 },
      { name: 'b', people: 50 },
      { name: 'c', people: 20 },
      { name: 'd', people: 0 },
    ];
    expect(withSmallGroupsHidden(groups, 10)).toEqual({
      groups: [
        { name: 'a', people: undefined },
        { name: 'b', people: 50 },
        { name: 'c', people: undefined },
        { name: 'd', people: 0 },
      ],
      total: 73,
    });
    expect(withSmallGroupsHidden(groups.slice(1), 10)).toEqual({ groups: groups.slice(1), total: 70 });
    expect(withSmallGroupsHidden(groups.slice(0, 1), 10).total).toBeUndefined();
    expect(withSmallGroupsHidden([], 10)).toEqual({ groups: [], total: 0 });
  });
});
