/** The laws of the balance: nobody is lost, ranks follow from moves, costs add up, limits hold, and the parts do what they are for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BalanceWeights, type Candidates, balance, balanceWeights, binaryLog, boundedDial } from './balance.ts';

const none: BalanceWeights = { calibration: 0, novelty: 0, variety: 0, exposure: 0, supplierShareMax: null };

function candidatesOf(
  entries: readonly { score: number; group?: number; supplier?: number; shown?: number }[],
): Candidates {
  const sorted = entries.toSorted((a, b) => b.score - a.score);
  return {
    scores: sorted.map(({ score }) => score),
    groups: sorted.map(({ group }) => group ?? -1),
    suppliers: sorted.map(({ supplier }) => supplier ?? -1),
    exposures: sorted.map(({ shown }) => shown ?? 0),
    history: [],
    heldBack: [],
  };
}

const entry = fc.record({
  score: fc.oneof(fc.constantFrom(0, -(2 ** 43), 2 ** 43, 1), fc.integer({ min: -1e9, max: 1e9 })),
  group: fc.integer({ min: -1, max: 5 }),
  supplier: fc.integer({ min: -1, max: 4 }),
  shown: fc.integer({ min: 0, max: 15 }),
});
const anyCandidates = fc
  .tuple(
    fc.array(entry, { maxLength: 60 }),
    fc.array(fc.integer({ min: -1, max: 6 }), { maxLength: 30 }),
    fc.uniqueArray(fc.integer({ min: 0, max: 4 })),
  )
  .map(([entries, history, heldBack]): Candidates => ({ ...candidatesOf(entries), history, heldBack }));
const anyWeights = fc.record({
  calibration: fc.constantFrom(0, 1, 256, 4096),
  novelty: fc.constantFrom(0, 64, 192),
  variety: fc.constantFrom(0, 32, 1024),
  exposure: fc.constantFrom(0, 26, 256),
  supplierShareMax: fc.constantFrom(null, 0, 26, 85, 256),
});
const anyShow = fc.constantFrom(0, 1, 2, 12, 60, 500);

describe('balance', () => {
  it('shows as many different candidates as there is room for, and without weights the best', () => {
    fc.assert(
      fc.property(anyCandidates, anyWeights, anyShow, (candidates, weights, show) => {
        const shown = balance(candidates, weights, show).shown.map(({ candidate }) => candidate);
        expect(shown).toHaveLength(Math.min(show, candidates.scores.length));
        expect(new Set(shown).size).toBe(shown.length);
        expect(balance(candidates, none, show)).toEqual({
          shown: shown.map((_, candidate) => ({ candidate, moves: [] })),
          costs: [],
        });
      }),
    );
  });

  it('tells each rank as a chain of moves from the rank by score, and what the list lost as the sum of costs', () => {
    fc.assert(
      fc.property(anyCandidates, anyWeights, anyShow, (candidates, weights, show) => {
        const { shown, costs } = balance(candidates, weights, show);
        shown.forEach(({ candidate, moves }, at) => {
          let rank = candidate + 1;
          for (const move of moves) {
            expect(move.from).toBe(rank);
            expect(move.to).not.toBe(rank);
            rank = move.to;
          }
          expect(rank).toBe(at + 1);
        });
        const sumOf = (chosen: readonly number[]): bigint =>
          chosen.reduce((sum, candidate) => sum + BigInt(candidates.scores[candidate] ?? 0), 0n);
        const lost = sumOf(shown.map((_, at) => at)) - sumOf(shown.map(({ candidate }) => candidate));
        expect(BigInt(costs.reduce((sum, { points }) => sum + points, 0))).toBe(lost);
        expect(lost).toBeGreaterThanOrEqual(0n);
      }),
    );
  });

  it('gives a supplier no more than its share while others are there, and one place less while it is held back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 256 }),
        fc.integer({ min: 1, max: 20 }),
        fc.boolean(),
        (share, show, isHeld) => {
          const entries = Array.from({ length: 60 }, (_, at) => ({ score: 1000 - at, supplier: at < 30 ? 0 : at }));
          const candidates = { ...candidatesOf(entries), heldBack: isHeld ? [0] : [] };
          const { shown } = balance(candidates, { ...none, supplierShareMax: share }, show);
          const places = shown.filter(({ candidate }) => candidate < 30).length;
          const bound = (share * show) / 256;
          expect(places).toBe(isHeld ? Math.floor(bound) : Math.ceil(bound));
        },
      ),
    );
  });

  it('fills the list from a supplier that is over its share when nobody else is left', () => {
    const candidates = candidatesOf(Array.from({ length: 6 }, (_, at) => ({ score: 10 - at, supplier: 0 })));
    const { shown } = balance(candidates, { ...none, supplierShareMax: 64 }, 4);
    expect(shown.map(({ candidate }) => candidate)).toEqual([0, 1, 2, 3]);
  });

  it('comes nearer to the mix of the history the more calibration counts, and costs more', () => {
    const entries = Array.from({ length: 100 }, (_, at) => ({ score: 10_000 - 20 * at, group: at < 50 ? 0 : 1 }));
    const candidates = { ...candidatesOf(entries), history: [0, 0, 0, 1, 1, 1] };
    const found = [0, 128, 512, 4096].map((calibration) => {
      const { shown, costs } = balance(candidates, { ...none, calibration }, 12);
      return {
        other: shown.filter(({ candidate }) => candidate >= 50).length,
        cost: costs.reduce((sum, { points }) => sum + points, 0),
      };
    });
    expect(found[0]).toEqual({ other: 0, cost: 0 });
    expect(found.map(({ other }) => other)).toEqual(found.map(({ other }) => other).toSorted((a, b) => a - b));
    expect(found.map(({ cost }) => cost)).toEqual(found.map(({ cost }) => cost).toSorted((a, b) => a - b));
    expect(found.at(-1)?.other).toBeGreaterThanOrEqual(5);
  });

  it('keeps places for groups that are new to the person when novelty is asked for, and otherwise gives them none', () => {
    const entries = Array.from({ length: 60 }, (_, at) => ({ score: 10_000 - at, group: at < 40 ? 0 : 1 + (at % 4) }));
    const candidates = { ...candidatesOf(entries), history: [0, 0, 0, 0] };
    const newOnes = (novelty: number): number =>
      balance(candidates, { ...none, calibration: 512, novelty }, 12).shown.filter(({ candidate }) => candidate >= 40)
        .length;
    expect(newOnes(0)).toBe(0);
    expect(newOnes(128)).toBeGreaterThanOrEqual(4);
  });

  it('breaks up a run of one group or supplier', () => {
    const entries = [
      { score: 100, group: 0, supplier: 0 },
      { score: 99, group: 0, supplier: 0 },
      { score: 98, group: 0, supplier: 0 },
      { score: 97, group: 1, supplier: 1 },
      { score: 0, group: 2, supplier: 2 },
    ];
    const { shown } = balance(candidatesOf(entries), { ...none, variety: 64 }, 3);
    expect(shown.map(({ candidate }) => candidate)).toEqual([0, 3, 1]);
    expect(shown[1]?.moves).toEqual([{ from: 4, to: 2, cause: 'variety', cost: 2 }]);
  });

  it('gives every tenth place to the candidate that was shown least, and none while all are above the average', () => {
    const entries = Array.from({ length: 40 }, (_, at) => ({ score: 1000 - at, shown: at === 33 ? 2 : 9 }));
    const { shown } = balance(candidatesOf(entries), { ...none, exposure: 26 }, 20);
    expect(shown.map(({ candidate }) => candidate)).toEqual([
      ...Array(9).keys(),
      33,
      ...Array.from({ length: 10 }, (_, at) => at + 9),
    ]);
  });

  it('is the same list for scores of any scale and origin', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.constantFrom(1, 2, 16), (origin, scale) => {
        const entries = Array.from({ length: 50 }, (_, at) => ({
          score: 5000 - at * at,
          group: at % 7,
          supplier: at % 3,
        }));
        const moved = entries.map((one) => ({ ...one, score: one.score * scale + origin }));
        const orderOf = (given: typeof entries): number[] =>
          balance(
            { ...candidatesOf(given), history: [1, 2, 2] },
            { ...none, calibration: 256, variety: 32 },
            12,
          ).shown.map(({ candidate }) => candidate);
        expect(orderOf(moved)).toEqual(orderOf(entries));
      }),
    );
  });
});

describe('the dial', () => {
  it('leaves the order by score at one end and opens the mix at the other, within the bounds of the placement', () => {
    expect(balanceWeights({ calibrateBy: 'category', novelty: 0.5 }, -2)).toEqual(none);
    expect(balanceWeights({ calibrateBy: 'category' }, 0)).toMatchObject({ calibration: 768, novelty: 128 });
    expect(balanceWeights({ calibrateBy: 'category' }, 2)).toMatchObject({ calibration: 3072, novelty: 192 });
    expect(boundedDial({ calibrateBy: 'category', dial: { atLeast: -1, atMost: 0 } }, -2)).toBe(-1);
    expect(boundedDial({ calibrateBy: 'category', dial: { atLeast: -1, atMost: 0 } }, 2)).toBe(0);
  });
});

describe('the binary logarithm', () => {
  it('is within four 65,536ths of the true one, never above it, and never falls', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 2 }), (x) => {
        const exact = Math.log2(x) * 65_536;
        expect(binaryLog(x)).toBeLessThanOrEqual(exact + 1e-6);
        expect(binaryLog(x)).toBeGreaterThan(exact - 4);
        expect(binaryLog(x + 1)).toBeGreaterThanOrEqual(binaryLog(x));
      }),
    );
    expect([1, 2, 1024, 2 ** 31].map(binaryLog)).toEqual([0, 1, 10, 31].map((bits) => bits * 65_536));
  });
});
