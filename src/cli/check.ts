/** `fairlead check`: what is not allowed in a policy, by line; with `--against`, what a change means for the people who agreed to the old one. */
import { Command } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { type Finding, findingText, mayRun } from '../policy/check.ts';
import { type Change, diffPolicies } from '../policy/diff.ts';
import { noticeMeasures } from '../policy/notice-measures.ts';
import type { Policy } from '../policy/policy.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { defaultPolicyFile, jsonOption } from './options.ts';
import { readPolicyFile } from './policy-file.ts';
import { bad, formatCount, good, say, sayJson, wrapped } from './terminal.ts';

interface CheckOptions {
  readonly against?: string;
  readonly json?: boolean;
}

export function checkCommand(): Command {
  return new Command('check')
    .description('say what a policy may not do, with line and remedy')
    .argument('[file]', 'the policy file', defaultPolicyFile)
    .option('--against <file>', 'an older policy: say what changed, what needs a new notice, and whom to ask again')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  fairlead check --against old.policy.ts\n\nExit code 1 means that the policy has errors, or changes that people have not been told of.',
    )
    .action(guarded(check));
}

async function check(file: string, options: CheckOptions): Promise<ExitCode> {
  const { policy, findings } = await readPolicyFile(file);
  const ok = mayRun(findings);
  const changes =
    ok && options.against !== undefined ? diffPolicies(await olderPolicy(options.against), policy as Policy) : []; // checkPolicy has looked at all of it
  const unannounced = changes.filter((change) => !change.isAnnounced);
  const measured = ok ? noticeMeasures(policy as Policy) : []; // checkPolicy has looked at all of it
  if (options.json === true)
    sayJson({
      ok: ok && unannounced.length === 0,
      file,
      findings,
      ...(ok
        ? { notices: measured.map(({ purpose, language, ease }) => ({ purpose, language, ease: ease ?? null })) }
        : {}),
      ...(options.against === undefined ? {} : { changes }),
    });
  else tellFindings(file, findings, policy);
  if (options.json !== true && ok && options.against !== undefined) tellChanges(options.against, changes);
  return ok && unannounced.length === 0 ? exitCodes.fine : exitCodes.finding;
}

async function olderPolicy(file: string): Promise<Policy> {
  const { policy, findings } = await readPolicyFile(file);
  if (!mayRun(findings))
    throw new Refusal('policy.errors', `The older policy ${file} has errors itself, so it cannot be compared with.`, {
      remedy: `Look at it with \`fairlead check ${file}\`.`,
    });
  return policy as Policy; // checkPolicy has looked at all of it
}

function tellFindings(file: string, findings: readonly Finding[], policy: unknown): void {
  for (const finding of findings) say(findingText(finding));
  if (!mayRun(findings)) {
    say(bad(`${file} may not run.`));
    return;
  }
  const { purposes, events, models, placements } = policy as Policy; // checkPolicy has looked at all of it
  const parts = Object.entries({ purposes, events, models, placements }).map(([name, entries]) =>
    countOf(Object.keys(entries).length, name),
  );
  say(
    good(
      `${file} may run: ${parts.join(', ')}${findings.length === 0 ? '' : `; ${findings.length === 1 ? 'one warning' : `${findings.length} warnings`}`}.`,
    ),
  );
  tellNotices(policy as Policy); // as above
}

/** How easily each notice reads, in each of its languages. */
function tellNotices(policy: Policy): void {
  say();
  say('How the notices read (100 is very easy, below 50 is hard; in Arabic: words in a sentence, at most 20):');
  const measures = noticeMeasures(policy);
  for (const purpose of Object.keys(policy.purposes)) {
    const told = measures
      .filter((measure) => measure.purpose === purpose)
      .map(({ language, ease }) => `${language} ${ease === undefined ? 'too short to measure' : ease.score}`);
    say(`- ${purpose}: ${told.join(', ')}`);
  }
}

function tellChanges(older: string, changes: readonly Change[]): void {
  say();
  if (changes.length === 0) {
    say(`It says the same as ${older}.`);
    return;
  }
  say(`Against ${older}:`);
  for (const change of changes) {
    const asked = change.askAgain === 'nobody' ? '' : ` Ask again ${change.askAgain}.`;
    const notice = change.isAnnounced ? '' : bad(` Raise noticeVersion of "${change.purpose}".`);
    const [first = '', ...rest] = wrapped(`${change.message}.${asked}`, 94, '  ');
    say(`- ${first.trimStart()}`);
    for (const line of rest) say(line);
    if (notice !== '') say(` ${notice}`);
  }
}

/** `1 model`, `2 models` */
function countOf(count: number, plural: string): string {
  return `${formatCount(count)} ${count === 1 ? plural.slice(0, -1) : plural}`;
}
