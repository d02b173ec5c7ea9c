/** `fairlead decide`: one decision, made, recorded and printed exactly as a server key would get it. */
import { Command } from 'commander';
import { type Decision, decide } from '../deciding/decide.ts';
import type { Engine } from '../deciding/engine.ts';
import { becauseOf } from '../deciding/why.ts';
import { guarded } from './guarded.ts';
import { type OpenOptions, withInstallation } from './open-installation.ts';
import { collected, jsonOption, withPlace } from './options.ts';
import { type PersonOptions, namedBy, withPerson } from './person-options.ts';
import { formatCount, say, sayJson, soft, strong, tableLines } from './terminal.ts';

interface DecideOptions extends OpenOptions, PersonOptions {
  readonly placement: string;
  readonly exclude?: readonly string[];
  readonly json?: boolean;
}

export function decideCommand(): Command {
  const command = new Command('decide')
    .description('decide what one person sees at a placement, and record it')
    .requiredOption('--placement <name>', 'a placement of the policy')
    .option('--exclude <item>', 'leave this item out; may be given several times', collected);
  return withPlace(withPerson(command))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  fairlead decide --user 17850 --placement home')
    .action(guarded(decideOnce));
}

async function decideOnce(options: DecideOptions): Promise<void> {
  const person = namedBy(options);
  await withInstallation(options, async ({ engine }) => {
    const context = options.exclude === undefined ? {} : { context: { exclude: options.exclude } };
    const decision = await decide(engine, { person, placement: options.placement, ...context });
    if (options.json === true) sayJson(decision);
    else tell(engine, decision);
  });
}

function tell(engine: Engine, decision: Decision): void {
  const basis = decision.basis.map(({ purpose, notice }) => `${purpose} (notice ${notice})`).join(', ');
  say(
    strong(decision.personal ? `Personal, on the basis of ${basis}.` : 'Not personal: the list that everybody gets.'),
  );
  say();
  const rows = decision.items.map((item, index) => [
    `${index + 1}.`,
    engine.items.byId(item.item)?.title ?? item.item,
    ...(decision.personal ? [formatCount(item.score), becauseOf(engine, item)] : []),
  ]);
  for (const line of tableLines(rows, [0, 2])) say(line);
  if (decision.items.length === 0) say('There is nothing to show: the catalogue has no available item.');
  say();
  say(soft(`decision ${decision.decision}${decision.model === null ? '' : `, model version ${decision.model}`}`));
  say(soft(`Why: fairlead why ${decision.decision}`));
}
