#!/usr/bin/env node
/*
 * Finds a Node that can run Fairlead (24 or newer: this one, or the one that the package `node` has brought) and starts the command line under it.
 * Written in plain old JavaScript, so that an old Node can read it and say what is missing.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const nodeMajorMin = 24;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const fromSource = join(root, 'src', 'cli', 'main.ts');
const program = existsSync(fromSource) ? fromSource : join(root, 'dist', 'cli', 'main.js');

if (Number(process.versions.node.split('.')[0]) >= nodeMajorMin) {
  process.argv[1] = program;
  await import(pathToFileURL(program).href);
} else {
  const node = broughtNode();
  if (node === undefined) {
    console.error(`Fairlead needs Node ${nodeMajorMin} or newer, and this is Node ${process.versions.node}.`);
    console.error('Install it from https://nodejs.org, or run: npm install node@24');
    process.exitCode = 2;
  } else {
    const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
    // The terminal sends its signals to the child as well; others are passed on, and the child decides when to end.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
    child.on('error', (error) => {
      console.error(`Node ${nodeMajorMin} lies at ${node} but does not start: ${error.message}`);
      process.exitCode = 2;
    });
    child.on('exit', (code, signal) => {
      process.exitCode = signal === null ? code : 2;
    });
  }
}

/** The binary of the npm package `node`, beside this package or in it. */
function broughtNode() {
  try {
    const packageFile = createRequire(import.meta.url).resolve('node/package.json');
    const binary = join(dirname(packageFile), 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined; // the package is not installed, which the caller says
  }
}
