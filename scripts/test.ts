/**
 * `npm test`: everything that CI checks, each stage told as it runs, all of them even when one fails; the last line is `N passed, N failed, N skipped`.
 * Stages that are no test runner count as one test each. Under `CI=true` a skipped test is a failure, unless its name says that it needs shared data.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

interface Stage {
  readonly name: string;
  readonly command: readonly string[];
  /** Counted test by test from vitest's own report. */
  readonly isVitest?: true;
}

const isLong = process.argv.includes('--long');
const only = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const scratch = await mkdtemp(join(tmpdir(), 'fairlead-test-'));
const report = join(scratch, 'vitest.json');

const vitest = (name: string, project: string): Stage => ({
  name,
  command: [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ],
  isVitest: true,
});

const stages: readonly Stage[] = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
  vitest('repository laws', 'repository'),
  vitest('unit', 'unit'),
  vitest('database', 'database'),
  vitest('http', 'http'),
  vitest('browser', 'browser'),
  { name: 'examples', command: ['node', 'scripts/run-examples.ts'] },
  { name: 'packed and installed', command: ['node', 'scripts/check-package.ts'] },
];

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const unexplained: string[] = [];
for (const stage of stages.filter(({ name }) => only.length === 0 || only.includes(name))) {
  const begun = performance.now();
  process.stdout.write(`\n== ${stage.name}\n`);
  const code = await run(stage.command);
  const counts =
    stage.isVitest === true
      ? await counted(code)
      : { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: 0 };
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  process.stdout.write(
    `== ${stage.name}: ${counts.failed === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - begun) / 1_000).toFixed(1)} s\n`,
  );
}
await rm(scratch, { recursive: true, force: true });

if (process.env['CI'] === 'true' && unexplained.length > 0) {
  process.stdout.write(
    `\nSkipped under CI without needing shared data:\n${unexplained.map((name) => `  ${name}`).join('\n')}\n`,
  );
  total.failed += unexplained.length;
}
process.stdout.write(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

function run(command: readonly string[]): Promise<number> {
  const [program, ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(program ?? '', args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...(isLong ? { FAIRLEAD_LONG: '1' } : {}) },
    });
    child.on('error', (error) => {
      process.stdout.write(`${program} could not be started: ${error.message}\n`);
      resolve(1);
    });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

/** A run that failed without a failed test (a file that does not load) counts as one failure. */
async function counted(code: number): Promise<Counts> {
  const text = await readFile(report, 'utf8').catch(() => '');
  await rm(report, { force: true });
  if (text === '') return { passed: 0, failed: 1, skipped: 0 };
  const result = JSON.parse(text) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
    numTodoTests: number;
    testResults: { assertionResults: { status: string; fullName: string }[] }[];
  }; // vitest's report, in Jest's format
  for (const file of result.testResults) {
    for (const test of file.assertionResults)
      if (
        test.status !== 'passed' &&
        test.status !== 'failed' &&
        !/needs shared|needs FAIRLEAD_LONG/.test(test.fullName)
      )
        unexplained.push(test.fullName);
  }
  const failed = result.numFailedTests === 0 && code !== 0 ? 1 : result.numFailedTests;
  return { passed: result.numPassedTests, failed, skipped: result.numPendingTests + result.numTodoTests };
}
