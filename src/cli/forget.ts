/** `fairlead forget`: takes something of one person back, at once, and prints the receipt. */
import { Command, Option } from 'commander';
import { Refusal } from '../database/refusal.ts';
import { noticeVersionOf } from '../consent/ledger.ts';
import type { Engine } from '../deciding/engine.ts';
import { versionAfter } from '../models/learn.ts';
import { type ForgetRequest, forget } from '../people/forget.ts';
import type { Receipt } from '../people/receipts.ts';
import { guarded } from './guarded.ts';
import { type OpenOptions, withInstallation } from './open-installation.ts';
import { collected, jsonOption, withPlace } from './options.ts';
import { type PersonOptions, personBy, withPerson } from './person-options.ts';
import { say, sayJson, soft, strong, wrapped } from './terminal.ts';

interface ForgetOptions extends OpenOptions, PersonOptions {
  readonly withdraw?: readonly string[];
  readonly exclude?: string;
  readonly erase?: boolean;
  readonly json?: boolean;
}

/** A receipt as it is printed: with the model version that obeys, null until the next one is published. */
type PrintedReceipt = Receipt & { readonly modelVersion: string | null };

export function forgetCommand(): Command {
  const command = new Command('forget')
    .description('withdraw a purpose, exclude an item, or erase everything about one person')
    .addOption(
      new Option('--withdraw <purpose>', 'no longer use what is known for this purpose; may be given several times')
        .argParser(collected)
        .conflicts(['exclude', 'erase']),
    )
    .addOption(new Option('--exclude <item>', 'what was done with this item no longer counts').conflicts('erase'))
    .addOption(new Option('--erase', 'delete everything, and destroy the key of what was sealed'));
  return withPlace(withPerson(command))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead forget --user 17850 --withdraw suggestions\n  fairlead forget --user 17850 --exclude "RED LAMP"\n  fairlead forget --user 17850 --erase',
    )
    .action(guarded(forgetOne));
}

async function forgetOne(options: ForgetOptions): Promise<void> {
  await withInstallation(options, async ({ engine }) => {
    const request = requestOf(engine, options);
    const receipt = await forget(engine, await personBy(engine, options), request);
    const printed = { ...receipt, modelVersion: await versionThatObeys(engine, receipt) };
    if (options.json === true) sayJson(printed);
    else tell(printed);
  });
}

function requestOf(engine: Engine, { withdraw, exclude, erase }: ForgetOptions): ForgetRequest {
  if (withdraw !== undefined) {
    for (const purpose of withdraw) noticeVersionOf(engine.policy, purpose);
    return { kind: 'withdraw', purposes: [...new Set(withdraw)], method: 'operator', source: 'command line' };
  }
  if (exclude !== undefined) return { kind: 'exclude', itemId: exclude };
  if (erase === true) return { kind: 'erase' };
  throw new Refusal('forget.nothing', 'It was not said what to forget.', {
    remedy: 'Say --withdraw PURPOSE, --exclude ITEM or --erase.',
  });
}

async function versionThatObeys(engine: Engine, receipt: Receipt): Promise<string | null> {
  const [first] = receipt.sums;
  return first === undefined
    ? null
    : ((await versionAfter(engine.database, first.model, first.position))?.version ?? null);
}

function tell(receipt: PrintedReceipt): void {
  say(strong(`${done[receipt.kind]} (${receipt.about.join(', ')}).`));
  say('The next decision obeys.');
  for (const sum of receipt.sums) {
    say(
      `Model ${sum.model}: ${sum.changed === 0 ? 'nothing of theirs was in it' : 'their contribution has been subtracted'}.`,
    );
    say(soft(`  sum before ${shown(sum.digestBefore)}`));
    say(soft(`  sum after  ${shown(sum.digestAfter)}`));
  }
  say(
    receipt.modelVersion === null
      ? 'Published parameters follow when the model is next solved (`fairlead learn`, or a running server by itself).'
      : `The model version ${receipt.modelVersion} obeys.`,
  );
  for (const line of wrapped(receipt.notUndone)) say(line);
  say(soft(`receipt ${receipt.receipt}, in the log as ${receipt.log}`));
}

const done: Readonly<Record<Receipt['kind'], string>> = {
  withdraw: 'Withdrawn',
  exclude: 'Excluded',
  expire: 'Expired',
  rectify: 'Rectified',
  merge: 'Merged',
  erase: 'Erased',
};

/** Enough of a digest to compare by eye; all of it is in the receipt. */
function shown(digest: string): string {
  return `${digest.slice(0, 16)}…${digest.slice(-16)}`;
}
