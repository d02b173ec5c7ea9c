import { describe, expect, test } from 'vitest';
import { scriptedBytes } from '../../test/support/scripted-bytes.ts';
import { type Payment, budgetOf, charged } from './budget.ts';
import { Rational } from './rational.ts';
import { type Released, isReleased } from './released.ts';
import { type ReleasedSums, SumsRelease, cleanedSums } from './released-sums.ts';
import { UnitNormPairs, cellOf, unit } from './unit-norm-sums.ts';

function payment(microRho: bigint): Payment {
  const charge = { release: 'r', period: 'p', share: 'general', microRho, delta: Rational.parse('1e-6') };
  const outcome = charged(budgetOf({ microRho }), charge);
  if (outcome === undefined) throw new Error('there is enough');
  return outcome.payment;
}

const itemCount = 160;
/** Two tastes, even items and odd items; each person has about twenty of one of them, the first ones more often. */
const people = ((): [string, number[]][] => {
  const bytes = scriptedBytes('people')(6000 * 48);
  return Array.from({ length: 6000 }, (_, person): [string, number[]] => [
    String(person).padStart(6, '0'),
    Array.from({ length: 24 }, (_, at) => {
      const [one = 0, other = 0] = bytes.subarray(person * 48 + at * 2);
      return (Math.min(one, other) % (itemCount / 2)) * 2 + (person % 2);
    }),
  ]);
})();

function releaseOf(microRho: bigint, seed: string, histories = people): Released<ReleasedSums> {
  const release = new SumsRelease({ payment: payment(microRho), random: scriptedBytes(seed), itemCount });
  for (const [id, items] of histories) release.addToCounts(id, items);
  release.chooseItems();
  for (const [id, items] of histories) release.addToPairs(id, items);
  return release.release();
}

describe('released sums', () => {
  test('state the whole price, both steps, and are made once', () => {
    const released = releaseOf(500_000n, 'price');
    expect(isReleased(released)).toBe(true);
    expect(released.mechanism.map(({ of, microRho, sensitivity }) => [of, microRho, sensitivity])).toEqual([
      ['counts', 20_000n, BigInt(unit) ** 2n],
      ['pairs', 480_000n, BigInt(unit) ** 2n],
    ]);
    expect(released.epsilon.toString()).toBe('5.221535');
    expect(released.value.pairs.length).toBe((released.value.items.length * (released.value.items.length - 1)) / 2);
  });

  test('with much to spend are the sums themselves', () => {
    const { value } = releaseOf(10n ** 15n, 'truth');
    const totals = truthOf(value);
    const near = (left: bigint, right: bigint): boolean => Math.abs(Number(left - right)) < unit / 100;
    expect(value.items).toHaveLength(itemCount);
    expect(near(value.people, totals.at(-1) ?? 0n)).toBe(true);
    for (const [high, count] of value.counts.entries()) {
      expect(near(count, totals[cellOf(high, high)] ?? 0n)).toBe(true);
      for (let low = 0; low < high; low++) {
        expect(near(value.pairs[cellOf(high - 1, low)] ?? 0n, totals[cellOf(high, low)] ?? 0n)).toBe(true);
      }
    }
  });

  test('of too few people are told to be of no use', () => {
    const release = new SumsRelease({ payment: payment(24_000n), random: scriptedBytes('few'), itemCount });
    for (const [id, items] of people.slice(0, 50)) release.addToCounts(id, items);
    expect(release.chooseItems().isUseful).toBe(false);
  });

  test('keep their order: no counting after the choice, no pairs before it, no second release', () => {
    const release = new SumsRelease({ payment: payment(24_000n), random: scriptedBytes('order'), itemCount });
    expect(() => release.release()).toThrow(RangeError);
    expect(() => {
      release.addToPairs('a', [1]);
    }).toThrow(RangeError);
    release.chooseItems();
    expect(() => release.chooseItems()).toThrow(RangeError);
    expect(() => {
      release.addToCounts('a', [1]);
    }).toThrow(RangeError);
    release.release();
    expect(() => release.release()).toThrow(RangeError);
  });

  test('the noise is as wide as was paid for, in every cell', () => {
    const released = releaseOf(100_000n, 'width');
    const [counts, pairs] = released.mechanism;
    // σ² = 1 / 2ρ in squared units.
    expect(counts?.spread).toEqual(Rational.of(BigInt(unit) ** 2n * 1_000_000n, 2n * 4_000n));
    expect(pairs?.spread).toEqual(Rational.of(BigInt(unit) ** 2n * 1_000_000n, 2n * 96_000n));
    const truth = truthOf(released.value);
    let [squares, cells] = [0, 0];
    for (const [high, count] of released.value.counts.entries()) {
      squares += Number(count - (truth[cellOf(high, high)] ?? 0n)) ** 2;
      cells++;
      for (let low = 0; low < high; low++) {
        squares += Number((released.value.pairs[cellOf(high - 1, low)] ?? 0n) - (truth[cellOf(high, low)] ?? 0n)) ** 2;
        cells++;
      }
    }
    const ratio = squares / cells / (pairs?.spread.approximation() ?? 0);
    expect(cells).toBeGreaterThan(5000);
    // Five standard deviations of a mean of squares.
    expect(Math.abs(ratio - 1)).toBeLessThan(5 * Math.sqrt(2 / cells));
  });
});

/** The sums without noise over the items of a release. */
function truthOf(value: ReleasedSums): BigInt64Array {
  const exact = new UnitNormPairs(Int32Array.from(value.items, Number));
  for (const [id, items] of people) exact.add(id, items);
  return exact.exactTotals();
}

describe('cleaned sums', () => {
  test('are nearer to the truth than the noised ones, and are counts that people could have', () => {
    const noised = releaseOf(30_000n, 'clean');
    const cleaned = cleanedSums(noised);
    expect(isReleased(cleaned)).toBe(true);
    expect(cleaned.epsilon).toEqual(noised.epsilon);
    const truth = truthOf(noised.value);
    const distance = ({ value }: Released<ReleasedSums>): number => {
      let sum = 0;
      for (let high = 1; high < value.items.length; high++) {
        for (let low = 0; low < high; low++) {
          sum += (Number((value.pairs[cellOf(high - 1, low)] ?? 0n) - (truth[cellOf(high, low)] ?? 0n)) / unit) ** 2;
        }
      }
      return Math.sqrt(sum);
    };
    expect(distance(cleaned)).toBeLessThan(distance(noised) * 0.6);
    const { counts, pairs, people: whole } = cleaned.value;
    for (const [high, count] of counts.entries()) {
      expect(count > 0n && count <= whole).toBe(true);
      for (let low = 0; low < high; low++) {
        const pair = pairs[cellOf(high - 1, low)] ?? -1n;
        expect(pair >= 0n && pair <= count && pair <= (counts[low] ?? 0n)).toBe(true);
      }
    }
  });
});
