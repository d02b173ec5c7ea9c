/**
 * What a released recommender is worth: NDCG@100 of models made of noised sums, beside the exact sums of the same people and plain
 * popularity, on made-up people (`learning/synthetic.ts`) of whom some are held out. `FAIRLEAD_PEOPLE=500000` takes half an hour.
 */
import { randomBytes } from 'node:crypto';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { CoOccurrence } from '../src/learning/co-occurrence.ts';
import { solveEase } from '../src/learning/ease.ts';
import { ndcgOf } from '../src/learning/evaluation.ts';
import { type LocalRidgeParameters, decodeParameters } from '../src/learning/local-ridge.ts';
import { scorer } from '../src/learning/scoring.ts';
import { seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';
import { syntheticHistories } from '../src/learning/synthetic.ts';
import { solvedRelease } from '../src/models/release-recommender.ts';
import { concentratedBudget } from '../src/privacy/accountant.ts';
import { budgetOf, charged } from '../src/privacy/budget.ts';
import { Rational } from '../src/privacy/rational.ts';
import { SumsRelease } from '../src/privacy/released-sums.ts';

export const bench: Bench = { name: 'released model', run };

const itemCount = 3676;
const delta = 1e-6;

// oxlint-disable-next-line typescript/require-await -- a benchmark answers a promise, and nothing here waits
async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const people = quick ? 2_000 : Number(process.env['FAIRLEAD_PEOPLE'] ?? 50_000);
  const items = quick ? 300 : itemCount;
  onLine(`Making up ${people.toLocaleString('en')} people and 1,000 more to be tested on.`);
  const medianItems = quick ? 24 : 96;
  const all = [...syntheticHistories({ seed: 7, people: people + 1000, items, medianItems })];
  const training = all.slice(0, people).map((history) => history.toSorted());
  const tested = all.slice(people).map(splitInTwo);

  onLine('Solving their exact sums.');
  const sums = new CoOccurrence();
  for (const history of training) sums.add(history);
  const exact = ndcg(solveEase(sums, { lambda: 8, ridge: 'root-count', minPeople: 1 }), tested);
  const popular = popularityNdcg(sums, tested);
  const figures: Figure[] = [
    { name: `exact sums of ${people.toLocaleString('en')} people`, value: exact, unit: 'NDCG@100' },
    { name: 'popularity', value: popular, unit: 'NDCG@100' },
  ];
  for (const epsilon of quick ? [10] : people > 100_000 ? [1] : [0.5, 1, 3]) {
    onLine(`Releasing at ε = ${epsilon}.`);
    const begun = performance.now();
    const parameters = releasedAt(epsilon, training, items);
    const seconds = (performance.now() - begun) / 1000;
    const value = parameters === undefined ? 0 : ndcg(parameters, tested) / exact;
    const least = quick ? undefined : limitAt(epsilon, people);
    figures.push(
      {
        name: `released at ε = ${epsilon}, δ = ${delta}, beside the exact sums`,
        value,
        unit: 'x',
        ...(least === undefined ? {} : { limit: { atLeast: least } }),
      },
      { name: `time of that release with ${parameters?.items.length ?? 0} items`, value: seconds, unit: 's' },
    );
  }
  return figures;
}

function limitAt(epsilon: number, people: number): number | undefined {
  if (epsilon !== 1) return undefined;
  return people >= 500_000 ? 0.95 : people >= 50_000 ? 0.85 : undefined;
}

interface Tested {
  known: Int32Array;
  heldOut: ReadonlySet<number>;
}

/** 80 % known, the rest to be guessed. */
function splitInTwo(history: Int32Array, person: number): Tested {
  const order = shuffledIndices(history.length, seededRandom(person + 1));
  const shuffled = Int32Array.from(order, (at) => history[at] ?? 0);
  const knownCount = Math.floor(history.length * 0.8);
  return { known: shuffled.slice(0, knownCount).sort(), heldOut: new Set(shuffled.slice(knownCount)) };
}

function ndcg(parameters: LocalRidgeParameters, tested: readonly Tested[]): number {
  const { score } = scorer(parameters);
  return mean(tested, ({ known, heldOut }) =>
    ndcgOf(
      score(known, { limit: 100 }).map(({ item }) => item),
      heldOut,
    ),
  );
}

function popularityNdcg(sums: CoOccurrence, tested: readonly Tested[]): number {
  const ranking = [...sums.itemNumbers()].sort((a, b) => sums.count(b) - sums.count(a));
  return mean(tested, ({ known, heldOut }) => {
    const has = new Set(known);
    return ndcgOf(ranking.filter((item) => !has.has(item)).slice(0, 100), heldOut);
  });
}

function mean(tested: readonly Tested[], figure: (person: Tested) => number): number {
  const counted = tested.filter(({ heldOut }) => heldOut.size > 0);
  return counted.reduce((sum, person) => sum + figure(person), 0) / counted.length;
}

function releasedAt(epsilon: number, training: readonly Int32Array[], items: number): LocalRidgeParameters | undefined {
  const microRho = concentratedBudget({ epsilon, delta });
  const outcome = charged(budgetOf({ microRho }), {
    release: 'bench',
    period: 'bench',
    share: 'general',
    microRho,
    delta: Rational.parse(String(delta)),
  });
  if (outcome === undefined) throw new Error('the budget was all there');
  const release = new SumsRelease({
    payment: outcome.payment,
    random: (count) => randomBytes(count),
    itemCount: items,
  });
  const ids = training.map((_, person) => String(person).padStart(9, '0'));
  for (const [person, history] of training.entries()) release.addToCounts(ids[person] ?? '', history);
  if (!release.chooseItems().isUseful) return undefined;
  for (const [person, history] of training.entries()) release.addToPairs(ids[person] ?? '', history);
  return decodeParameters(solvedRelease(release.release()).value);
}
