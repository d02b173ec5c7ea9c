/**
 * How fast the privacy room is: exact draws beside a plain floating-point sampler that is not private, the accountant, a release of a whole
 * catalogue, and the search for personal data in text.
 */
import { randomBytes } from 'node:crypto';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { RenyiAccountant } from '../src/privacy/accountant.ts';
import { RandomBits } from '../src/privacy/bits.ts';
import { BoundedSums } from '../src/privacy/bounded-sums.ts';
import { budgetOf, charged } from '../src/privacy/budget.ts';
import { DiscreteGaussian, DiscreteLaplace } from '../src/privacy/noise.ts';
import { personalDataIn } from '../src/privacy/personal-data.ts';
import { Rational } from '../src/privacy/rational.ts';
import { releasedRanking } from '../src/privacy/released.ts';

export const bench: Bench = { name: 'privacy', run };

// oxlint-disable-next-line typescript/require-await -- a benchmark answers a promise, and nothing here waits
async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const draws = quick ? 20_000 : 2_000_000;
  const bits = new RandomBits((count) => randomBytes(count));
  const target = new BigInt64Array(draws);
  const figures: Figure[] = [];

  onLine(`Drawing ${draws.toLocaleString('en')} numbers from each distribution.`);
  for (const sigma of ['1', '4.2247', '1000', '4000000']) {
    const noise = new DiscreteGaussian(Rational.parse(sigma).times(Rational.parse(sigma)));
    figures.push({
      name: `exact discrete Gaussian, σ = ${sigma}`,
      value: draws / seconds(() => noise.drawInto(target, bits)),
      unit: 'draws/s',
      limit: { atLeast: 100_000 },
    });
  }
  const laplace = new DiscreteLaplace(Rational.parse('10'));
  figures.push(
    {
      name: 'exact discrete Laplace, scale 10',
      value: draws / seconds(() => laplace.drawInto(target, bits)),
      unit: 'draws/s',
    },
    {
      name: 'rounded floating-point Gaussian, not private, for comparison',
      value: draws / seconds(() => drawRoundedInto(target)),
      unit: 'draws/s',
    },
  );

  onLine('Accounting.');
  const compositions = quick ? 100 : 1000;
  figures.push(
    {
      name: `${compositions} compositions of one sampled mechanism, and its ε`,
      value: milliseconds(() => compose(compositions, () => 2.5)),
      unit: 'ms',
      limit: { atMost: 100 },
    },
    {
      name: `${compositions} compositions of as many unlike sampled mechanisms, and their ε`,
      value: milliseconds(() => compose(compositions, (number) => 1 + number / 100)),
      unit: 'ms',
    },
  );

  onLine('Releasing a ranking of 20,000 items.');
  const sums = new BoundedSums({ cells: 20_000, cellsPerPersonMax: 20 });
  for (let person = 0; person < (quick ? 100 : 10_000); person++) {
    sums.add(
      String(person).padStart(9, '0'),
      Array.from({ length: 20 }, (_, at) => (person * 31 + at * at * 97) % 20_000),
    );
  }
  const names = Array.from({ length: 20_000 }, (_, item) => `item-${item}`);
  figures.push({
    name: 'one released ranking of 20,000 items',
    value: milliseconds(() => {
      const outcome = charged(budgetOf({ microRho: 10_000n }), {
        release: 'bench',
        period: 'bench',
        share: 'general',
        microRho: 10_000n,
        delta: Rational.parse('1e-6'),
      });
      if (outcome === undefined) throw new Error('the budget was all there');
      releasedRanking({ sums, names, top: 100, payment: outcome.payment, random: (count) => randomBytes(count) });
    }),
    unit: 'ms',
  });

  onLine('Looking for personal data.');
  const texts = quick ? 100 : 5000;
  figures.push({
    name: 'personal data found in a text of 550 characters',
    value:
      milliseconds(() => {
        for (let text = 0; text < texts; text++) personalDataIn(letter);
      }) / texts,
    unit: 'ms',
    limit: { atMost: 0.5 },
  });
  return figures;
}

const letter = (
  'Your order of two lamps is ready since Monday. Write to ada@example.com or call +49 30 901820; we charged card 4012 8888 8888 1881 ' +
  'and refunded to DE89 3704 0044 0532 0130 00. We use what you view and buy to suggest gifts until 24.12.2026, from 12.50 EUR, 20 % off. '
).repeat(2);

function compose(count: number, noiseMultiplierOf: (number: number) => number): void {
  const accountant = new RenyiAccountant();
  for (let number = 0; number < count; number++) {
    accountant.compose({ noiseMultiplier: noiseMultiplierOf(number), samplingRate: 0.01 });
  }
  accountant.epsilon(1e-6);
}

/** Box and Muller, rounded: what the exact samplers are to be compared with, and what must never be released. */
function drawRoundedInto(target: BigInt64Array): void {
  for (let at = 0; at < target.length; at++) {
    const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
    target[at] = BigInt(Math.round(4.2247 * radius * Math.cos(2 * Math.PI * Math.random())));
  }
}

/** The best of three, after one to warm up. */
function milliseconds(work: () => void): number {
  work();
  return Math.min(
    ...[1, 2, 3].map(() => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}

function seconds(work: () => void): number {
  return milliseconds(work) / 1000;
}
