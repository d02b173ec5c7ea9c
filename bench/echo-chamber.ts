/**
 * Fifty rounds of feedback: people are shown lists, choose from them, the model learns from what they chose, and so on. How many categories do people
 * still see in the end, with the default balance and without it?
 */
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { balance, balanceWeights, candidateCount } from '../src/deciding/balance.ts';
import { Exposure } from '../src/deciding/internal/exposure.ts';
import { CoOccurrence } from '../src/learning/co-occurrence.ts';
import { calibrationDivergence, catalogueCoverage, drift } from '../src/learning/echo-chamber.ts';
import { solveInWorkers } from '../src/learning/kernels/solve-in-workers.ts';
import { defaultRecipe } from '../src/learning/recipe.ts';
import { type Scorer, scorer } from '../src/learning/scoring.ts';
import { type RandomSource, seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';

export const bench: Bench = { name: 'echo-chamber', run };

const categories = 12;
const itemCount = 1_200;
const show = 12;
/** The model is solved anew before every so-manieth round. */
const solveEvery = 5;
/** Rounds at the beginning and the end that are compared. */
const compared = 5;
const recipe = defaultRecipe({ neighbours: 50, minPeople: 2 });

const categoryOf = (item: number): number => item % categories;
const nameOf = (item: number): string => `category ${categoryOf(item)}`;

interface Person {
  /** How likely they choose something of each category when they see it. */
  readonly tastes: readonly number[];
  readonly chosen: Set<number>;
}

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  const size = quick ? { people: 60, rounds: 10 } : { people: 300, rounds: 50 };
  const figures: Figure[] = [];
  for (const isBalanced of [false, true]) {
    const arm = isBalanced ? 'with the default balance' : 'without balance';
    onLine(`${size.rounds} rounds with ${size.people} people ${arm}.`);
    const { seen, histories } = await simulate(size, isBalanced);
    // Everything that somebody saw in the first rounds, and in the last.
    const of = (from: number): number[][] =>
      Array.from({ length: size.people }, (_, person) =>
        seen.slice(from, from + compared).flatMap((lists) => lists[person] ?? []),
      );
    const perRound = (rounds: readonly number[][][]): number =>
      rounds.reduce((total, lists) => total + (drift([lists], nameOf)[0]?.groupsPerPerson ?? 0), 0) / rounds.length;
    const [first, last] = [perRound(seen.slice(0, compared)), perRound(seen.slice(-compared))];
    const ends = [of(0), of(size.rounds - compared)];
    const [early, late] = drift(ends, nameOf);
    figures.push(
      { name: `${arm}: categories in a list of 12, first rounds`, value: first, unit: '' },
      { name: `${arm}: categories in a list of 12, last rounds`, value: last, unit: '' },
      {
        name: `${arm}: categories per person in the first ${compared} rounds`,
        value: early?.groupsPerPerson ?? 0,
        unit: '',
      },
      {
        name: `${arm}: categories per person in the last ${compared} rounds`,
        value: late?.groupsPerPerson ?? 0,
        unit: '',
      },
      {
        name: `${arm}: categories seen per person shrink by`,
        value: 100 * (1 - (late?.groupsLeft ?? 0)),
        unit: '%',
        ...(isBalanced ? { limit: { atMost: 5 } } : {}),
      },
      { name: `${arm}: what people see has moved by`, value: late?.movedBits ?? 0, unit: 'bits' },
      {
        name: `${arm}: lists from people's own mix`,
        value: calibrationDivergence({ histories, lists: seen.at(-1) ?? [] }, nameOf).mean,
        unit: 'bits',
      },
      {
        name: `${arm}: catalogue shown in the last rounds`,
        value: 100 * catalogueCoverage(ends[1] ?? [], itemCount),
        unit: '%',
      },
    );
  }
  return figures;
}

/** What everybody saw, round by round, and what they had chosen in the end. */
async function simulate(
  size: { people: number; rounds: number },
  isBalanced: boolean,
): Promise<{ seen: number[][][]; histories: number[][] }> {
  const random = seededRandom(7);
  const people = Array.from({ length: size.people }, () => madeUpPerson(random));
  const exposure = new Exposure();
  const weights = balanceWeights({ calibrateBy: 'category' }, 0);
  const seen: number[][][] = [];
  let model: Scorer | undefined;
  for (let round = 0; round < size.rounds; round++) {
    if (model === undefined || round % solveEvery === 0) {
      const sums = new CoOccurrence();
      for (const { chosen } of people) sums.add(historyOf(chosen));
      model = scorer(await solveInWorkers(sums, recipe));
    }
    const lists: number[][] = [];
    for (const person of people) {
      const history = historyOf(person.chosen);
      const scored = model.score(history, { limit: candidateCount });
      const list = isBalanced
        ? balance(
            {
              scores: scored.map(({ score }) => score),
              groups: scored.map(({ item }) => categoryOf(item)),
              suppliers: scored.map(() => -1),
              exposures: Array.from(
                exposure.levelsOf(
                  'home',
                  scored.map(({ item }) => ({ itemNumber: item })),
                  itemCount,
                ),
                (level) => Number.parseInt(level, 16),
              ),
              history: Array.from(history, categoryOf),
              heldBack: [],
            },
            weights,
            show,
          ).shown.map(({ candidate }) => scored[candidate]?.item ?? 0)
        : scored.slice(0, show).map(({ item }) => item);
      exposure.note(
        'home',
        list.map((itemNumber) => ({ itemNumber, supplier: null })),
      );
      lists.push(list);
      // People look at the first places more, and choose by taste.
      list.forEach((item, rank) => {
        if (random() < (person.tastes[categoryOf(item)] ?? 0) / (1 + rank / 4)) person.chosen.add(item);
      });
    }
    seen.push(lists);
  }
  return { seen, histories: people.map(({ chosen }) => [...chosen]) };
}

/** Somebody who likes one category much, three somewhat and the others a little, and has chosen fifteen items accordingly. */
function madeUpPerson(random: RandomSource): Person {
  const order = shuffledIndices(categories, random);
  const tastes = Array.from({ length: categories }, () => 0.03);
  order.subarray(0, 4).forEach((category, at) => (tastes[category] = at === 0 ? 0.4 : 0.2));
  const chosen = new Set<number>();
  while (chosen.size < 15) {
    // Low numbers are the popular ones.
    const item = Math.floor(random() ** 2 * itemCount);
    if (random() < (tastes[categoryOf(item)] ?? 0)) chosen.add(item);
  }
  return { tastes, chosen };
}

/** The most recent 200, ascending. */
function historyOf(chosen: ReadonlySet<number>): Int32Array {
  return Int32Array.from([...chosen].slice(-200)).sort();
}
