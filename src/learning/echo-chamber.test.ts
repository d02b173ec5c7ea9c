/** The measures of echo chambers: the published figures, and laws that hold for any lists. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calibrationDivergence,
  catalogueCoverage,
  distributionalCoverage,
  drift,
  intraListVariety,
  noveltyBits,
  serendipity,
} from './echo-chamber.ts';

/** The example `diversity_data` of recommenders-team/recommenders: three people, five items, and which of the shown ones were wanted. */
const published = {
  histories: [
    [1, 2, 4],
    [3, 4],
    [3, 4, 5],
  ],
  lists: [
    [3, 5],
    [2, 5],
    [1, 2],
  ],
};
const wanted = new Set(['0 3', '1 2', '1 5', '2 1']);

const anyLists = fc.array(fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 12 }), { maxLength: 8 });
const anyShown = fc
  .array(fc.tuple(fc.uniqueArray(fc.nat({ max: 20 })), fc.uniqueArray(fc.nat({ max: 20 }))), { maxLength: 8 })
  .map((people) => ({ histories: people.map(([history]) => history), lists: people.map(([, list]) => list) }));
const groupOf = (item: number): string | null => (item % 7 === 0 ? null : `group ${item % 3}`);

describe('on the published example', () => {
  it('gives the published figures', () => {
    expect(catalogueCoverage(published.lists, 5)).toBe(0.8);
    expect(distributionalCoverage(published.lists)).toBeCloseTo(1.9183, 4);
    expect(noveltyBits(published)).toBeCloseTo(2.83333, 5);
    const variety = intraListVariety(published);
    expect(variety.people.map((figure) => Number(figure?.toFixed(5)))).toEqual([0.29289, 1, 0]);
    expect(variety.mean).toBeCloseTo(0.43096, 5);
    expect(serendipity(published, (person, item) => wanted.has(`${person} ${item}`)).mean).toBeCloseTo(0.43408, 5);
  });
});

describe('for any lists', () => {
  it('figures stay within their bounds, also for nobody and for empty lists', () => {
    fc.assert(
      fc.property(anyShown, (shown) => {
        const coverage = catalogueCoverage(shown.lists, 21);
        expect(coverage).toBeGreaterThanOrEqual(0);
        expect(coverage).toBeLessThanOrEqual(1);
        const bits = distributionalCoverage(shown.lists);
        expect(bits).toBeGreaterThanOrEqual(-1e-12);
        expect(bits).toBeLessThanOrEqual(Math.log2(Math.max(1, new Set(shown.lists.flat()).size)) + 1e-9);
        for (const { people } of [intraListVariety(shown), serendipity(shown, () => true)])
          for (const figure of people) {
            expect(figure ?? 0).toBeGreaterThanOrEqual(-1e-9);
            expect(figure ?? 0).toBeLessThanOrEqual(1 + 1e-9);
          }
        const { people, overall } = calibrationDivergence(shown, groupOf);
        for (const figure of [...people, overall]) {
          expect(figure ?? 0).toBeGreaterThanOrEqual(0);
          expect(figure ?? 0).toBeLessThanOrEqual(Math.log2(100) + 1e-9);
        }
      }),
    );
  });

  it('coverage never falls when somebody is shown more', () => {
    fc.assert(
      fc.property(anyLists, fc.nat({ max: 20 }), (lists, more) => {
        expect(catalogueCoverage([...lists, [more]], 21)).toBeGreaterThanOrEqual(catalogueCoverage(lists, 21));
      }),
    );
  });

  it('a list that has the mix of the history does not diverge, and one that lacks a part does', () => {
    const own = [[1, 2, 4, 5]];
    expect(calibrationDivergence({ histories: own, lists: [[11, 13, 17, 19]] }, groupOf).people[0]).toBeLessThan(1e-12);
    const lacking = calibrationDivergence({ histories: own, lists: [[1, 4, 10, 13]] }, groupOf);
    // Half of the mix is shown twice as often as it should be, the other half not at all: ½·log₂(½ / 0.995) + ½·log₂(100).
    expect(lacking.people[0]).toBeCloseTo(0.5 * Math.log2(0.5 / 0.995) + 0.5 * Math.log2(100), 10);
    expect(lacking.overall).toBe(lacking.people[0]);
  });

  it('periods that are alike do not drift, and lists that share no group are a whole bit apart', () => {
    fc.assert(
      fc.property(anyLists, (lists) => {
        const [first, second] = drift([lists, lists], groupOf);
        expect(second).toEqual(first);
        expect(first?.movedBits).toBeLessThan(1e-12);
        expect(first?.groupsLeft).toBe(1);
      }),
    );
    const [, apart] = drift([[[1, 2]], [[3, 6]]], groupOf);
    expect(apart).toEqual({ groupsPerPerson: 1, groupsLeft: 0.5, movedBits: 1 });
  });
});
