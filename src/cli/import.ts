/**
 * `fairlead import`: takes in what a team already has: events from CSV, JSON lines or Parquet, a catalogue, or consents. Says what became of every row,
 * and can be broken off and run again.
 */
import { readFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { importConsents } from '../people/import/import-consents.ts';
import { type StatedBasis, importEvents } from '../people/import/import-events.ts';
import { importItems } from '../people/import/import-items.ts';
import type { ImportProgress, ImportResult } from '../people/import/import-result.ts';
import { type Mapping, mappingFrom } from '../people/import/mapping.ts';
import { openRowSource } from '../people/import/open-row-source.ts';
import { Rejects } from '../people/import/rejects.ts';
import type { RowFormat, RowSource } from '../people/import/row-source.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type OpenInstallation, type OpenOptions, withInstallation } from './open-installation.ts';
import { collected, jsonOption, withPlace } from './options.ts';
import { bad, formatCount, progressBar, say, sayJson, strong, tableLines } from './terminal.ts';

interface ImportOptions extends OpenOptions {
  readonly items?: boolean;
  readonly consents?: boolean;
  readonly map?: string;
  readonly person?: string;
  readonly visitor?: string;
  readonly event?: string;
  readonly eventName?: string;
  readonly item?: string;
  readonly time?: string;
  readonly timeFormat?: string;
  readonly id?: string;
  readonly property?: readonly string[];
  readonly skip?: readonly string[];
  readonly price?: string;
  readonly currency?: string;
  readonly consent?: readonly string[];
  readonly evidence?: string;
  readonly consentAt?: string;
  readonly itemsFromRows?: boolean;
  readonly format?: RowFormat;
  readonly separator?: string;
  readonly encoding?: string;
  readonly rejects?: string;
  readonly withRows?: boolean;
  readonly json?: boolean;
}

export function importCommand(): Command {
  const command = new Command('import')
    .description('take in a file of events, a catalogue, or consents')
    .argument('<file>', 'CSV, JSON lines or Parquet, also as .gz; for --items also a product feed in XML')
    .addOption(new Option('--items', 'the file is a catalogue').conflicts(['consents', 'consent']))
    .addOption(
      new Option(
        '--consents',
        'the file says who agreed to what: columns person, purpose, state, time, evidence',
      ).conflicts('consent'),
    )
    .option('--map <file>', 'a JSON file that says which column is what; the options below say the same')
    .option('--person <column>', 'the user id')
    .option('--visitor <column>', 'the anonymous id, for rows without a user id')
    .option('--event-name <name>', 'the event that every row is, by its name in the policy')
    .option('--event <column>', 'the column with the name of the event, where rows differ')
    .option('--item <column>', 'the item')
    .option('--time <column>', 'when it happened')
    .option('--time-format <format>', 'iso, seconds, milliseconds, or a pattern such as "DD/MM/YYYY HH:mm"')
    .option('--id <column>', 'what tells rows apart for good; the line in the file otherwise')
    .option('--property <name=column>', 'a property of the event; may be given several times', collected)
    .option('--skip <rule>', "leave rows out, such as 'Quantity<=0'; may be given several times", collected)
    .option(
      '--consent <purpose>',
      'state that everybody in the file agreed to this purpose; may be given several times',
      collected,
    )
    .option('--evidence <text>', 'what proves it: where and how they agreed')
    .option('--consent-at <time>', 'when they agreed, in ISO 8601; now otherwise')
    .option('--items-from-rows', 'put items that the catalogue lacks into it, by their id')
    .option('--price <column>', 'with --items-from-rows: the price of the item')
    .option('--currency <column or code>', 'with --price: a column, or a code such as GBP')
    .addOption(
      new Option('--format <format>', 'found out from the file otherwise').choices(['csv', 'json', 'parquet', 'feed']),
    )
    .option('--separator <sign>', 'between the columns of a CSV; found out from its first line otherwise')
    .option('--encoding <name>', 'of text, such as windows-1252; utf-8 otherwise')
    .option('--rejects <file>', 'where refused rows are named; FILE.rejects otherwise')
    .option('--with-rows', 'write refused rows out whole, and not only their line and reason');
  return withPlace(command).addOption(jsonOption()).addHelpText('after', examples).action(guarded(importFile));
}

const examples = `
Examples:
  fairlead import orders.csv.gz --person CustomerID --item Description --time InvoiceDate \\
    --event-name "Order Completed" --skip "Quantity<=0" --items-from-rows \\
    --consent suggestions --evidence "terms of the loyalty card, 2010"
  fairlead import feed.xml --items
  fairlead import consents.csv --consents

The same file again stores nothing. Exit code 1 means that rows were read and none of them was taken in.`;

async function importFile(file: string, options: ImportOptions): Promise<ExitCode> {
  const source = await openRowSource(file, {
    ...(options.format === undefined ? {} : { format: options.format }),
    ...(options.separator === undefined ? {} : { separator: options.separator === '\\t' ? '\t' : options.separator }),
    ...(options.encoding === undefined ? {} : { encoding: options.encoding }),
  });
  const mapping = options.items === true || options.consents === true ? undefined : await mappingOf(options, source);
  const basis = basisOf(options);
  return withInstallation(options, async (opened) => {
    const rejects = await Rejects.open(file, options.rejects);
    try {
      const { result, unknownItems } = await run(opened, { options, source, rejects, mapping, basis });
      if (options.json === true) sayJson(result);
      else tell(result, { rejects, unknownItems, options });
      return result.read > 0 && result.stored + result.duplicates === 0 ? exitCodes.finding : exitCodes.fine;
    } finally {
      await rejects.close();
    }
  });
}

async function run(
  { engine }: OpenInstallation,
  given: {
    options: ImportOptions;
    source: RowSource;
    rejects: Rejects;
    mapping: Mapping | undefined;
    basis: StatedBasis | undefined;
  },
): Promise<{ result: ImportResult; unknownItems: number }> {
  const { options, source, rejects, mapping, basis } = given;
  const bar = progressBar('Importing');
  const onProgress = ({ bytesRead, bytes, rows }: ImportProgress): void =>
    bar.move(bytesRead, bytes, `${formatCount(rows)} rows`);
  const common = { source, rejects, onProgress, withRows: options.withRows === true };
  try {
    if (options.items === true) return { result: await importItems(engine, common), unknownItems: 0 };
    if (mapping === undefined) {
      const timeFormat = options.timeFormat === undefined ? {} : { timeFormat: options.timeFormat };
      return { result: await importConsents(engine, { ...common, ...timeFormat }), unknownItems: 0 };
    }
    const { unknownItems, ...result } = await importEvents(engine, {
      ...common,
      mapping,
      counts: engine.counts,
      itemsFromRows: options.itemsFromRows === true,
      ...(basis === undefined ? {} : { basis }),
    });
    return { result, unknownItems };
  } finally {
    bar.end();
  }
}

/** The mapping file, with what the flags say over it. */
async function mappingOf(options: ImportOptions, source: RowSource): Promise<Mapping> {
  const fromFile: Partial<Mapping> = options.map === undefined ? {} : mappingFrom(await jsonIn(options.map));
  const event = options.eventName ?? (options.event === undefined ? fromFile.event : { column: options.event });
  const column = options.time ?? (typeof fromFile.time === 'object' ? fromFile.time.column : fromFile.time);
  const format = options.timeFormat ?? (typeof fromFile.time === 'object' ? fromFile.time.format : undefined);
  if (event === undefined)
    throw unmapped('what the rows are', 'Say --event-name NAME for all of them, or --event COLUMN.', source);
  if (column === undefined) throw unmapped('when it happened', 'Say --time COLUMN.', source);
  const flags: { -readonly [Member in keyof Mapping]?: Mapping[Member] | undefined } = {
    person: options.person ?? fromFile.person,
    visitor: options.visitor ?? fromFile.visitor,
    item: options.item ?? fromFile.item,
    id: options.id ?? fromFile.id,
    skip: options.skip ?? fromFile.skip,
    properties: options.property === undefined ? fromFile.properties : propertiesOf(options.property),
    items:
      options.price === undefined
        ? fromFile.items
        : {
            ...fromFile.items,
            price: options.price,
            ...(options.currency === undefined ? {} : { currency: options.currency }),
          },
  };
  const said = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  return { ...said, event, time: format === undefined ? column : { column, format } };
}

async function jsonIn(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Refusal('import.mapping', `The mapping ${file} is not JSON.`, {
      remedy: 'Start from docs/guides/import.md.',
      cause,
    });
  }
}

function propertiesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at === -1 ? [pair, pair] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

function unmapped(what: string, how: string, source: RowSource): Refusal {
  return new Refusal('import.mapping', `It was not said ${what}.`, {
    remedy: `${how} The columns are: ${source.columns.join(', ')}.`,
  });
}

function basisOf(options: ImportOptions): StatedBasis | undefined {
  if (options.consent === undefined) {
    if (options.evidence === undefined && options.consentAt === undefined) return undefined;
    throw new Refusal('import.evidence', 'There is evidence, but for no purpose.', {
      remedy: 'Say what they agreed to: --consent PURPOSE.',
    });
  }
  const at = options.consentAt === undefined ? undefined : new Date(options.consentAt);
  if (at !== undefined && Number.isNaN(at.getTime()))
    throw new Refusal('import.evidence', `"${options.consentAt}" is no time.`, { remedy: 'Write it as 2024-05-31.' });
  const purposes = [...new Set(options.consent.flatMap((purpose) => purpose.split(',').map((one) => one.trim())))];
  return { purposes, evidence: options.evidence ?? '', ...(at === undefined ? {} : { at }) };
}

function tell(result: ImportResult, given: { rejects: Rejects; unknownItems: number; options: ImportOptions }): void {
  const { rejects, unknownItems, options } = given;
  const taken = result.stored + result.duplicates > 0 || result.read === 0;
  say(
    strong(
      taken
        ? `Stored ${formatCount(result.stored)} of ${formatCount(result.read)} rows.`
        : bad(`None of ${formatCount(result.read)} rows was taken in.`),
    ),
  );
  const lines = [
    ['duplicates', result.duplicates, 'taken in before'],
    ['anonymous', result.anonymous, 'name no person, and stay so'],
    ['withoutBasis', result.withoutBasis, 'kept out: the person has not agreed, or has refused'],
    ['rejected', result.rejected, rejects.path === undefined ? '' : `each named in ${rejects.path}`],
  ] as const;
  for (const line of tableLines(
    lines.filter(([, count]) => count > 0).map(([, count, what]) => [`  ${formatCount(count)}`, what]),
    [0],
  ))
    say(line);
  for (const [reason, count] of rejects.reasons.slice(0, 5)) say(`    ${formatCount(count)} × ${reason}`);
  if (result.withoutBasis > 0 && options.consent === undefined) {
    say(
      'If these people agreed, state it: --consent PURPOSE --evidence "where and how". If you have their consents in a file: fairlead import FILE --consents.',
    );
  }
  if (unknownItems > 0)
    say(
      `${formatCount(unknownItems)} items are not in the catalogue, so nothing is learned about them: import one with --items, or run this again with --items-from-rows.`,
    );
  if (options.items !== true && options.consents !== true && result.stored > 0) say('Next: fairlead learn');
}
