/**
 * Loads a policy file from anywhere and checks it. The file is TypeScript that Node runs as it is; its import of 'fairlead/policy' means the policy
 * language of the Fairlead that reads it, so the file may lie in the clone, beside an installed package, or alone in a directory.
 */
import { readFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Refusal } from '../database/refusal.ts';
import { type Finding, type PolicySource, checkPolicy, findingText, mayRun } from '../policy/check.ts';
import type { Policy } from '../policy/policy.ts';

export interface ReadPolicy {
  readonly policy: unknown;
  readonly source: PolicySource;
  readonly findings: readonly Finding[];
}

/** What the file exports, and everything that is not allowed in it. Refuses with `policy.missing` and `policy.unreadable`. */
export async function readPolicyFile(file: string): Promise<ReadPolicy> {
  const source = { file, text: await textOf(file) };
  const policy = await exportOf(file);
  return { policy, source, findings: checkPolicy(policy, source) };
}

/** The policy of a file that may run. Refuses with `policy.errors`, naming each with its line. */
export async function runnablePolicy(file: string): Promise<{ policy: Policy; warnings: readonly Finding[] }> {
  const { policy, findings } = await readPolicyFile(file);
  if (mayRun(findings)) return { policy: policy as Policy, warnings: findings }; // checkPolicy has looked at all of it
  const errors = findings.filter((finding) => finding.severity === 'error');
  throw new Refusal(
    'policy.errors',
    `The policy has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}, so nothing is started.\n${errors.map(findingText).join('\n')}`,
    {
      remedy: `Correct ${file}, and look at it again with \`fairlead check\`.`,
    },
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
    const message = code === 'ENOENT' ? `There is no policy file ${file}.` : `The policy file ${file} cannot be read.`;
    throw new Refusal('policy.missing', message, {
      remedy: 'Write one with `fairlead init`, or name it with --policy FILE.',
      cause,
    });
  }
}

const extension = path.extname(import.meta.url);
const language = new URL(`../policy/policy${extension}`, import.meta.url).href;
const policyUrls = new Set<string>();
let isHooked = false;

async function exportOf(file: string): Promise<unknown> {
  const { href } = pathToFileURL(path.resolve(file));
  hookImports();
  policyUrls.add(href);
  try {
    const loaded: unknown = await import(href);
    return typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined;
  } catch (error) {
    const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'it threw something that is no error';
    throw new Refusal('policy.unreadable', `${file}${lineIn(error, href)} cannot be run: ${said}`, {
      remedy:
        "It must be TypeScript with only types beside JavaScript, and export default policy({ … }) from 'fairlead/policy'.",
      cause: error,
    });
  }
}

/** `:12` where the fault names a line of the file. */
function lineIn(error: unknown, href: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const name of [href, fileURLToPath(href)]) {
    const at = stack.indexOf(`${name}:`);
    const line = at === -1 ? undefined : /^:(\d+)/.exec(stack.slice(at + name.length))?.[1];
    if (line !== undefined) return `:${line}`;
  }
  return '';
}

/** 'fairlead/policy' leads to our own file whoever asks, and a policy file is a module whatever package it lies in. */
function hookImports(): void {
  if (isHooked) return;
  isHooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier === 'fairlead/policy') return { url: language, shortCircuit: true };
      const resolved = next(specifier, context);
      if (!policyUrls.has(resolved.url) || /\.c[jt]s$/.test(resolved.url)) return resolved;
      return { ...resolved, format: resolved.url.endsWith('ts') ? 'module-typescript' : 'module' };
    },
  });
}
