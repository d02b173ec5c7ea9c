import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  RenyiAccountant,
  concentratedBudget,
  concentratedEpsilon,
  defaultOrders,
  deltaOf,
  epsilonOf,
  gaussianDelta,
  gaussianDivergence,
  gaussianNoiseMultiplier,
  roundedUp,
} from './accountant.ts';
import { erfc } from './internal/erfc.ts';

const relative = (value: number, expected: number): number => Math.abs(value / expected - 1);

describe('published values', () => {
  test('Gaussian σ 2.5 with sampling 0.01, 50 steps, at fractional and whole orders', () => {
    const orders = [1.5, 2.5, 5, 50, 100, Infinity];
    const accountant = new RenyiAccountant(orders);
    accountant.compose({ noiseMultiplier: 2.5, samplingRate: 0.01, count: 50 });
    const published = [6.70579741e-4, 1.0854871e-3, 2.18075656e-3, 2.38460375e-2, 1.67416308e2, Infinity];
    for (const [at, divergence] of accountant.divergences().entries()) {
      // Nine digits are printed: the last is worth 5e-7 at order 100 and far below 1e-9 elsewhere.
      if (published[at] === Infinity) expect(divergence).toBe(Infinity);
      else
        expect(Math.abs(divergence - (published[at] ?? NaN)), `order ${orders[at]}`).toBeLessThan(
          at === 4 ? 5e-7 : 1e-9,
        );
    }
  });

  test('the same to fifteen digits, computed once with forty', () => {
    const divergence = (order: number): number =>
      50 * gaussianDivergence({ noiseMultiplier: 2.5, samplingRate: 0.01, order });
    expect(Math.abs(divergence(1.5) - 0.0006705797408030009)).toBeLessThan(1e-12);
    expect(Math.abs(divergence(2.5) - 0.0010854871044130752)).toBeLessThan(1e-12);
    expect(relative(divergence(5), 0.0021807565623078807)).toBeLessThan(1e-12);
    expect(relative(divergence(50), 0.023846037538706167)).toBeLessThan(1e-12);
    expect(relative(divergence(100), 167.41630754841825)).toBeLessThan(1e-12);
  });

  test('constant divergence 1.1 over orders 2 to 32 gives ε 1.32783806176 at δ 1e-5, at order 32, and back', () => {
    const orders = Array.from({ length: 31 }, (_, i) => i + 2);
    const divergences = orders.map(() => 1.1);
    const epsilon = epsilonOf({ orders, divergences, delta: 1e-5 });
    expect(Math.abs(epsilon.value - 1.32783806176)).toBeLessThan(1e-11);
    expect(epsilon.order).toBe(32);
    const delta = deltaOf({ orders, divergences, epsilon: 1.32783806176 });
    expect(Math.abs(delta.value - 1e-5)).toBeLessThan(1e-14);
    expect(delta.order).toBe(32);
  });

  test('σ = 4.530877117 is (1, 1e-6) over fine orders', () => {
    const accountant = new RenyiAccountant(Array.from({ length: 99_000 }, (_, i) => 1.001 + 0.001 * i));
    accountant.compose({ noiseMultiplier: 4.530877117 });
    expect(Math.abs(accountant.epsilon(1e-6).value - 1)).toBeLessThan(1e-9);
    expect(Math.abs(accountant.delta(1).value - 1e-6)).toBeLessThan(1e-14);
  });

  test('the noise multipliers of the analytic Gaussian at δ 1e-6', () => {
    for (const [epsilon, expected] of [
      [0.1, 36.30469042619578],
      [1, 4.224678889326835],
      [3, 1.54386141777564],
      [10, 0.541086831818366],
    ] as const) {
      expect(relative(gaussianNoiseMultiplier({ epsilon, delta: 1e-6 }), expected)).toBeLessThan(1e-9);
    }
  });
});

describe('the divergence of the sampled Gaussian', () => {
  // Truth by quadrature with forty digits, not by the series under test.
  const truths: [rate: number, sigma: number, order: number, truth: number][] = [
    [1e-6, 0.1, 256, 12786.13031096926],
    [1e-5, 0.1, 256.1, 12793.441943506159],
    [1e-6, 1, 27, 3.37288896340327e-11],
    [1e-4, 1, 1.5, 1.2885373907673299e-8],
    [1e-3, 1, 2, 1.7182803522145153e-6],
    [0.001, 1, 7.3, 6.363861034641715e-6],
    [0.01, 10, 20, 1.0068263112022611e-5],
    [0.1, 100, 20.5, 1.0252214593881176e-5],
    [0.02, 4, 63, 0.0008843068196032252],
    [0.2, 0.3, 8.6, 45.95657171897077],
    [0.99, 0.1, 256, 12799.98991025106],
    [0.999, 100, 256.1, 0.012779725746660572],
  ];

  test('is exact at whole orders, to 1e-9 of itself', () => {
    for (const [samplingRate, noiseMultiplier, order, truth] of truths) {
      if (!Number.isInteger(order)) continue;
      expect(relative(gaussianDivergence({ samplingRate, noiseMultiplier, order }), truth)).toBeLessThan(1e-9);
    }
  });

  test('is never below the truth at fractional orders, and above it by no more than the published bound', () => {
    for (const [samplingRate, noiseMultiplier, order, truth] of truths) {
      const divergence = gaussianDivergence({ samplingRate, noiseMultiplier, order });
      expect(divergence).toBeGreaterThan(truth - 1e-15 - truth * 1e-9);
      expect(divergence).toBeLessThan(truth * 1.001 + 1e-15);
    }
  });

  test('an order whose series does not settle is taken out, not guessed', () => {
    expect(gaussianDivergence({ samplingRate: 0.5, noiseMultiplier: 2, order: 1.1 })).toBe(Infinity);
  });

  test('extremes: nobody sampled costs nothing, no noise costs everything, everybody is the plain mechanism', () => {
    expect(gaussianDivergence({ samplingRate: 0, noiseMultiplier: 0, order: 2 })).toBe(0);
    expect(gaussianDivergence({ samplingRate: 0.5, noiseMultiplier: 0, order: 2 })).toBe(Infinity);
    expect(gaussianDivergence({ samplingRate: 1, noiseMultiplier: 2, order: 3 })).toBe(3 / 8);
    const silent = new RenyiAccountant([3.7]);
    silent.compose({ noiseMultiplier: 0, samplingRate: 0 });
    silent.compose({ noiseMultiplier: 0, count: 0 });
    expect(silent.epsilon(1e-10).value).toBe(0);
    expect(silent.delta(1e-10).value).toBe(0);
    silent.compose({ noiseMultiplier: 0 });
    expect(silent.epsilon(0.1).value).toBe(Infinity);
    expect(silent.delta(0.1).value).toBe(1);
  });

  test('falls with noise and rises with sampling and with the order', () => {
    const any = fc.record({
      noiseMultiplier: fc.double({ min: 0.8, max: 50, noNaN: true }),
      samplingRate: fc.double({ min: 1e-4, max: 0.9, noNaN: true }),
      order: fc.integer({ min: 2, max: 60 }),
    });
    fc.assert(
      fc.property(any, (use) => {
        const at = gaussianDivergence(use);
        expect(gaussianDivergence({ ...use, noiseMultiplier: use.noiseMultiplier * 1.1 })).toBeLessThan(at);
        expect(gaussianDivergence({ ...use, samplingRate: use.samplingRate * 1.1 })).toBeGreaterThan(at);
        expect(gaussianDivergence({ ...use, order: use.order + 1 })).toBeGreaterThan(at);
        expect(at).toBeLessThanOrEqual(use.order / (2 * use.noiseMultiplier ** 2));
      }),
    );
  });
});

describe('composition', () => {
  test('is addition: counts, order and grouping make no difference', () => {
    const [together, apart, plain] = [new RenyiAccountant(), new RenyiAccountant(), new RenyiAccountant()];
    together.compose({ noiseMultiplier: 3.1, samplingRate: 0.2, count: 6 });
    together.compose({ noiseMultiplier: 1.6 });
    apart.compose({ noiseMultiplier: 1.6 });
    for (let i = 0; i < 3; i++) apart.compose({ noiseMultiplier: 3.1, samplingRate: 0.2, count: 2 });
    for (const [at, divergence] of together.divergences().entries()) {
      if (divergence !== Infinity) expect(relative(apart.divergences()[at] ?? NaN, divergence)).toBeLessThan(1e-12);
    }
    plain.composeConcentrated(1 / (2 * 1.6 ** 2));
    const gaussian = new RenyiAccountant();
    gaussian.compose({ noiseMultiplier: 1.6 });
    for (const [at, divergence] of gaussian.divergences().entries())
      expect(divergence).toBeCloseTo(plain.divergences()[at] ?? NaN, 12);
  });

  test('ε and δ lead back to each other, whatever was composed', () => {
    for (const samplingRate of [0, 0.01, 0.1, 0.8, 1]) {
      for (const noiseMultiplier of [0, 0.1, 1, 10, 100]) {
        const accountant = new RenyiAccountant(Array.from({ length: 48 }, (_, i) => i + 2));
        accountant.compose({ noiseMultiplier, samplingRate });
        for (const delta of [0.99, 0.9, 0.1, 0.01, 1e-3, 1e-5, 1e-9, 1e-12]) {
          const epsilon = accountant.epsilon(delta).value;
          const again = accountant.delta(epsilon).value;
          if (epsilon === Infinity) expect(again).toBe(1);
          else if (epsilon === 0) expect(again).toBeLessThanOrEqual(delta);
          else expect(relative(again, delta)).toBeLessThan(1e-7);
        }
      }
    }
  });

  test('the default orders lose less than 1 % against fine ones', () => {
    const fine = [
      ...Array.from({ length: 3000 }, (_, i) => 1.02 + i * 0.02),
      ...Array.from({ length: 2000 }, (_, i) => 61 + i),
    ];
    for (const noiseMultiplier of [0.4, 1, 4.2247, 20, 100]) {
      for (const delta of [1e-3, 1e-6, 1e-12]) {
        const [ours, finest] = [new RenyiAccountant(defaultOrders), new RenyiAccountant(fine)];
        ours.compose({ noiseMultiplier });
        finest.compose({ noiseMultiplier });
        expect(ours.epsilon(delta).value).toBeLessThan(finest.epsilon(delta).value * 1.01);
      }
    }
  });

  test('refuses what has no meaning', () => {
    expect(() => new RenyiAccountant([1])).toThrow(RangeError);
    expect(() => new RenyiAccountant([])).toThrow(RangeError);
    for (const use of [
      { noiseMultiplier: -1 },
      { noiseMultiplier: NaN },
      { noiseMultiplier: 1, samplingRate: 1.1 },
      { noiseMultiplier: 1, count: 0.5 },
      { noiseMultiplier: 1, count: -1 },
    ]) {
      expect(() => new RenyiAccountant().compose(use)).toThrow(RangeError);
    }
    expect(() => new RenyiAccountant().epsilon(2)).toThrow(RangeError);
    expect(() => new RenyiAccountant().delta(-1)).toThrow(RangeError);
  });
});

describe('the analytic Gaussian', () => {
  test('agrees with twenty digits, far into the tail', () => {
    for (const [noiseMultiplier, epsilon, expected] of [
      [1, 1, 0.12693673750664394],
      [1, 0, 0.3829249225480262],
      [1, 5, 5.793721691919494e-7],
      [4.22468, 1, 9.999945876157168e-7],
      [10, 0.1, 0.008751768145809594],
      [0.5, 20, 2.016028801306039e-20],
      [3, 8, 1.0362724045822814e-127],
    ] as const) {
      expect(relative(gaussianDelta({ noiseMultiplier, epsilon }), expected)).toBeLessThan(1e-9);
    }
  });

  test('at σ = 1 is erfc((ε−½)/√2)/2 − e^ε erfc((ε+½)/√2)/2, and Rényi accounting never claims less', () => {
    const accountant = new RenyiAccountant(Array.from({ length: 495 }, (_, i) => 1.01 + 0.1 * i));
    accountant.compose({ noiseMultiplier: 1 });
    for (let epsilon = 0; epsilon < 8; epsilon += 0.1) {
      const delta = gaussianDelta({ noiseMultiplier: 1, epsilon });
      const plain =
        erfc((epsilon - 0.5) / Math.SQRT2) / 2 - (Math.exp(epsilon) * erfc((epsilon + 0.5) / Math.SQRT2)) / 2;
      expect(Math.abs(delta - plain)).toBeLessThan(1e-13);
      expect(accountant.delta(epsilon).value).toBeGreaterThanOrEqual(delta);
    }
  });
});

describe('zero-concentrated privacy', () => {
  test('agrees with the minimum over real orders, and is not below it', () => {
    for (const [rho, delta, expected] of [
      [0.000001, 1e-6, 0.004496493980648612],
      [0.028, 1e-6, 1.0775586017833734],
      [0.1, 1e-5, 1.914238832003598],
      [0.5, 1e-6, 5.221534444530169],
      [5, 1e-9, 24.40598755755938],
    ] as const) {
      const epsilon = concentratedEpsilon({ rho, delta });
      expect(relative(epsilon, expected)).toBeLessThan(1e-9);
      expect(epsilon).toBeGreaterThanOrEqual(expected);
    }
    expect(concentratedEpsilon({ rho: 0, delta: 1e-6 })).toBe(0);
  });

  test('a budget in ε becomes the largest ρ that keeps to it', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        fc.constantFrom(1e-5, 1e-6, 1e-9),
        (epsilon, delta) => {
          const microRho = concentratedBudget({ epsilon, delta });
          expect(concentratedEpsilon({ rho: Number(microRho) / 1e6, delta })).toBeLessThanOrEqual(epsilon);
          expect(concentratedEpsilon({ rho: Number(microRho + 1n) / 1e6, delta })).toBeGreaterThan(epsilon);
        },
      ),
      { numRuns: 30 },
    );
    expect(concentratedBudget({ epsilon: 0, delta: 1e-6 })).toBe(0n);
  });
});

test('rounding up moves every result to the safe side', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: -1e100, max: 1e100 }), (value) => {
      expect(roundedUp(value)).toBeGreaterThanOrEqual(value);
    }),
  );
});
