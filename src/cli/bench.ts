/** `fairlead bench`: runs the benchmarks of the clone and prints each figure beside its limit. They are not in the package: they measure the project. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { type Bench, type Figure, isWithinLimit } from './benchmark.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { jsonOption } from './options.ts';
import { bad, good, note, say, sayJson, soft, strong, tableLines } from './terminal.ts';

interface BenchCommandOptions {
  readonly quick?: boolean;
  readonly json?: boolean;
}

export function benchCommand(): Command {
  return new Command('bench')
    .description('measure, and print each figure beside its limit')
    .argument('[name]', 'a file of bench/ without its ending; all of them otherwise')
    .option('--quick', 'small runs that show that the benchmarks work; their figures are not held to their limits')
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead bench import --quick\n\nExit code 1 means that a limit was missed.')
    .action(guarded(bench));
}

async function bench(name: string | undefined, options: BenchCommandOptions): Promise<ExitCode> {
  const quick = options.quick === true;
  const measured: { file: string; name: string; figures: Figure[] }[] = [];
  for (const file of await benchFiles(name)) {
    const loaded = (await import(pathToFileURL(file).href)) as { bench?: Bench }; // a file of bench/ exports it, which is tested below
    if (loaded.bench === undefined) continue;
    note(`${loaded.bench.name}${quick ? ' (quick)' : ''}`);
    const figures = await loaded.bench.run({ quick, onLine: (line) => note(`  ${line}`) });
    measured.push({ file: path.basename(file, '.ts'), name: loaded.bench.name, figures });
    if (options.json !== true) tell(loaded.bench.name, figures, quick);
  }
  const ok = quick || measured.every(({ figures }) => figures.every(isWithinLimit));
  if (options.json === true) sayJson({ ok, quick, machine: machine(), benches: measured });
  else say(soft(machine()));
  return ok ? exitCodes.fine : exitCodes.finding;
}

async function benchFiles(name: string | undefined): Promise<string[]> {
  const folder = path.resolve(import.meta.dirname, '../../bench');
  if (!existsSync(folder))
    throw new Refusal('bench.absent', 'The benchmarks are not part of the package.', {
      remedy: 'Run them in a clone of the project: npm run bench.',
    });
  const names = (await readdir(folder))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.basename(file, '.ts'));
  if (name !== undefined && !names.includes(name))
    throw new Refusal('bench.unknown', `There is no benchmark "${name}".`, {
      remedy: `There are: ${names.toSorted().join(', ')}.`,
    });
  return (name === undefined ? names.toSorted() : [name]).map((one) => path.join(folder, `${one}.ts`));
}

function tell(name: string, figures: readonly Figure[], quick: boolean): void {
  say(strong(name));
  const rows = figures.map((figure) => [
    `  ${figure.name}`,
    `${formatFigure(figure.value)} ${figure.unit}`,
    limitOf(figure),
    quick || figure.limit === undefined ? '' : isWithinLimit(figure) ? good('kept') : bad('MISSED'),
  ]);
  for (const line of tableLines(rows, [1])) say(line);
  say();
}

function limitOf({ limit, unit }: Figure): string {
  if (limit === undefined) return '';
  return 'atLeast' in limit
    ? `at least ${formatFigure(limit.atLeast)} ${unit}`
    : `at most ${formatFigure(limit.atMost)} ${unit}`;
}

/** Four digits that mean something. */
function formatFigure(value: number): string {
  return new Intl.NumberFormat('en-GB', {
    maximumSignificantDigits: value >= 1_000 ? 6 : 4,
    maximumFractionDigits: value >= 1_000 ? 0 : 4,
    roundingPriority: 'lessPrecision',
  }).format(value);
}

function machine(): string {
  const [cpu] = os.cpus();
  return `${os.availableParallelism()} × ${cpu?.model.trim() ?? 'unknown processor'}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${os.type()} ${os.release()}, Node ${process.version}, load ${os
    .loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`;
}
