/**
 * `fairlead evaluate`: measures models on a file before anything goes live, or proposes a recipe, from a file or from the people of this installation.
 * It changes nothing: a recipe is in force once somebody with a name adopts it (`fairlead learn --adopt`).
 */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { guarded } from './guarded.ts';
import { type EvaluateOptions, type Evaluating, optionsOf } from './evaluation/evaluate-options.ts';
import { type Evaluated, evaluateInteractions } from './evaluation/evaluate-interactions.ts';
import { evaluateOutcome, tellOutcome } from './evaluation/evaluate-outcome.ts';
import { reportPage } from './evaluation/report.ts';
import { reportFigures } from './evaluation/report-figures.ts';
import { tellEvaluation, tellProposal } from './evaluation/tell-evaluation.ts';
import { type FileProposal, proposalText } from './evaluation/proposal-file.ts';
import { type OpenInstallation, withInstallation } from './open-installation.ts';
import { collected, jsonOption, wholeNumber, withPlace } from './options.ts';
import { proposeFromPeople } from '../models/recipe-proposals.ts';
import { progressBar, say, sayJson } from './terminal.ts';
import { contenderNames } from './evaluation/contenders.ts';

export function evaluateCommand(): Command {
  const command = new Command('evaluate')
    .description('measure models on a file before anything goes live, and propose a recipe')
    .argument('[file]', 'CSV, JSON lines or Parquet, also as .gz: one row for each thing that a person had')
    .option('--person <column>', 'who; found out from the names of the columns otherwise')
    .option('--item <column>', 'what; found out otherwise')
    .option('--time <column>', 'when; without it the order of the rows counts')
    .option(
      '--time-format <format>',
      'seconds, milliseconds, or a pattern such as "DD/MM/YYYY HH:mm"; ISO 8601 and numbers need none',
    )
    .option('--rating <column>', 'how much: rows with 0 or less count as nothing')
    .addOption(new Option('--min-rating <number>', 'rows with less count as nothing').argParser(decimal))
    .option('--separator <sign>', 'between the columns of a CSV, such as "::"; found out otherwise')
    .option('--encoding <name>', 'of text, such as windows-1252; utf-8 otherwise')
    .option('--no-header', 'the first line is a row; columns are then called 1, 2, 3 …')
    .addOption(
      new Option('--at-least <count>', 'leave out people and items with fewer of each other')
        .argParser(wholeNumber(1, 1000))
        .default(1),
    )
    .addOption(
      new Option('--protocol <protocol>', 'hold out people, or the last thing that each had')
        .choices(['strong', 'next'])
        .default('strong'),
    )
    .option('--models <names>', `any of ${contenderNames.join(', ')}, with commas; all of them otherwise`)
    .addOption(new Option('--k <count>', 'neighbours of an item').argParser(wholeNumber(1, 4096)))
    .addOption(new Option('--lambda <number>', 'the ridge: lambda · √people').argParser(decimal))
    .addOption(
      new Option('--min-people <count>', 'what fewer people share counts as zero in local-ridge')
        .argParser(wholeNumber(1, 1_000_000))
        .default(5),
    )
    .addOption(
      new Option('--seed <number>', 'another number makes other splits').argParser(wholeNumber(0, 2 ** 31)).default(1),
    )
    .addOption(
      new Option('--folds <count>', 'how many fifths of the people are held out in turn')
        .argParser(wholeNumber(1, 5))
        .default(1),
    )
    .option('--predict <column>', 'measure a scorecard instead: the column that says whether something happened')
    .option('--positive <value>', 'with --predict: the value that means that it did')
    .option(
      '--drop <columns>',
      'with --predict: columns that may not be used, with commas; may be given several times',
      collected,
    )
    .option('--propose <file>', 'try many recipes, print the curve, and write the best where `learn --adopt` reads it')
    .option('--report <file>', 'write a page with plots: one HTML file that needs nothing else')
    .option('--live [model]', 'propose from the people of this installation in the place of a file');
  return withPlace(command).addOption(jsonOption()).addHelpText('after', examples).action(guarded(evaluateNow));
}

const examples = `
Examples:
  fairlead evaluate orders.csv.gz --person CustomerID --item Description --rating Quantity --at-least 5
  fairlead evaluate ratings.dat --separator :: --no-header --person 1 --item 2 --rating 3 --min-rating 4 --time 4
  fairlead evaluate orders.csv.gz --propose recipe.json
  fairlead evaluate --live alsoLiked
  fairlead evaluate bank-marketing.csv.gz --predict y --positive yes --drop duration

Figures are means over tested people ± one standard error. The same file, options and seed give the same figures.
A row whose person, item, rating or time cannot be read is counted under its reason and left out; the same person and item again counts once.`;

async function evaluateNow(file: string | undefined, given: EvaluateOptions): Promise<void> {
  const options = optionsOf(given);
  if (options.live !== undefined) {
    if (file !== undefined)
      throw new Refusal('evaluate.options', 'Both a file and --live were given.', { remedy: 'Give one of them.' });
    await withInstallation(options.place, (opened) => proposeLive(opened, options));
    return;
  }
  if (file === undefined)
    throw new Refusal('evaluate.options', 'There is no file to evaluate.', {
      remedy: 'Name one, or say --live to propose a recipe from the people who are here.',
    });
  const bar = progressBar('Evaluating');
  if (options.outcome !== undefined) {
    const outcome = await evaluateOutcome(file, options, (done, total, what) => bar.move(done, total, what)).finally(
      () => bar.end(),
    );
    if (options.json) sayJson(outcome);
    else tellOutcome(outcome);
    return;
  }
  const result = await evaluateInteractions(file, options, (done, total, what) => bar.move(done, total, what)).finally(
    () => bar.end(),
  );
  if (options.report !== undefined) await writeReport(file, result, options);
  if (options.propose !== undefined && result.proposal !== undefined)
    await writeFile(options.propose, proposalText(result.proposal));
  const { evaluation, rows, proposal } = result;
  if (options.json) sayJson({ ...evaluation, rows, ...(proposal === undefined ? {} : { proposal: shown(proposal) }) });
  else {
    tellEvaluation(result, options);
    if (options.report !== undefined) say(`The page with plots: ${options.report}`);
  }
}

async function writeReport(file: string, result: Evaluated, options: Evaluating): Promise<void> {
  const bar = progressBar('Plotting');
  const { recipe, protocol, seed, report = '' } = options;
  const figures = await reportFigures(result.histories, {
    recipe,
    protocol,
    seed,
    onProgress: (done, total, what) => bar.move(done, total, what),
  }).finally(() => bar.end());
  await writeFile(report, reportPage({ file: path.basename(file), evaluation: result.evaluation, figures, recipe }));
}

function shown({ recipe, people, curve }: FileProposal): object {
  return { recipe, people, curve };
}

async function proposeLive({ engine }: OpenInstallation, options: Evaluating): Promise<void> {
  const models = [...engine.sums.keys()];
  const model = typeof options.live === 'string' ? options.live : models[0];
  if (model === undefined || !models.includes(model) || (options.live === true && models.length > 1))
    throw new Refusal('model.unknown', 'It is not clear for which recommender a recipe is to be proposed.', {
      remedy: `Say --live MODEL, one of: ${models.join(', ')}.`,
    });
  const bar = progressBar('Trying recipes');
  const proposal = await proposeFromPeople(engine, model, {
    seed: options.seed,
    folds: options.folds,
    ...options.grid,
    onProgress: ({ done, total }) => bar.move(done, total, `${done} of ${total}`),
  }).finally(() => bar.end());
  if (options.json) sayJson(proposal);
  else tellProposal(proposal, `fairlead learn ${model} --adopt ${proposal.proposal} --by "YOUR NAME"`);
}

function decimal(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number;
  throw new InvalidArgumentError('It must be a number.');
}
