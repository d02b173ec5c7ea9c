/** `fairlead evaluate --predict`: drafts a scorecard on most of the people, measures it on the others, and says how each group fares. */
import { kernelSystem } from '../../learning/kernels/kernel-system.ts';
import {
  type LabelledPerson,
  type PropensityFigures,
  draftPropensity,
  figuresOf,
  scorecardOf,
  splitOf,
} from '../../learning/propensity-evaluation.ts';
import type { PropensityRecipe } from '../../learning/propensity.ts';
import { seededRandom } from '../../learning/seeded-random.ts';
import { openRowSource } from '../../people/import/open-row-source.ts';
import { bad, formatCount, say, soft, strong, tableLines } from '../terminal.ts';
import type { Evaluating } from './evaluate-options.ts';
import { type Labelled, readLabelled } from './read-labelled.ts';

/** How a group fares: told the mean probability, and the share of them that did it. */
export interface GroupRate {
  readonly column: string;
  readonly group: string;
  readonly people: number;
  readonly told: number;
  readonly happened: number;
}

export interface OutcomeEvaluation extends Omit<PropensityFigures, 'groups'> {
  readonly predict: string;
  readonly positive: string;
  /** How many were learned from; `people` were tested. */
  readonly trained: number;
  readonly features: readonly string[];
  readonly leftOut: Labelled['leftOut'];
  readonly rows: Labelled['rows'];
  readonly groups: readonly GroupRate[];
  readonly recipe: PropensityRecipe;
}

const trainingShare = 0.7;
/** Groups with fewer tested people are the luck of a few. */
const groupPeopleMin = 20;
const groupsMax = 15;

/** Evaluates. Refuses as `readLabelled` does. The pairs of features are chosen on the people that are learned from, never on the tested ones. */
export async function evaluateOutcome(
  file: string,
  options: Evaluating,
  onProgress: (done: number, total: number, what: string) => void,
): Promise<OutcomeEvaluation> {
  const { predict, positive, drop } = options.outcome ?? { predict: '', positive: '', drop: [] };
  const source = await openRowSource(file, options.source);
  const { people, features, leftOut, rows } = await readLabelled(source, {
    predict,
    positive,
    drop,
    onProgress: (done, total) => onProgress(done, total, 'reading'),
  });
  const { training, tested } = splitOf(people, trainingShare, seededRandom(options.seed));
  const recipe = draftPropensity(training, {
    trainingShare,
    random: seededRandom(options.seed + 100),
    systemSolver: kernelSystem,
    minPeople: options.recipe.minPeople,
    lambda: ridgeFor(training.length),
    onProgress: ({ done, total }) => onProgress(done, total, 'pairs of features'),
  });
  const score = scorecardOf(training, recipe, { systemSolver: kernelSystem });
  const scored = tested.map((person) => ({ ...person, ...score(person.values) }));
  const { groups: _none, ...figures } = figuresOf(scored);
  return {
    predict,
    positive,
    trained: training.length,
    ...figures,
    features,
    leftOut,
    rows,
    groups: features.flatMap((column) => ratesOf(scored, column)),
    recipe,
  };
}

/** A ridge of 100 suits tens of thousands; few people would be pulled together further than the correction of the slope reaches. */
function ridgeFor(people: number): number {
  return Math.max(1, Math.min(100, Math.round(people / 300)));
}

function ratesOf(
  scored: readonly (LabelledPerson & { score: number; probability: number })[],
  column: string,
): GroupRate[] {
  const codes = new Set(scored.map(({ values }) => values[column]));
  if (codes.size > groupsMax) return [];
  const { groups } = figuresOf(
    scored.map((person) => {
      const value = person.values[column];
      return value === null || value === undefined ? person : { ...person, group: String(value) };
    }),
  );
  return groups.filter(({ people }) => people >= groupPeopleMin).map((group) => ({ column, ...group }));
}

export function tellOutcome(evaluated: OutcomeEvaluation): void {
  const { predict, positive, trained, people, rows, groups, recipe } = evaluated;
  say(
    strong(
      `${predict} = ${positive}: learned from ${formatCount(trained)} people, tested on ${formatCount(people)} others`,
    ),
  );
  const lost = rows.refused + rows.withoutOutcome;
  say(soft(`${formatCount(rows.read)} rows${lost > 0 ? `, of which ${formatCount(lost)} could not be used` : ''}.`));
  for (const line of tableLines([
    ['  AUC', evaluated.auc.toFixed(4), 'the chance that somebody who does it is told more than somebody who does not'],
    ['  log loss', evaluated.logLoss.toFixed(4), ''],
    [
      '  calibration error',
      evaluated.calibrationError.toFixed(4),
      'how far what is told lies from what happens, over tenths of the people',
    ],
  ]))
    say(line);
  for (const [column, why] of Object.entries(evaluated.leftOut)) say(soft(`  ${column} is no feature: ${why}.`));
  if (recipe.interactions.length > 0)
    say(soft(`  Count together: ${recipe.interactions.map((pair) => pair.join(' × ')).join(', ')}.`));
  say();
  say(strong('How groups fare: what they are told, and what they did'));
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const rowsTold = groups.map(({ column, group, people: count, told, happened }) => [
    `  ${column}`,
    group,
    formatCount(count),
    percent(told),
    percent(happened),
    Math.abs(told - happened) > 0.05 ? bad('off by more than 5') : '',
  ]);
  for (const line of tableLines([['', '', 'people', 'told', 'did', ''], ...rowsTold], [2, 3, 4])) say(line);
}
