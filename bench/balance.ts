/** How long the balance of 200 scored candidates into 12 takes, with every part of it at work. */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { type Candidates, balance, balanceWeights, candidateCount } from '../src/deciding/balance.ts';
import { seededRandom } from '../src/learning/seeded-random.ts';

export const bench: Bench = { name: 'balance', run };

const show = 12;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  onLine(`Balancing ${candidateCount} candidates into ${show}.`);
  const lists = Array.from({ length: 500 }, (_, seed) => madeUpCandidates(seed + 1));
  const weights = balanceWeights({ calibrateBy: 'category', novelty: 0.1, supplierShareMax: 0.3 }, 0);
  const times: number[] = [];
  for (let round = 0; round < (quick ? 2 : 40); round++) {
    for (const candidates of lists) {
      const from = performance.now();
      balance(candidates, weights, show);
      times.push(performance.now() - from);
    }
  }
  // The first round warms the engine up.
  const warm = times.slice(lists.length).sort((a, b) => a - b);
  return [
    { name: 'balance of 200 candidates into 12', value: shareOf(warm, 0.5), unit: 'ms', limit: { atMost: 0.2 } },
    { name: '99 % of them within', value: shareOf(warm, 0.99), unit: 'ms' },
  ];
}

function shareOf(sorted: readonly number[], share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? 0;
}

/** Scores that fall like those of a real list, twelve categories, thirty suppliers. */
function madeUpCandidates(seed: number): Candidates {
  const random = seededRandom(seed);
  const below = (count: number): number => Math.floor(random() * count);
  return {
    scores: Array.from({ length: candidateCount }, (_, rank) =>
      Math.floor((2 ** 30 / (rank + 4)) * (1 + random())),
    ).sort((a, b) => b - a),
    groups: Array.from({ length: candidateCount }, () => below(12)),
    suppliers: Array.from({ length: candidateCount }, () => below(30)),
    exposures: Array.from({ length: candidateCount }, () => below(14)),
    history: Array.from({ length: 50 }, () => below(4)),
    heldBack: [below(30), below(30)],
  };
}
