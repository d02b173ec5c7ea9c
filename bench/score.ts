/**
 * How long one scoring takes: the best 100 of 20,000 items for a history of 50, terms and all; and what a decision asks for, the best 250 of 4,000 items for
 * a history of 30, with the terms of the 12 that are shown.
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import type { LocalRidgeParameters } from '../src/learning/local-ridge.ts';
import { type Scorer, scorer } from '../src/learning/scoring.ts';
import { seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';

export const bench: Bench = { name: 'score', run };

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const rounds = quick ? 2 : 40;
  onLine('Scoring 20,000 items with 100 neighbours each.');
  const startedAt = performance.now();
  const large = scorer(madeUpParameters(20_000, 100));
  const preparedMs = performance.now() - startedAt;
  const alone = timesOf(large, { itemCount: 20_000, historyLength: 50, rounds }, (model, history) =>
    model.score(history, { limit: 100 }),
  );
  onLine('Scoring 4,000 items with 200 neighbours each.');
  const small = scorer(madeUpParameters(4_000, 200));
  const decided = timesOf(small, { itemCount: 4_000, historyLength: 30, rounds }, (model, history) => {
    const best = model.best(history, { limit: 250 });
    model.explain(
      history,
      best.slice(0, 12).map(({ item }) => item),
    );
  });
  return [
    {
      name: 'score and best 100 of 20,000 items, history of 50',
      value: shareOf(alone, 0.5),
      unit: 'ms',
      limit: { atMost: 0.2 },
    },
    { name: '99 % of them within', value: shareOf(alone, 0.99), unit: 'ms' },
    {
      name: 'score of a decision: 250 of 4,000 items, history of 30, 12 explained',
      value: shareOf(decided, 0.5),
      unit: 'ms',
      limit: { atMost: 0.15 },
    },
    { name: '99 % of those within', value: shareOf(decided, 0.99), unit: 'ms' },
    { name: 'prepare a scorer of 2,000,000 weights', value: preparedMs, unit: 'ms' },
  ];
}

/** Milliseconds of each scoring, ascending; the first round warms the engine up and does not count. */
function timesOf(
  model: Scorer,
  size: { itemCount: number; historyLength: number; rounds: number },
  work: (model: Scorer, history: Int32Array) => unknown,
): number[] {
  const random = seededRandom(2);
  const histories = Array.from({ length: 500 }, () =>
    shuffledIndices(size.itemCount, random).slice(0, size.historyLength).sort(),
  );
  const times: number[] = [];
  for (let round = 0; round < size.rounds; round++) {
    for (const history of histories) {
      const from = performance.now();
      work(model, history);
      times.push(performance.now() - from);
    }
  }
  return times.slice(histories.length).sort((a, b) => a - b);
}

function shareOf(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

/** Neighbours mostly nearby, with a few anywhere, as item numbers of one department follow each other. */
function madeUpParameters(itemCount: number, neighbourCount: number): LocalRidgeParameters {
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
