/**
 * How long sums and solves take: the MovieLens-like people at k = 200, and a shop of 20,000 items; beside the plain solver and, where Python
 * has numpy, full EASE on the same sums.
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { CoOccurrence } from '../src/learning/co-occurrence.ts';
import { solveInWorkers } from '../src/learning/kernels/solve-in-workers.ts';
import { parametersDigest, solveLocalRidge, type LocalRidgeParameters } from '../src/learning/local-ridge.ts';
import { defaultRecipe, type LocalRidgeRecipe } from '../src/learning/recipe.ts';
import { syntheticHistories } from '../src/learning/synthetic.ts';
import { shoppers } from './support/histories.ts';
import { numpyEaseSeconds } from './support/numpy-ease.ts';

export const bench: Bench = { name: 'solve', run };

async function run(options: BenchOptions): Promise<Figure[]> {
  return [...(await likeMovieLens(options)), ...(await largeShop(options))];
}

async function likeMovieLens({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const size = quick ? { people: 500, items: 400 } : {};
  onLine('Making people like those of MovieLens-1M.');
  const people = Array.from(syntheticHistories({ seed: 1, ...size }), (items) => items.toSorted());
  const { sums, seconds: sumSeconds } = sumOf(people);
  const someone = people[0] ?? new Int32Array(0);
  const forgetMs =
    timed(() => {
      for (let time = 0; time < 100; time++) sums.apply({ removed: someone, added: someone });
    }).seconds * 5;
  const recipe = defaultRecipe({ neighbours: 200, minPeople: 1 });
  const name = `${sums.itemNumbers().length} items, k = 200`;
  onLine(`Solving ${name}.`);
  const fast = await bestOf(quick ? 1 : 3, sums, recipe);
  const one = await bestOf(1, sums, recipe, 1);
  onLine('Solving in plain TypeScript.');
  const plain = timed(() => solveLocalRidge(sums, recipe));
  if (parametersDigest(plain.value) !== parametersDigest(fast.parameters)) throw new Error('the two solvers differ');
  const figures: Figure[] = [
    { name: `sums of ${people.length} people`, value: sumSeconds, unit: 's' },
    { name: `forget one person with ${someone.length} items`, value: forgetMs, unit: 'ms' },
    { name: `solve ${name}, two workers`, value: fast.seconds, unit: 's', limit: { atMost: 1.5 } },
    { name: `solve ${name}, one worker`, value: one.seconds, unit: 's' },
    { name: `solve ${name}, plain TypeScript, same bytes`, value: plain.seconds, unit: 's' },
  ];
  return [...figures, ...(await besideNumpy(sums, fast.seconds, 1, onLine))];
}

async function largeShop({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const items = quick ? 2_000 : 20_000;
  onLine(`Making shoppers of ${items} items.`);
  const before = process.memoryUsage.rss();
  const { sums, seconds: sumSeconds } = sumOf(shoppers({ people: quick ? 2_000 : 60_000, items, length: 120 }));
  const memory = process.memoryUsage.rss() - before;
  onLine(`Solving ${items} items.`);
  const { seconds, parameters } = await bestOf(quick ? 1 : 2, sums, defaultRecipe({ neighbours: 200 }));
  const name = `${parameters.items.length} items, k = 200`;
  const figures: Figure[] = [
    { name: `sums of ${sums.people} people over ${items} items`, value: sumSeconds, unit: 's' },
    { name: `memory of the sums of ${items} items`, value: memory / 1e9, unit: 'GB', limit: { atMost: 1.2 } },
    { name: `weights for each item, ${name}`, value: parameters.weights.length / parameters.items.length, unit: '' },
    { name: `solve ${name}, two workers`, value: seconds, unit: 's', limit: { atMost: 15 } },
  ];
  return [...figures, ...(await besideNumpy(sums, seconds, 5, onLine))];
}

async function besideNumpy(
  sums: CoOccurrence,
  seconds: number,
  atLeast: number,
  onLine: (line: string) => void,
): Promise<Figure[]> {
  onLine(`Solving full EASE over ${sums.itemNumbers().length} items in numpy, if it is there.`);
  const numpy = await numpyEaseSeconds(sums, 20);
  if (typeof numpy === 'string') {
    onLine(`No numpy figure: ${numpy}.`);
    return [];
  }
  const items = sums.itemNumbers().length;
  return [
    { name: `full EASE of ${items} items in numpy`, value: numpy, unit: 's' },
    { name: `how many times as fast as numpy, ${items} items`, value: numpy / seconds, unit: 'x', limit: { atLeast } },
  ];
}

function sumOf(people: Iterable<Int32Array>): { sums: CoOccurrence; seconds: number } {
  const sums = new CoOccurrence();
  let seconds = 0;
  for (const items of people) seconds += timed(() => sums.add(items)).seconds;
  return { sums, seconds };
}

async function bestOf(
  times: number,
  sums: CoOccurrence,
  recipe: LocalRidgeRecipe,
  workers = 2,
): Promise<{ seconds: number; parameters: LocalRidgeParameters }> {
  let seconds = Infinity;
  let parameters: LocalRidgeParameters | undefined;
  for (let time = 0; time < times || parameters === undefined; time++) {
    const startedAt = performance.now();
    parameters = await solveInWorkers(sums, recipe, { workers });
    seconds = Math.min(seconds, (performance.now() - startedAt) / 1000);
  }
  return { seconds, parameters };
}

function timed<Value>(work: () => Value): { value: Value; seconds: number } {
  const startedAt = performance.now();
  const value = work();
  return { value, seconds: (performance.now() - startedAt) / 1000 };
}
