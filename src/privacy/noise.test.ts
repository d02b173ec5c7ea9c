import * as fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { scriptedBytes } from '../../test/support/scripted-bytes.ts';
import { RandomBits } from './bits.ts';
import { DiscreteGaussian, DiscreteLaplace } from './noise.ts';
import { Rational, integerSquareRoot } from './rational.ts';

const isLong = process.env['FAIRLEAD_LONG'] === '1';

/**
 * The published algorithms with whole numbers only: the oracle of the fast path. It spends the same words: a coin compares 32 bits first.
 */
function exactCoin(numerator: bigint, denominator: bigint, bits: RandomBits): boolean {
  const rest = (numerator << 32n) - BigInt(bits.word()) * denominator;
  return rest >= denominator || (rest > 0n && bits.belowAny(denominator) < rest);
}

function exactExponentialCoin(numerator: bigint, denominator: bigint, bits: RandomBits): boolean {
  let k = 1n;
  while (exactCoin(numerator, denominator * k, bits)) k++;
  return k % 2n === 1n;
}

function exactInverseECoin(bits: RandomBits): boolean {
  let k = 2n;
  while (exactCoin(1n, k, bits)) k++;
  return k % 2n === 1n;
}

function exactLaplace(scale: Rational, bits: RandomBits): bigint {
  for (;;) {
    const uniform = scale.numerator === 1n ? 0n : bits.belowAny(scale.numerator);
    if (!exactExponentialCoin(uniform, scale.numerator, bits)) continue;
    let landed = 0n;
    while (exactInverseECoin(bits)) landed++;
    const size = (uniform + scale.numerator * landed) / scale.denominator;
    const isNegative = bits.bit();
    if (!isNegative || size !== 0n) return isNegative ? -size : size;
  }
}

function exactGaussian(sigmaSquared: Rational, bits: RandomBits): bigint {
  const t = Rational.of(integerSquareRoot(sigmaSquared.floor()) + 1n);
  for (;;) {
    const proposed = exactLaplace(t, bits);
    const distance = Rational.of(proposed < 0n ? -proposed : proposed).minus(sigmaSquared.over(t));
    const gamma = distance.times(distance).over(sigmaSquared.plus(sigmaSquared));
    let isAccepted = true;
    for (let left = gamma.floor(); left > 0n && isAccepted; left--) isAccepted = exactInverseECoin(bits);
    const rest = gamma.minus(Rational.of(gamma.floor()));
    if (isAccepted && exactExponentialCoin(rest.numerator, rest.denominator, bits)) return proposed;
  }
}

const scales = [
  '1/7',
  '1/2',
  '1',
  '10/11',
  '3',
  '17.848',
  '100',
  '1234.5',
  '1000000/1099',
  '65536',
  '40000000',
  '4294967296',
];
const variances = [
  '1/100',
  '1/3',
  '1',
  '2',
  '4',
  '17.848',
  '100',
  '12345.678',
  '1e6/7',
  '4294967296',
  '76534234234.5',
  '1e18',
].map((text) => (text === '1e6/7' ? Rational.of(1_000_000n, 7n) : Rational.parse(text)));

describe('the fast samplers', { timeout: 60_000 }, () => {
  test('give the very draws of the published algorithms in whole numbers, bit for bit, for the first 1,000 outputs', () => {
    for (const scale of scales.map((text) => Rational.parse(text))) {
      const [left, right] = [
        new RandomBits(scriptedBytes(scale.toString())),
        new RandomBits(scriptedBytes(scale.toString())),
      ];
      const fast = new DiscreteLaplace(scale);
      for (let i = 0; i < 1000; i++) expect(fast.draw(left)).toBe(exactLaplace(scale, right));
      expect(left.word()).toBe(right.word());
    }
    for (const variance of variances) {
      const [left, right] = [
        new RandomBits(scriptedBytes(variance.toString())),
        new RandomBits(scriptedBytes(variance.toString())),
      ];
      const fast = new DiscreteGaussian(variance);
      for (let i = 0; i < 1000; i++) expect(fast.draw(left)).toBe(exactGaussian(variance, right));
      expect(left.word()).toBe(right.word());
    }
  });

  test('give them too where the words of the source stand exactly on the edge of a coin', () => {
    // The edges of the coins with chance 1/k, and their neighbours: where a careless comparison would go wrong.
    const edge = fc.tuple(
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: -2, max: 2 }),
    );
    const words = fc.array(fc.oneof(edge, fc.nat({ max: 0xffffffff })), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(words, fc.constantFrom(...variances.slice(0, 8)), fc.integer(), (script, variance, seed) => {
        const source = (): RandomBits => {
          const after = scriptedBytes(seed);
          let isFirst = true;
          return new RandomBits((count) => {
            const bytes = after(count);
            const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
            for (const [at, word] of isFirst ? script.entries() : []) {
              const value = typeof word === 'number' ? word : Math.floor((2 ** 32 * word[0]) / word[1]) + word[2];
              view.setUint32(at * 4, value >>> 0, true);
            }
            isFirst = false;
            return bytes;
          });
        };
        const [left, right] = [source(), source()];
        const fast = new DiscreteGaussian(variance);
        for (let i = 0; i < 8; i++) expect(fast.draw(left)).toBe(exactGaussian(variance, right));
      }),
    );
  });

  test('fill with the same draws that they hand out one by one', () => {
    const target = new BigInt64Array(500);
    for (const noise of [new DiscreteLaplace(Rational.of(5n)), new DiscreteGaussian(Rational.of(25n))]) {
      noise.drawInto(target, new RandomBits(scriptedBytes(1)));
      const bits = new RandomBits(scriptedBytes(1));
      expect([...target]).toEqual(Array.from(target, () => noise.draw(bits)));
    }
  });

  test('refuse a scale or a variance outside their limits', () => {
    for (const scale of ['0', '-1', '1e12', '1/5000000000']) {
      expect(() => new DiscreteLaplace(Rational.parse(scale))).toThrow(RangeError);
    }
    for (const variance of ['0', '-1', '1e30']) {
      expect(() => new DiscreteGaussian(Rational.parse(variance))).toThrow(RangeError);
    }
  });

  test('tell that a source of randomness is broken', () => {
    expect(() => new DiscreteLaplace(Rational.of(1n)).draw(new RandomBits((count) => new Uint8Array(count)))).toThrow(
      RangeError,
    );
  });
});

test('no number leaves a mechanism', () => {
  expectTypeOf<ReturnType<DiscreteLaplace['draw']>>().toEqualTypeOf<bigint>();
  expectTypeOf<ReturnType<DiscreteGaussian['draw']>>().toEqualTypeOf<bigint>();
  expectTypeOf<Parameters<DiscreteLaplace['drawInto']>[0]>().toEqualTypeOf<BigInt64Array>();
  expectTypeOf<Parameters<DiscreteGaussian['drawInto']>[0]>().toEqualTypeOf<BigInt64Array>();
  expectTypeOf<keyof DiscreteLaplace | keyof DiscreteGaussian>().toEqualTypeOf<'draw' | 'drawInto'>();
});

describe('against the exact distribution', { timeout: 60_000 }, () => {
  // Twelve scales each; the seed is fixed and each test rejects a right sampler once in 10⁴ scales.
  const drawCount = isLong ? 1_000_000 : 100_000;
  const wide = ['1/4', '1/2', '1', '10/11', '2', '3.7', '10', '25', '100', '333.3', '1000', '4000'].map((text) =>
    Rational.parse(text),
  );

  const families = {
    Laplace: (scale: Rational) => ({
      noise: new DiscreteLaplace(scale),
      weight: (x: number) => Math.exp(-Math.abs(x) / scale.approximation()),
      reach: Math.ceil(scale.approximation() * 40) + 2,
    }),
    Gaussian: (sigma: Rational) => ({
      noise: new DiscreteGaussian(sigma.times(sigma)),
      weight: (x: number) => Math.exp(-(x * x) / (2 * sigma.approximation() ** 2)),
      reach: Math.ceil(sigma.approximation() * 12) + 2,
    }),
  };

  for (const [name, family] of Object.entries(families)) {
    test(`${name}: χ² over cells of equal weight, and Kolmogorov-Smirnov, for 12 scales`, () => {
      for (const scale of wide) {
        const { noise, weight, reach } = family(scale);
        const cumulative = cumulativeOf(weight, reach);
        const drawn = new BigInt64Array(drawCount);
        noise.drawInto(drawn, new RandomBits(scriptedBytes(`${name} ${scale.toString()}`)));
        const counts = new Float64Array(2 * reach + 1);
        for (const x of drawn) {
          const cell = Number(x) + reach;
          counts[cell] = (counts[cell] ?? 0) + 1;
        }
        const { statistic, degrees, distance } = comparison(counts, cumulative, drawCount);
        expect(statistic, `χ² at ${scale.toString()}`).toBeLessThan(chiSquaredLimit(degrees));
        // P[√n D > 2.23] < 10⁻⁴ for a continuous distribution, and less for one on the integers.
        expect(distance * Math.sqrt(drawCount), `KS at ${scale.toString()}`).toBeLessThan(2.23);
      }
    });
  }

  test('the χ² test sees a scale that is 2 % off', () => {
    const scale = Rational.of(10n);
    const { weight, reach } = families.Gaussian(scale);
    const counts = new Float64Array(2 * reach + 1);
    const drawn = new BigInt64Array(100_000);
    new DiscreteGaussian(Rational.parse('96.04')).drawInto(drawn, new RandomBits(scriptedBytes('mutant')));
    for (const x of drawn) counts[Number(x) + reach] = (counts[Number(x) + reach] ?? 0) + 1;
    const { statistic, degrees } = comparison(counts, cumulativeOf(weight, reach), drawn.length);
    expect(statistic).toBeGreaterThan(chiSquaredLimit(degrees));
  });
});

function cumulativeOf(weight: (x: number) => number, reach: number): Float64Array {
  const cumulative = Float64Array.from({ length: 2 * reach + 1 }, (_, cell) => weight(cell - reach));
  for (let cell = 1; cell < cumulative.length; cell++)
    cumulative[cell] = (cumulative[cell] ?? 0) + (cumulative[cell - 1] ?? 0);
  const total = cumulative.at(-1) ?? 1;
  return cumulative.map((sum) => sum / total);
}

/** Pools neighbouring cells until each expects 500 draws or more, at most 200 pools. */
function comparison(counts: Float64Array, cumulative: Float64Array, drawCount: number) {
  const pooled = Math.max(500 / drawCount, 1 / 200);
  let [statistic, degrees, distance] = [0, -1, 0];
  let [seen, seenBefore, expectedBefore] = [0, 0, 0];
  for (const [cell, count] of counts.entries()) {
    seen += count;
    const expected = cumulative[cell] ?? 1;
    distance = Math.max(distance, Math.abs(seen / drawCount - expected));
    if (expected - expectedBefore < pooled || 1 - expected < pooled) continue;
    statistic += ((seen - seenBefore) / drawCount - (expected - expectedBefore)) ** 2 / (expected - expectedBefore);
    [seenBefore, expectedBefore, degrees] = [seen, expected, degrees + 1];
  }
  const [lastSeen, lastExpected] = [(drawCount - seenBefore) / drawCount, 1 - expectedBefore];
  if (lastExpected > 0) statistic += (lastSeen - lastExpected) ** 2 / lastExpected;
  return { statistic: statistic * drawCount, degrees: degrees + 1, distance };
}

/** The point that χ² passes once in 10⁴ (Wilson and Hilferty's cube, a little generous for few degrees). */
function chiSquaredLimit(degrees: number): number {
  if (degrees < 1) return 1e-9 + 20;
  const spread = 2 / (9 * degrees);
  return degrees * (1 - spread + 3.8 * Math.sqrt(spread)) ** 3;
}
