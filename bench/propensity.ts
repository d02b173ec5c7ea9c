/**
 * How well a scorecard from sums orders people and keeps its word, on UCI Bank Marketing without `duration`, beside an L2 logistic regression
 * that reads rows, on the same splits. The interactions are chosen on the people that are learned from.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type { Bench, BenchOptions, Figure } from '../src/cli/benchmark.ts';
import { CoOccurrence } from '../src/learning/co-occurrence.ts';
import { kernelSystem } from '../src/learning/kernels/kernel-system.ts';
import { binningOf, propensityContribution, propensityScorer, solvePropensity } from '../src/learning/propensity.ts';
import {
  draftPropensity,
  figuresOf,
  type LabelledPerson,
  type PropensityFigures,
} from '../src/learning/propensity-evaluation.ts';
import { seededRandom, shuffledIndices } from '../src/learning/seeded-random.ts';
import { fittedLogistic } from './peers/logistic.ts';

export const bench: Bench = { name: 'propensity', run };

const bankFile = new URL('../../shared/data/bank-marketing.csv.gz', import.meta.url);

async function run({ quick, onLine }: BenchOptions): Promise<Figure[]> {
  if (!existsSync(bankFile)) {
    onLine('No propensity figures: ../shared/data is not beside the project.');
    return [];
  }
  const all = await bankPeople();
  const people = quick ? all.filter((_, at) => at % 20 === 0) : all;
  const found: Record<'logistic' | 'plain' | 'paired', PropensityFigures[]> = { logistic: [], plain: [], paired: [] };
  let solveSeconds = 0;
  for (const seed of quick ? [1] : [1, 2, 3]) {
    const order = shuffledIndices(people.length, seededRandom(seed));
    const trainingCount = Math.floor(people.length * 0.7);
    const take = (places: Int32Array): LabelledPerson[] => [...places].flatMap((place) => people[place] ?? []);
    const training = take(order.subarray(0, trainingCount));
    const tested = take(order.subarray(trainingCount));
    const recipe = draftPropensity(training, {
      trainingShare: 0.7,
      random: seededRandom(seed + 100),
      systemSolver: kernelSystem,
    });
    onLine(`Split ${seed}: pairs ${recipe.interactions.map((pair) => pair.join(' × ')).join(', ')}.`);
    for (const [kind, interactions] of [
      ['plain', []],
      ['paired', recipe.interactions],
    ] as const) {
      const used = { ...recipe, interactions };
      const binning = binningOf(used);
      const sums = new CoOccurrence();
      for (const { values, happened } of training) sums.add(propensityContribution(binning, values, happened));
      const startedAt = performance.now();
      const parameters = solvePropensity(sums, used, { systemSolver: kernelSystem });
      solveSeconds = (performance.now() - startedAt) / 1000;
      const score = propensityScorer(parameters, used);
      found[kind].push(figuresOf(tested.map(({ values, happened }) => ({ ...score(values), happened }))));
    }
    const peer = fittedLogistic(training, 1);
    found.logistic.push(
      figuresOf(
        tested.map(({ values, happened }) => {
          const probability = peer(values);
          return { score: probability, probability, happened };
        }),
      ),
    );
  }
  const mean = (kind: keyof typeof found, of: (figures: PropensityFigures) => number): number =>
    found[kind].reduce((sum, figures) => sum + of(figures), 0) / found[kind].length;
  const auc = (kind: keyof typeof found): number => mean(kind, (figures) => figures.auc);
  return [
    { name: 'AUC of L2 logistic regression from rows', value: auc('logistic'), unit: '' },
    { name: 'AUC of the scorecard from sums, features alone', value: auc('plain'), unit: '' },
    { name: 'AUC of the scorecard from sums, with pairs', value: auc('paired'), unit: '' },
    {
      name: 'scorecard with pairs less logistic, AUC',
      value: auc('paired') - auc('logistic'),
      unit: '',
      limit: { atLeast: -0.005 },
    },
    {
      name: 'calibration error of the scorecard',
      value: mean('paired', ({ calibrationError }) => calibrationError),
      unit: '',
      limit: { atMost: 0.02 },
    },
    {
      name: 'calibration error of logistic',
      value: mean('logistic', ({ calibrationError }) => calibrationError),
      unit: '',
    },
    { name: 'solve the scorecard with pairs', value: solveSeconds, unit: 's' },
  ];
}

async function bankPeople(): Promise<LabelledPerson[]> {
  const people: LabelledPerson[] = [];
  const rows = createReadStream(bankFile)
    .pipe(createGunzip())
    .pipe(parse({ columns: true, delimiter: ';' }));
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    // The length of the call is known only after it.
    const { y, duration: _, ...rest } = row;
    const values = Object.fromEntries(
      Object.entries(rest).map(([name, text]) => [
        name,
        text !== '' && Number.isFinite(Number(text)) ? Number(text) : text,
      ]),
    );
    people.push({ values, happened: y === 'yes' });
  }
  return people;
}
