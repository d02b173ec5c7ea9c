/** `fairlead why`: what a decision used, on what basis, and what each thing added; with `--replay`, whether it comes out the same when computed again. */
import { Command } from 'commander';
import { type Explanation, type Replay, replay, why } from '../deciding/why.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type OpenOptions, withInstallation } from './open-installation.ts';
import { jsonOption, withPlace } from './options.ts';
import { bad, formatCount, good, say, sayJson, soft, strong, tableLines, wrapped } from './terminal.ts';

interface WhyOptions extends OpenOptions {
  readonly replay?: boolean;
  readonly json?: boolean;
}

export function whyCommand(): Command {
  const command = new Command('why')
    .description('explain a decision, or compute it again')
    .argument('<decision>', 'the id that came with the decision')
    .option('--replay', 'compute it again from what it used, without looking at the stored answer, and compare');
  return withPlace(command)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  fairlead why 0199f3a2-5a1e-7c3b-8d55-2f2f3e6b9a10 --replay\n\nExit code 1 means that the replay came out different.',
    )
    .action(guarded(explain));
}

async function explain(decisionId: string, options: WhyOptions): Promise<ExitCode> {
  return withInstallation(options, async ({ engine }) => {
    if (options.replay === true) {
      const replayed = await replay(engine, decisionId);
      if (options.json === true) sayJson(replayed);
      else tellReplay(replayed);
      return replayed.result === 'different' ? exitCodes.finding : exitCodes.fine;
    }
    const explained = await why(engine, decisionId);
    if (options.json === true) sayJson(explained);
    else tellExplanation(explained);
    return exitCodes.fine;
  });
}

function tellExplanation(explained: Explanation): void {
  say(strong(`${explained.placement}, ${explained.at}`));
  if (!explained.personal) say('Not personal: everybody got this list, and nothing about this person was used.');
  for (const { title, purpose, notice } of explained.basis)
    say(`On the basis of "${title}" (${purpose}, notice ${notice}).`);
  if (explained.redacted !== null)
    say(`What was forgotten since has been taken out of the record (${explained.redacted.join(', ')}).`);
  say();
  for (const [index, item] of explained.items.entries()) {
    say(`${index + 1}. ${strong(item.title)}${explained.personal ? `  ${formatCount(item.score)}` : ''}`);
    for (const line of wrapped(item.because, 92, '   ')) say(line);
    const terms = item.terms.map((term) => [
      '   ',
      formatCount(term.points),
      term.of === 'everyone' ? 'what it starts from for everybody' : term.of,
    ]);
    for (const line of tableLines(terms, [1])) say(soft(line));
    for (const move of item.moves) say(soft(`    moved from place ${move.from} to ${move.to}: ${move.cause}`));
  }
  if (explained.personal) {
    say();
    for (const line of wrapped(`Used: ${explained.used.join(', ')}.`)) say(line);
    for (const { what, why: cause } of explained.notUsed)
      for (const line of wrapped(`Not used: ${what}, because ${cause}.`)) say(line);
  }
}

function tellReplay({ result, differences }: Replay): void {
  switch (result) {
    case 'same':
      say(good('The same: computed again from what it used, the decision comes out term for term as it was recorded.'));
      return;
    case 'different':
      say(bad('Different: what was recorded is not what comes out.'));
      for (const difference of differences) say(`- ${difference}`);
      return;
    case 'redacted':
      say('Redacted: what it used has been forgotten since, so it cannot be computed again.');
      return;
    case 'version retired':
      say('The model version it was made with has been retired, so it cannot be computed again.');
      return;
    case 'not personal':
      say('Not personal: everybody got this list, so there is nothing to compute.');
      return;
    default:
      result satisfies never;
  }
}
