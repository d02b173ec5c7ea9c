/** `fairlead verify`: recomputes what can be recomputed and names whatever does not fit. */
import { Command } from 'commander';
import { type Verification, verify } from '../auditing/verify.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type OpenOptions, withInstallation } from './open-installation.ts';
import { jsonOption, withPlace } from './options.ts';
import { bad, formatCount, good, progressBar, say, sayJson, wrapped } from './terminal.ts';

interface VerifyOptions extends OpenOptions {
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return withPlace(
    new Command('verify').description('prove that models, consents, decisions and records are what they say'),
  )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  fairlead verify --json\n\nExit code 1 means that something was found, which is named.',
    )
    .action(guarded(verifyAll));
}

async function verifyAll(options: VerifyOptions): Promise<ExitCode> {
  return withInstallation(options, async ({ engine }) => {
    const bar = progressBar('Verifying');
    const verification = await verify(engine, { onProgress: ({ done, total, name }) => bar.move(done, total, name) });
    bar.end();
    if (options.json === true) sayJson(verification);
    else tell(verification);
    return verification.ok ? exitCodes.fine : exitCodes.finding;
  });
}

function tell({ ok, checks }: Verification): void {
  for (const check of checks) {
    say(`${check.ok ? good('fine ') : bad('FOUND')}  ${check.name} (${formatCount(check.rows)} rows)`);
    if (check.finding !== null) for (const line of wrapped(check.finding, 96, '       ')) say(line);
  }
  say();
  say(ok ? good('Everything is what it says.') : bad('Something is not what it says; the rows are named above.'));
}
