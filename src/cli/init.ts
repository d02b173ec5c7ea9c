/**
 * `fairlead init`: writes a policy to start from. With `--from` a file of events, it says what the columns look like and why, measures what could be
 * learned from them, and shows what it would cost to forget somebody; nothing of the file is kept.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Command, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { openRowSource } from '../people/import/open-row-source.ts';
import type { RowSource } from '../people/import/row-source.ts';
import { findingText, mayRun } from '../policy/check.ts';
import { type ColumnGuess, draftFromColumns, starterPolicy } from '../policy/starter.ts';
import { guarded } from './guarded.ts';
import { collected, defaultPolicyFile, jsonOption } from './options.ts';
import { readPolicyFile } from './policy-file.ts';
import { sampleOf } from './sample-columns.ts';
import { formatCount, good, progressBar, say, sayJson, soft, strong, tableLines, wrapped } from './terminal.ts';
import { type Trial, tryFile } from './try-file.ts';

interface InitOptions {
  readonly policy: string;
  readonly from?: string;
  readonly controller?: string;
  readonly contact: string;
  readonly region?: readonly string[];
  readonly force?: boolean;
  readonly json?: boolean;
}

export function initCommand(): Command {
  return new Command('init')
    .description('write a policy to start from')
    .addOption(new Option('--policy <file>', 'where to write it').default(defaultPolicyFile))
    .option(
      '--from <file>',
      'draft it from a file of events (CSV, JSON lines, Parquet), and show what could be learned from that',
    )
    .option('--controller <name>', 'who answers for the data; the name of this directory otherwise')
    .option('--contact <address>', 'where people write to, an e-mail or https address', 'privacy@example.com')
    .option(
      '--region <region>',
      'where the people live: EU, UK, or a country or state such as CH or US-CA; may be given several times',
      collected,
    )
    .option('--force', 'write over a policy that is there')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead init --controller "Northwind Gifts" --contact privacy@northwind.example\n  fairlead init --from orders.csv.gz',
    )
    .action(guarded(init));
}

async function init(options: InitOptions): Promise<void> {
  if (existsSync(options.policy) && options.force !== true) {
    throw new Refusal('init.exists', `There is a policy already: ${options.policy}.`, {
      remedy: 'Change that one, name another file with --policy, or say --force to write over it.',
    });
  }
  const source = options.from === undefined ? undefined : await openRowSource(options.from);
  const columns = source === undefined ? [] : draftFromColumns(await sampleOf(source)).columns;
  const text = starterPolicy({
    controllerName: options.controller ?? (await nameOfHere()),
    contact: options.contact,
    regions: options.region ?? ['EU', 'UK'],
    columns,
  });
  await writeFile(options.policy, text);
  await refuseUnrunnable(options.policy);
  const trial = source === undefined ? undefined : await tried(source, columns);
  if (options.json === true) sayJson({ policy: options.policy, columns, ...(trial === undefined ? {} : { trial }) });
  else tell(options, columns, trial);
}

/** The name in `package.json`, or of the directory. */
async function nameOfHere(): Promise<string> {
  const directory = path.basename(process.cwd()) || 'Your shop';
  try {
    const found: unknown = JSON.parse(await readFile('package.json', 'utf8'));
    const name: unknown = typeof found === 'object' && found !== null ? Reflect.get(found, 'name') : undefined;
    return typeof name === 'string' && name !== '' ? name : directory;
  } catch {
    return directory; // there is no package here, which is no fault
  }
}

async function refuseUnrunnable(file: string): Promise<void> {
  const { findings } = await readPolicyFile(file);
  if (mayRun(findings)) return;
  throw new Refusal(
    'init.values',
    `What was given makes no policy that may run:\n${findings.map(findingText).join('\n')}`,
    { remedy: `Give other values and say --force, or correct ${file}.` },
  );
}

async function tried(source: RowSource, columns: readonly ColumnGuess[]): Promise<Trial | undefined> {
  const columnOf = (meaning: ColumnGuess['looksLike']): string | undefined =>
    columns.find((column) => column.looksLike === meaning)?.name;
  const [person, item, time] = [columnOf('person'), columnOf('item'), columnOf('time')];
  if (person === undefined || item === undefined) return undefined;
  const bar = progressBar('Trying');
  try {
    return await tryFile(
      source,
      { person, item, time },
      { random: 1, onProgress: (done, total, what) => bar.move(done, total, what) },
    );
  } finally {
    bar.end();
  }
}

function tell(options: InitOptions, columns: readonly ColumnGuess[], trial: Trial | undefined): void {
  if (options.from !== undefined) {
    say(strong(`The columns of ${path.basename(options.from)}`));
    const rows = columns.map((column) => [`  ${column.name}`, column.looksLike, column.why]);
    for (const line of tableLines(rows)) say(line);
    say();
    if (trial === undefined)
      say(
        'No column looks like a person, or none like an item, so nothing could be tried. Say which is which when you import.',
      );
    else tellTrial(trial);
    say();
  }
  say(good(`Written: ${options.policy}, which passes \`fairlead check\`.`));
  say('Read it, change what is not so, and have whoever answers for privacy read it too.');
  if (trial !== undefined && options.from !== undefined) {
    for (const line of wrapped(keepingAdvice(trial))) say(line);
    say(`Then: ${importLine(options.from, columns)}`);
  } else say('Then: fairlead serve');
}

function tellTrial(trial: Trial): void {
  say(
    strong(
      `What could be learned: ${formatCount(trial.people)} people, ${formatCount(trial.items)} items, ${formatCount(trial.interactions)} different pairs of them`,
    ),
  );
  say(
    'A fifth of the people are hidden, four fifths of what each of them has is shown to the model; the rest is what it should find:',
  );
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const rows = trial.quality.map((model) => [
    `  ${model.name}`,
    `found in the first 20: ${percent(model.recall20)}`,
    `NDCG@100: ${percent(model.ndcg100)}`,
  ]);
  for (const line of tableLines(rows)) say(line);
  say();
  say(strong('Three customers, and why they would see what they would see'));
  for (const [index, customer] of trial.customers.entries()) {
    say(`  Customer ${'ABC'[index]}, who has ${formatCount(customer.items)} items:`);
    for (const suggestion of customer.suggestions)
      for (const line of wrapped(`${suggestion.item}, because of ${suggestion.because.join(' and ')}`, 96, '    '))
        say(line);
  }
  say();
  say(strong('What it costs to forget one of them'));
  const { forgotten } = trial;
  say(
    `  Customer A is subtracted in ${forgotten.subtractMs.toFixed(2)} ms, and the model solved again in ${formatCount(forgotten.solveMs)} ms.`,
  );
  say(
    `  It is ${forgotten.isEqual ? 'byte for byte' : 'NOT'} the model that was trained without them: ${soft(forgotten.digest.slice(0, 24))}…`,
  );
  say(`  Of what others would be shown, ${percent(forgotten.unchangedShare)} stays as it was.`);
}

/** Rows that are older than the policy keeps would be refused; better said now. */
function keepingAdvice(trial: Trial): string {
  if (trial.newest === null || trial.oldest === null) return '';
  return `The rows are from ${trial.oldest.slice(0, 10)} to ${trial.newest.slice(0, 10)}. What is older than a purpose's keepFor is refused by an import; to try with old rows, write a longer time, such as keepFor: '30 years'.`;
}

function importLine(file: string, columns: readonly ColumnGuess[]): string {
  const flag = (name: string, meaning: ColumnGuess['looksLike']): string => {
    const column = columns.find((one) => one.looksLike === meaning)?.name;
    return column === undefined ? '' : ` --${name} ${quoted(column)}`;
  };
  return `fairlead import ${quoted(file)}${flag('person', 'person')}${flag('item', 'item')}${flag('time', 'time')} --event-name "Order Completed" --items-from-rows --consent suggestions --evidence "…"`;
}

function quoted(text: string): string {
  return /^[\w./:-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
