import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, test } from 'vitest';
import {
  type Distribution,
  type Samples,
  deltaBetween,
  isMajority,
  keepsTo,
} from '../../test/support/approximate-privacy.ts';
import { scriptedBytes } from '../../test/support/scripted-bytes.ts';
import { BoundedSums } from './bounded-sums.ts';
import { type Payment, budgetOf, charged } from './budget.ts';
import { Rational } from './rational.ts';
import * as released from './released.ts';
import type { NoiseStep, Released } from './released.ts';

const isLong = process.env['FAIRLEAD_LONG'] === '1';
const sampleCount = isLong ? 1_000_000 : 100_000;
const delta = Rational.parse('1e-6');

/** The real room, or a copy of it with one mistake in it. */
interface PrivacyRoom {
  BoundedSums: typeof BoundedSums;
  charged: typeof charged;
  budgetOf: typeof budgetOf;
  releasedCounts: typeof released.releasedCounts;
}

const room: PrivacyRoom = { BoundedSums, charged, budgetOf, releasedCounts: released.releasedCounts };

function payment(microRho: bigint, { charged, budgetOf }: Pick<PrivacyRoom, 'charged' | 'budgetOf'> = room): Payment {
  const outcome = charged(budgetOf({ microRho: microRho * 2n }), {
    release: 'r-1',
    period: 'p',
    share: 'general',
    microRho,
    delta,
  });
  if (outcome === undefined) throw new Error('there is enough');
  return outcome.payment;
}

/**
 * Many neighbouring pairs at once: cells in groups of three, each group with or without one person, who wants all three cells, twice each.
 * At most two cells and one in each are allowed. The noise of every group is its own, so every group is one sample of two statistics: the
 * sum of the first two cells, which is the sharpest where the bounds hold, and the sum of all three, which is where they do not.
 */
function groupSamples(
  isThere: boolean,
  seed: string,
  from: PrivacyRoom,
  sampleCount: number,
): { two: Samples; three: Samples } {
  const sums = new from.BoundedSums({ cells: sampleCount * 3, cellsPerPersonMax: 2 });
  for (let group = 0; isThere && group < sampleCount; group++) {
    const first = group * 3;
    sums.add(String(group).padStart(9, '0'), [first, first, first + 1, first + 1, first + 2, first + 2]);
  }
  const { value } = from.releasedCounts({ sums, payment: payment(microRho, from), random: scriptedBytes(seed) });
  const [two, three] = [new Float64Array(sampleCount), new Float64Array(sampleCount)];
  for (let group = 0; group < sampleCount; group++) {
    two[group] = Number(value[group * 3]) + Number(value[group * 3 + 1]);
    three[group] = (two[group] ?? 0) + Number(value[group * 3 + 2]);
  }
  return { two, three };
}

const epsilon = Math.log(3);
const microRho = 320_000n;
/** Δ₂² = 2 and ρ = 0.32, so σ² = 3.125; the sum of two cells moves by 2. */
const claim = { epsilon, delta: deltaBetween(sumOfTwo(0), sumOfTwo(2), epsilon) };

/** The distribution of the sum of two discrete Gaussians, moved by `shift`. */
function sumOfTwo(shift: number): Distribution {
  const reach = 30;
  const weights = Float64Array.from({ length: 2 * reach + 1 }, (_, at) => Math.exp(-((at - reach) ** 2) / (2 * 3.125)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const chances = new Float64Array(4 * reach + 1);
  for (const [x, p] of weights.entries()) {
    for (const [y, q] of weights.entries()) chances[x + y] = (chances[x + y] ?? 0) + (p * q) / total / total;
  }
  return { first: shift - 2 * reach, chances };
}

function passes(from: PrivacyRoom, name: string, samples = sampleCount): boolean {
  return isMajority((vote) => {
    const left = groupSamples(false, `${name} ${vote} a`, from, samples);
    const right = groupSamples(true, `${name} ${vote} b`, from, samples);
    return (
      keepsTo(claim, { left: left.two, right: right.two }) && keepsTo(claim, { left: left.three, right: right.three })
    );
  });
}

describe('nine votes on worst-case neighbours, ε = ln 3', { timeout: isLong ? 600_000 : 60_000 }, () => {
  test('counts with discrete Gaussian noise keep to their δ, against somebody who wants more than is allowed', () => {
    expect(passes(room, 'Gaussian')).toBe(true);
  });

  test('counts with discrete Laplace noise are purely private', () => {
    // ε²/2 = 0.603474 for ε = ln 3.
    const samples = (isThere: boolean, seed: string): Samples => {
      const sums = new BoundedSums({ cells: sampleCount, cellsPerPersonMax: 1 });
      for (let cell = 0; isThere && cell < sampleCount; cell++) sums.add(String(cell).padStart(9, '0'), [cell, cell]);
      const counts = released.releasedCounts({
        sums,
        payment: payment(603_474n),
        random: scriptedBytes(seed),
        noise: 'discrete Laplace',
      });
      expect(counts.delta.toString()).toBe('0');
      expect(counts.epsilon.approximation()).toBeCloseTo(epsilon, 5);
      return Float64Array.from(counts.value, Number);
    };
    expect(
      isMajority((vote) =>
        keepsTo({ epsilon, delta: 0 }, { left: samples(false, `${vote} a`), right: samples(true, `${vote} b`) }),
      ),
    ).toBe(true);
  });

  test('the votes themselves see 1.175 times the sensitivity', () => {
    // Laplace noise for sensitivity 40 with neighbours 47 apart, in whole numbers.
    const samples = (shift: number, seed: string): Samples => {
      const sums = new BoundedSums({ cells: sampleCount, cellsPerPersonMax: 1, amountMax: 40 });
      const counts = released.releasedCounts({
        sums,
        payment: payment(603_474n),
        random: scriptedBytes(seed),
        noise: 'discrete Laplace',
      });
      return Float64Array.from(counts.value, (count) => Math.floor((Number(count) + shift) / 10));
    };
    expect(
      isMajority((vote) =>
        keepsTo({ epsilon, delta: 0 }, { left: samples(0, `${vote} a`), right: samples(47, `${vote} b`) }),
      ),
    ).toBe(false);
  });
});

describe('mutants of the source are found out by the same votes', { timeout: isLong ? 600_000 : 60_000 }, () => {
  const folders: string[] = [];
  afterAll(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  /** A copy of this room in which `right` has become `wrong`. */
  async function mutant(file: string, right: string, wrong: string): Promise<PrivacyRoom> {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-mutant-'));
    folders.push(folder);
    await cp(import.meta.dirname, folder, { recursive: true, filter: (path) => !path.endsWith('.test.ts') });
    const source = await readFile(join(folder, file), 'utf8');
    expect(source.split(right).length, `"${right}" stands once in ${file}`).toBe(2);
    await writeFile(join(folder, file), source.replace(right, wrong));
    const files = ['bounded-sums.ts', 'budget.ts', 'released.ts'];
    const [sums, budget, release] = await Promise.all(files.map((name) => import(join(folder, name))));
    return { ...sums, ...budget, ...release };
  }

  const mistakes = {
    'noise scale × 0.85': ['internal/mint.ts', 'l2Squared * 1_000_000n', 'l2Squared * 722_500n'],
    'no clamp': ['bounded-sums.ts', 'Math.min(before + amount, amountMax)', 'before + amount'],
    'no bound on cells': ['bounded-sums.ts', 'touched.length === cellsPerPersonMax', 'false'],
    'sensitivity off by one': [
      'bounded-sums.ts',
      'l2Squared: cells * amount * amount',
      'l2Squared: (cells - 1n) * amount * amount',
    ],
  } as const;

  for (const [name, [file, right, wrong]] of Object.entries(mistakes)) {
    test(name, async () => {
      // A quarter of the samples sees less sharply: what is found out with them is found out with all.
      expect(passes(await mutant(file, right, wrong), name, sampleCount / 4)).toBe(false);
    });
  }
});

describe('a release', () => {
  const sums = new BoundedSums({ cells: 4, cellsPerPersonMax: 2 });
  for (let person = 0; person < 400; person++) sums.add(`p${1000 + person}`, person % 2 === 0 ? [0, 1] : [0, 3]);
  const names = ['kettle', 'lamp', 'mug', 'rug'];
  const random = scriptedBytes('release');

  test('says its ε, δ, unit, bounds, mechanism, and what is spent and left', () => {
    const counts = released.releasedCounts({ sums, payment: payment(500_000n), random });
    expect({ ...counts, value: undefined }).toEqual({
      release: 'r-1',
      value: undefined,
      epsilon: Rational.parse('5.221535'),
      delta,
      unit: 'person',
      bounds: 'at most 2 of 4 cells a person, at most 1 in each',
      mechanism: [
        { of: 'counts', noise: 'discrete Gaussian', spread: Rational.of(2n), microRho: 500_000n, sensitivity: 2n },
      ],
      period: 'p',
      share: 'general',
      spent: 500_000n,
      remaining: 500_000n,
    });
  });

  test('is near the truth: within six standard deviations', () => {
    const { value } = released.releasedCounts({ sums, payment: payment(500_000n), random });
    for (const [cell, truth] of [400n, 200n, 0n, 200n].entries()) {
      expect(Number((value[cell] ?? 0n) - truth) ** 2).toBeLessThan(36 * 2);
    }
  });

  test('a histogram has names and nothing below zero; a ranking has names and no counts', () => {
    const histogram = released.releasedHistogram({ sums, names, payment: payment(10n), random });
    expect(histogram.value.map(({ name }) => name)).toEqual(names);
    expect(histogram.value.every(({ count }) => count >= 0n)).toBe(true);
    const ranking = released.releasedRanking({ sums, names, top: 3, payment: payment(50_000_000n), random });
    expect(ranking.value).toHaveLength(3);
    expect(ranking.value[0]).toBe('kettle');
    expect(ranking.value).not.toContain('mug');
    expect(() => released.releasedRanking({ sums, names: ['one'], top: 1, payment: payment(1n), random })).toThrow(
      RangeError,
    );
  });

  test('equal counts are ranked by cell number', () => {
    const nobody = new BoundedSums({ cells: 4, cellsPerPersonMax: 1 });
    const ranking = released.releasedRanking({ sums: nobody, names, top: 4, payment: payment(10n ** 12n), random });
    expect(ranking.value).toEqual(names);
  });

  test('one count is one number', () => {
    const one = new BoundedSums({ cells: 1, cellsPerPersonMax: 1 });
    for (let person = 0; person < 100; person++) one.add(`p${1000 + person}`, [0]);
    const count = released.releasedCount({ sums: one, payment: payment(10n ** 12n), random });
    expect(count.value).toBe(100n);
    expect(() => released.releasedCount({ sums, payment: payment(1n), random })).toThrow(RangeError);
  });

  test('cannot be had twice for one payment', () => {
    const once = payment(1000n);
    released.releasedCounts({ sums, payment: once, random });
    expect(() => released.releasedCounts({ sums, payment: once, random })).toThrow(RangeError);
  });

  test('cannot be put together elsewhere, neither in types nor at run time', () => {
    const counts = released.releasedCounts({ sums, payment: payment(1000n), random });
    expect(released.isReleased(counts)).toBe(true);
    for (const forged of [{ ...counts }, JSON.parse(released.releaseText(counts)), null, 3])
      expect(released.isReleased(forged)).toBe(false);
    expectTypeOf<{ release: string; value: readonly bigint[]; unit: 'person' }>().not.toExtend<
      Released<readonly bigint[]>
    >();
    const forged: Released<readonly bigint[]> = Object.assign({}, counts, { value: [1n] }); // the type follows the spread brand
    expect(() => released.derivedRelease(forged, (value) => value)).toThrow(RangeError);
    expect(() => Object.assign(counts, { value: [] })).toThrow(TypeError);
    expect(() => Object.assign(counts.value, [9n])).toThrow(TypeError);
  });

  test('what is computed from it is a release at the same cost', () => {
    const counts = released.releasedCounts({ sums, payment: payment(1000n), random });
    const total = released.derivedRelease(counts, (value) => value.reduce((sum, count) => sum + count, 0n));
    expect(released.isReleased(total)).toBe(true);
    expect({ ...total, value: 0 }).toEqual({ ...counts, value: 0 });
  });

  test('reads the same every time it is written', () => {
    const counts = released.releasedCounts({ sums, payment: payment(500_000n), random: scriptedBytes(1) });
    expect(JSON.parse(released.releaseText(counts))).toEqual({
      release: 'r-1',
      value: counts.value.map(String),
      epsilon: '5.221535',
      delta: '0.000001',
      unit: 'person',
      bounds: 'at most 2 of 4 cells a person, at most 1 in each',
      mechanism: [{ of: 'counts', noise: 'discrete Gaussian', spread: '2', sensitivity: '2', microRho: '500000' }],
      period: 'p',
      share: 'general',
      spentMicroRho: '500000',
      remainingMicroRho: '500000',
    });
  });

  test('no number is in what a mechanism gives', () => {
    expectTypeOf<ReturnType<typeof released.releasedCounts>['value']>().toEqualTypeOf<readonly bigint[]>();
    expectTypeOf<ReturnType<typeof released.releasedCount>['value']>().toEqualTypeOf<bigint>();
    expectTypeOf<ReturnType<typeof released.releasedRanking>['value']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Extract<released.Releasable, number>>().toEqualTypeOf<never>();
    expectTypeOf<NoiseStep['spread']>().toEqualTypeOf<Rational>();
    expectTypeOf<readonly { count: number }[]>().not.toExtend<released.Releasable>();
    expectTypeOf<Float64Array>().not.toExtend<released.Releasable>();
  });
});

if (isLong) {
  test(
    'the time of a release does not tell the data apart (p > 0.01 over 10,000 runs, most of nine votes)',
    { timeout: 600_000 },
    () => {
      const bounds = { cells: 20, cellsPerPersonMax: 1, amountMax: 2 ** 20 };
      const [nobody, many] = [new BoundedSums(bounds), new BoundedSums(bounds)];
      for (let person = 0; person < 1000; person++) many.add(`p${1000 + person}`, [person % 20], [2 ** 20]);
      const random = scriptedBytes('time');
      const nanoseconds = (sums: BoundedSums): number => {
        const paid = payment(1000n);
        const start = process.hrtime.bigint();
        released.releasedCounts({ sums, payment: paid, random });
        return Number(process.hrtime.bigint() - start);
      };
      const isSame = isMajority(() => {
        const times = Array.from({ length: 10_000 }, (): [number, boolean] => {
          const isMany = (random(1)[0] ?? 0) < 128;
          return [nanoseconds(isMany ? many : nobody), isMany];
        });
        return Math.abs(rankZ(times)) < 2.576;
      });
      expect(isSame).toBe(true);
    },
  );
}

/** Mann and Whitney's rank test as a standard normal. */
function rankZ(times: [number, boolean][]): number {
  const sorted = times.toSorted(([a], [b]) => a - b);
  const count = sorted.filter(([, isMany]) => isMany).length;
  const other = sorted.length - count;
  let ranks = 0;
  for (const [at, [, isMany]] of sorted.entries()) if (isMany) ranks += at + 1;
  const mean = (count * (sorted.length + 1)) / 2;
  return (ranks - mean) / Math.sqrt((count * other * (sorted.length + 1)) / 12);
}
