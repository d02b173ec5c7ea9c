/** `fairlead verify`: recomputes what can be recomputed and names whatever does not fit. */
import { Command } from 'commander';
import { type Verification, verify } from '../auditing/verify.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { guarded } from './guarded.ts';
import { type OpenOptions, withInstallation } from './open-installation.ts';
import { jsonOption, withPlace } from './options.ts';
import { signerOfLog } from './serve.ts';
import { type OutsideOptions, type OutsideVerdict, verifyFromOutside } from './verify-from-outside.ts';
import { moreChecks } from './verify-more.ts';
import { bad, formatCount, good, progressBar, say, sayJson, wrapped } from './terminal.ts';

interface VerifyOptions extends OpenOptions, OutsideOptions {
  readonly json?: boolean;
}

export function verifyCommand(): Command {
  return withPlace(
    new Command('verify').description('prove that models, consents, decisions and records are what they say'),
  )
    .option('--proof <file>', 'check this .tlog-proof alone: no database, and without --log no network either')
    .option('--log <place>', 'check this log alone, by its address or its directory; with --proof, that the two fit')
    .option('--key <line>', 'the verifier key of the log, name+id+key, for --proof and --log')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  fairlead verify --json\n  fairlead verify --proof decision.tlog-proof --key "$KEY"\n  fairlead verify --log https://shop.example/log --key "$KEY"\n\nExit code 1 means that something was found, which is named.',
    )
    .action(guarded(verifyAll));
}

async function verifyAll(options: VerifyOptions): Promise<ExitCode> {
  if (options.proof !== undefined || options.log !== undefined || options.key !== undefined) {
    const verdict = await verifyFromOutside(options);
    if (options.json === true) sayJson(verdict);
    else tellFromOutside(verdict);
    return verdict.ok ? exitCodes.fine : exitCodes.finding;
  }
  return withInstallation(options, async (opened) => {
    const bar = progressBar('Verifying');
    const verification = await verify(opened.engine, {
      more: moreChecks(signerOfLog(opened)),
      onProgress: ({ done, total, name }) => bar.move(done, total, name),
    });
    bar.end();
    if (options.json === true) sayJson(verification);
    else tell(verification);
    return verification.ok ? exitCodes.fine : exitCodes.finding;
  });
}

function tell({ ok, checks }: Verification): void {
  tellChecks(checks, 'rows');
  say();
  say(ok ? good('Everything is what it says.') : bad('Something is not what it says; the rows are named above.'));
}

function tellFromOutside(verdict: OutsideVerdict): void {
  tellChecks(verdict.checks, 'looked at');
  say();
  if (verdict.holds === null) return say(bad('It does not hold: what is wrong stands above.'));
  if (verdict.record !== undefined) say(`The record is:\n${JSON.stringify(verdict.record, null, 2)}\n`);
  say(good(verdict.holds));
}

function tellChecks(checks: Verification['checks'], unit: string): void {
  for (const check of checks) {
    say(`${check.ok ? good('fine ') : bad('FOUND')}  ${check.name} (${formatCount(check.rows)} ${unit})`);
    if (check.finding !== null) for (const line of wrapped(check.finding, 96, '       ')) say(line);
  }
}
