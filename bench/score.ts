/** How long one scoring takes: the best 100 of 20,000 items for a history of 50, terms and all; beside the bare walk over the same weights. */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import type { LocalRidgeParameters } from '../src/learning/local-ridge.ts';
import { scorer } from '../src/learning/scoring.ts';
import { seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';

export const bench: Bench = { name: 'score', run };

const itemCount = 20_000;
const neighbourCount = 100;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  onLine(`Scoring ${itemCount} items with ${neighbourCount} neighbours each.`);
  const startedAt = performance.now();
  const parameters = madeUpParameters();
  const model = scorer(parameters);
  const preparedMs = performance.now() - startedAt;
  const random = seededRandom(2);
  const histories = Array.from({ length: 500 }, () => shuffledIndices(itemCount, random).slice(0, 50).sort());
  const rounds = quick ? 2 : 40;
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const history of histories) {
      const from = performance.now();
      model.score(history, { limit: 100 });
      times.push(performance.now() - from);
    }
  }
  // The first round warms the engine up.
  const warm = times.slice(histories.length).sort((a, b) => a - b);
  const share = (part: number): number => warm[Math.floor(warm.length * part)] ?? 0;
  return [
    {
      name: 'score and best 100 of 20,000 items, history of 50',
      value: share(0.5),
      unit: 'ms',
      limit: { atMost: 0.2 },
    },
    { name: '99 % of them within', value: share(0.99), unit: 'ms' },
    { name: 'prepare a scorer of 2,000,000 weights', value: preparedMs, unit: 'ms' },
  ];
}

/** Neighbours mostly nearby, with a few anywhere, as item numbers of one department follow each other. */
function madeUpParameters(): LocalRidgeParameters {
  const random = seededRandom(1);
  const items = Int32Array.from({ length: itemCount }, (_, item) => item);
  const starts = new Uint32Array(itemCount + 1);
  const neighbours: number[] = [];
  const weights: number[] = [];
  items.forEach((target) => {
    const chosen = new Set<number>();
    while (chosen.size < neighbourCount) {
      const near = target + Math.floor((random() - 0.5) * 400);
      const source = random() < 0.2 ? Math.floor(random() * itemCount) : (near + itemCount) % itemCount;
      if (source !== target) chosen.add(source);
    }
    for (const source of [...chosen].sort((a, b) => a - b)) {
      neighbours.push(source);
      weights.push(Math.floor((random() - 0.3) * 8000) * 2 + 1);
    }
    starts[target + 1] = weights.length;
  });
  return {
    weightBits: 16,
    items,
    baselines: Int32Array.from(items, () => Math.floor(random() * 2000)),
    starts,
    neighbours: Int32Array.from(neighbours),
    weights: Int32Array.from(weights),
  };
}
