/**
 * Packs the project, installs the package into an empty directory and uses it as somebody would who has only the package: `fairlead init` writes a
 * policy, `fairlead check` passes it, and a policy with an error is refused.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const directory = await mkdtemp(join(tmpdir(), 'fairlead-package-'));

try {
  must(run('npm', ['pack', '--silent', '--pack-destination', directory], root), 'npm pack');
  const tarball = (await readdir(directory)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack left no package');
  await writeFile(join(directory, 'package.json'), '{ "name": "somebody", "private": true, "type": "module" }\n');
  must(
    run('npm', ['install', '--no-audit', '--no-fund', '--omit=dev', '--loglevel=error', `./${tarball}`], directory),
    'npm install',
  );
  must(run('npx', ['fairlead', '--version'], directory), 'fairlead --version');
  must(run('npx', ['fairlead', 'init'], directory), 'fairlead init');
  must(run('npx', ['fairlead', 'check'], directory), 'fairlead check');
  const policyFile = join(directory, 'fairlead.policy.ts');
  const policy = await readFile(policyFile, 'utf8');
  await writeFile(policyFile, policy.replace(/keepFor: '[^']*'/, "keepFor: 'for ever'"));
  const refused = run('npx', ['fairlead', 'check', '--json'], directory);
  if (refused.status !== 1 || !refused.stdout.includes('fairlead.policy.ts'))
    throw new Error(`a policy with an error was answered with ${refused.status}:\n${refused.stdout}${refused.stderr}`);
  console.log('packed, installed, init and check: fine');
} finally {
  await rm(directory, { recursive: true, force: true });
}

function run(command: string, args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
}

function must(result: SpawnSyncReturns<string>, what: string): void {
  if (result.status !== 0) throw new Error(`${what} ended with ${result.status}:\n${result.stdout}${result.stderr}`);
}
