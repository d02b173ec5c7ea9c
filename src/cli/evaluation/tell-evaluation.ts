/** An evaluation and a proposal as lines on a terminal. */
import type { Estimate } from '../../learning/evaluation.ts';
import type { ProposalPoint, RecipeProposal } from '../../learning/recipe-proposal.ts';
import { formatCount, say, soft, strong, tableLines, wrapped } from '../terminal.ts';
import type { Evaluated } from './evaluate-interactions.ts';
import type { Evaluating } from './evaluate-options.ts';
import { reasonsOf } from './read-interactions.ts';

export function tellEvaluation(evaluated: Evaluated, options: Evaluating): void {
  const { evaluation, rows, leftOut, proposal } = evaluated;
  say(
    strong(
      `${formatCount(evaluation.people)} people, ${formatCount(evaluation.items)} items, ${formatCount(evaluation.interactions)} different pairs of them`,
    ),
  );
  say(soft(rowsTold(rows)));
  say(
    evaluation.protocol === 'strong'
      ? `Held out: ${options.folds === 1 ? 'a fifth' : `${options.folds} fifths in turn`} of the people; four fifths of what each has is shown, the rest is to be found.`
      : 'Held out: the last thing that each person came to; what came before is shown.',
  );
  say();
  const head = ['', 'Recall@20', 'Recall@50', 'NDCG@100', 'coverage', 'Gini', 'solve'];
  const lines = evaluation.models.map((model) => [
    model.name,
    told(model.recall20),
    told(model.recall50),
    told(model.ndcg100),
    `${(model.coverage * 100).toFixed(1)} %`,
    model.gini.toFixed(3),
    `${model.solveSeconds.toFixed(2)} s`,
  ]);
  const [first = '', ...rest] = tableLines([head, ...lines], [1, 2, 3, 4, 5, 6]);
  say(soft(first));
  for (const line of rest) say(line);
  say();
  for (const model of evaluation.models) say(soft(`${model.name}: ${JSON.stringify(model.recipe)}`));
  for (const line of leftOut) say(soft(`Left out: ${line}.`));
  if (proposal === undefined) return;
  say();
  tellProposal(proposal, `fairlead learn MODEL --adopt ${options.propose} --by "YOUR NAME"`);
}

/** What became of the rows, in one line. */
function rowsTold(rows: Evaluated['rows']): string {
  const parts = [
    `${formatCount(rows.read)} rows`,
    ...(rows.repeated > 0 ? [`${formatCount(rows.repeated)} repeat a pair`] : []),
    ...(rows.future > 0 ? [`${formatCount(rows.future)} are of the future and count as of now`] : []),
  ];
  const reasons = reasonsOf(rows);
  return `${parts.join(', ')}.${reasons === '' ? '' : ` Left out: ${reasons}.`}`;
}

function told({ mean, se }: Estimate): string {
  return `${mean.toFixed(4)} ± ${se.toFixed(4)}`;
}

const barWidth = 30;

/** The curve, best first, with the proposed one marked, and how to adopt it. */
export function tellProposal(
  { recipe, people, curve }: Omit<RecipeProposal, 'curve'> & { readonly curve: readonly ProposalPoint[] },
  adopt: string,
): void {
  say(strong(`The curve: ${curve.length} recipes on ${formatCount(people)} people`));
  const qualities = curve.map(({ ndcg100 }) => ndcg100.mean);
  const [least, most] = [Math.min(...qualities), Math.max(...qualities)];
  const rows = curve.map((point) => [
    isSame(point, recipe) ? '→' : ' ',
    `k ${point.neighbours}${point.keep === point.neighbours ? '' : ` → ${point.keep}`}`,
    `λ ${point.lambda}`,
    point.intercept ? 'intercept' : '',
    `minPeople ${point.minPeople}`,
    recencyTold(point.recency),
    told(point.ndcg100),
    '█'.repeat(Math.round((most > least ? (point.ndcg100.mean - least) / (most - least) : 1) * barWidth)),
  ]);
  for (const line of tableLines(rows)) say(line);
  say();
  const chosen = curve.find((point) => isSame(point, recipe));
  const better = curve.filter(({ ndcg100 }) => chosen !== undefined && ndcg100.mean > chosen.ndcg100.mean);
  const shares = better.every(({ minPeople }) => minPeople < recipe.minPeople);
  say(
    `Proposed: k ${recipe.neighbours}, λ ${recipe.lambda}·√people, ${recipe.keep} weights an item, ${recipe.intercept ? 'with' : 'without'} intercept, minPeople ${recipe.minPeople}, ${recencyTold(recipe.recency) || 'no recency'}.`,
  );
  if (better.length > 0 && shares)
    say(soft('What is better counts what fewer people share; that protection is not traded for quality here.'));
  for (const line of wrapped(`Nothing has changed. To adopt it: ${adopt}`)) say(line);
}

function isSame(point: ProposalPoint, recipe: RecipeProposal['recipe']): boolean {
  return (
    point.neighbours === recipe.neighbours &&
    point.keep === recipe.keep &&
    point.lambda === recipe.lambda &&
    point.intercept === recipe.intercept &&
    point.minPeople === recipe.minPeople &&
    recencyTold(point.recency) === recencyTold(recipe.recency)
  );
}

/** `×0.75 after 30 days, ×0.5 after 90` */
export function recencyTold(recency: ProposalPoint['recency']): string {
  return recency
    .map(({ afterDays, factor }, at) => `×${factor / 256} after ${afterDays}${at === 0 ? ' days' : ''}`)
    .join(', ');
}
