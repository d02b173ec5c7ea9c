/** The options that many commands share: where the data lies, which policy holds, and how numbers are read. */
import { type Command, InvalidArgumentError, Option } from 'commander';

/** Where an installation is, as the options say it. */
export interface PlaceOptions {
  readonly data: string;
  readonly keys?: string;
  readonly policy?: string;
  readonly unsafeDev?: boolean;
}

export const defaultData = './.fairlead';
export const defaultPolicyFile = './fairlead.policy.ts';

/** Adds what says where an installation is. `DATABASE_URL` stays out of the options, because command lines can be seen by others. */
export function withPlace(command: Command): Command {
  return command
    .addOption(dataOption())
    .addOption(
      new Option('--keys <directory>', 'where the keys are kept; `keys` in the data directory otherwise').env(
        'FAIRLEAD_KEYS',
      ),
    )
    .addOption(policyOption())
    .addOption(
      new Option('--unsafe-dev', 'accept a PostgreSQL that may lose what it acknowledged, where nothing needs to last'),
    );
}

export function dataOption(): Option {
  return new Option(
    '--data <directory>',
    'where everything is kept; with DATABASE_URL set, only what is not in that database',
  )
    .env('FAIRLEAD_DATA')
    .default(defaultData);
}

export function policyOption(): Option {
  return new Option('--policy <file>', `the policy file; ${defaultPolicyFile} otherwise, or the one last in force`).env(
    'FAIRLEAD_POLICY',
  );
}

export function publicUrlOption(): Option {
  return new Option(
    '--public-url <url>',
    'where people reach the server, when that is not the address it binds to: links begin with it',
  ).env('FAIRLEAD_PUBLIC_URL');
}

export function webhookOption(): Option {
  return new Option(
    '--webhook <file>',
    'JSON with url (https://…) and secret (whsec_…): where batches to a webhook are posted, and what signs them',
  ).env('FAIRLEAD_WEBHOOK');
}

export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON');
}

/** Reads a whole number within bounds. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** For options that may be given several times. */
export function collected(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), text];
}
