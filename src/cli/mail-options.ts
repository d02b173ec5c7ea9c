/** The options that say where mail is handed over, for every command that sends some. */
import { type Command, Option } from 'commander';
import type { World } from '../database/world.ts';
import { readMailSettings } from '../sending/mail-settings.ts';
import { type Mailer, type MailerOptions, openMailer } from '../sending/mail.ts';

export interface MailOptions {
  readonly mail?: string;
}

/** Adds what says where mail is handed over. The URL stays out of the options, because command lines can be seen by others. */
export function withMail(command: Command): Command {
  return command.addOption(
    new Option(
      '--mail <file>',
      'JSON with url (smtps://USER:PASSWORD@HOST) and from (NAME <ADDRESS>): the server that mail is handed over to; FAIRLEAD_MAIL_URL and FAIRLEAD_MAIL_FROM otherwise',
    ).env('FAIRLEAD_MAIL'),
  );
}

/** The mailer that the options or the environment name; undefined where they name none. Refuses with `mail.settings`. */
export async function mailerFrom(
  options: MailOptions,
  world: World,
  settings: MailerOptions = {},
): Promise<Mailer | undefined> {
  const server = await readMailSettings({
    file: options.mail,
    url: process.env['FAIRLEAD_MAIL_URL'],
    from: process.env['FAIRLEAD_MAIL_FROM'],
  });
  return server === undefined ? undefined : openMailer(server, world, settings);
}
