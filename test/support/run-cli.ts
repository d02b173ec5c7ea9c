/** Runs the command line as somebody at a terminal would, in a process of its own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable } from 'node:stream';

export interface CliRun {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface CliOptions {
  cwd: string;
  env?: Readonly<Record<string, string>>;
}

const program = path.resolve(import.meta.dirname, '../../src/cli/main.ts');

/** Runs one command to its end. */
export async function runCli(words: readonly string[], options: CliOptions): Promise<CliRun> {
  const child = startCli(words, options);
  return child.ended;
}

export interface RunningCli {
  process: ChildProcessByStdio<null, Readable, Readable>;
  ended: Promise<CliRun>;
  /** What it has printed so far. */
  stdout(): string;
  /** Resolves as soon as a line of its output matches; rejects when it ends before. */
  line(pattern: RegExp): Promise<string>;
}

/** Starts a command that goes on, such as `serve`. */
export function startCli(words: readonly string[], { cwd, env = {} }: CliOptions): RunningCli {
  const clean = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(FAIRLEAD_|DATABASE_URL$|PORT$|NODE_OPTIONS$|VITEST)/.test(name)),
  );
  const child = spawn(process.execPath, [program, ...words], {
    cwd,
    env: { ...clean, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<CliRun>((resolve) => {
    child.on('close', (status) => {
      resolve({ status, stdout, stderr });
      for (const look of waiting) look();
    });
  });
  return {
    process: child,
    ended,
    stdout: () => stdout,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = stdout.split('\n').find((line) => pattern.test(line));
          if (found === undefined && child.exitCode === null) return;
          waiting.delete(look);
          if (found === undefined) reject(new Error(`it ended with ${child.exitCode}: ${stdout}${stderr}`));
          else resolve(found);
        };
        waiting.add(look);
        look();
      }),
  };
}
