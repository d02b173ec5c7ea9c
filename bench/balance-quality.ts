/**
 * What the default balance costs in relevance and brings in coverage, on the retail file. The file has no categories: the last word of an item's
 * description stands for one.
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { balance, balanceWeights, candidateCount } from '../src/deciding/balance.ts';
import { Exposure } from '../src/deciding/internal/exposure.ts';
import { CoOccurrence } from '../src/learning/co-occurrence.ts';
import { contributionOf } from '../src/learning/contributions.ts';
import { catalogueCoverage } from '../src/learning/echo-chamber.ts';
import { ndcgOf } from '../src/learning/evaluation.ts';
import { solveInWorkers } from '../src/learning/kernels/solve-in-workers.ts';
import { defaultRecipe } from '../src/learning/recipe.ts';
import { scorer } from '../src/learning/scoring.ts';
import { seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';
import { retailShop } from './support/histories.ts';

export const bench: Bench = { name: 'balance-quality', run };

const historyMax = 8_000;
const listLength = 100;
/** Coverage is counted, and exposure noted, over the places that are looked at. */
const lookedAt = 20;

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const shop = quick ? undefined : await retailShop();
  if (shop === undefined) {
    onLine('No retail figures: a quick run leaves them out, and so does a machine without ../shared/data.');
    return [];
  }
  const numbers = new Map([...new Set(shop.groups)].map((group, number) => [group, number]));
  const groupOf = (item: number): number => numbers.get(shop.groups[item] ?? '') ?? -1;
  const random = seededRandom(1);
  const order = shuffledIndices(shop.histories.length, random);
  const testedPeople = new Set(order.subarray(0, Math.floor(order.length / 5)));
  const sums = new CoOccurrence();
  const tested: { known: Int32Array; heldOut: Set<number> }[] = [];
  for (const [person, history] of shop.histories.entries()) {
    if (!testedPeople.has(person)) {
      sums.add(contributionOf(history, { historyMax }));
      continue;
    }
    const items = [...new Set(history.map(({ item }) => item))];
    const heldOutCount = Math.max(1, Math.round(items.length / 5));
    const heldOut = new Set(
      Array.from(shuffledIndices(items.length, random).subarray(0, heldOutCount), (at) => items[at] ?? 0),
    );
    tested.push({ known: contributionOf(history, { historyMax, isExcluded: (item) => heldOut.has(item) }), heldOut });
  }
  const model = scorer(await solveInWorkers(sums, defaultRecipe({ neighbours: 50, lambda: 10, historyMax })));
  const itemCount = new Set(shop.histories.flatMap((history) => history.map(({ item }) => item))).size;
  const exposure = new Exposure();
  const weights = balanceWeights({ calibrateBy: 'last word' }, 0);
  const [plain, balanced]: [number[][], number[][]] = [[], []];
  for (const { known } of tested) {
    const scored = model.score(known, { limit: candidateCount });
    plain.push(scored.slice(0, listLength).map(({ item }) => item));
    const list = balance(
      {
        scores: scored.map(({ score }) => score),
        groups: scored.map(({ item }) => groupOf(item)),
        suppliers: scored.map(() => -1),
        exposures: Array.from(
          exposure.levelsOf(
            'home',
            scored.map(({ item }) => ({ itemNumber: item })),
            itemCount,
          ),
          (level) => Number.parseInt(level, 16),
        ),
        history: Array.from(known, groupOf),
        heldBack: [],
      },
      weights,
      listLength,
    ).shown.map(({ candidate }) => scored[candidate]?.item ?? 0);
    exposure.note(
      'home',
      list.slice(0, lookedAt).map((itemNumber) => ({ itemNumber, supplier: null })),
    );
    balanced.push(list);
  }
  const relevanceOf = (lists: readonly number[][]): number =>
    tested.reduce((total, { heldOut }, person) => total + ndcgOf(lists[person] ?? [], heldOut), 0) / tested.length;
  const coverageOf = (lists: readonly number[][]): number =>
    catalogueCoverage(
      lists.map((list) => list.slice(0, lookedAt)),
      itemCount,
    );
  return [
    { name: 'NDCG@100 by score', value: relevanceOf(plain), unit: '' },
    { name: 'NDCG@100 with the default balance', value: relevanceOf(balanced), unit: '' },
    {
      name: 'relevance lost',
      value: 100 * (1 - relevanceOf(balanced) / relevanceOf(plain)),
      unit: '%',
      limit: { atMost: 2 },
    },
    { name: 'coverage of first 20 by score', value: 100 * coverageOf(plain), unit: '%' },
    { name: 'coverage of first 20 with the default balance', value: 100 * coverageOf(balanced), unit: '%' },
    {
      name: 'coverage gained',
      value: 100 * (coverageOf(balanced) / coverageOf(plain) - 1),
      unit: '%',
      limit: { atLeast: 20 },
    },
  ];
}
