/**
 * Where mail is handed over, and in whose name: read from a file that only its owner may read, or from two variables of the environment. Checked here, so
 * that a server which cannot send says so when it starts and not to the first customer.
 */

import { Refusal } from '../database/refusal.ts';
import { isThisMachine, readSecretFile } from './internal/secret-file.ts';

export interface MailSettings {
  /** `smtps://user:password@host` (TLS from the start) or `smtp://user:password@host` (STARTTLS, which is then demanded). */
  readonly url: string;
  /** Who sends: `Northwind Gifts <offers@northwind.example>`. */
  readonly from: string;
  /** Where answers go, when that is another address. */
  readonly replyTo?: string;
  /** Certificates (PEM) to trust in the place of the system's, for a mail server with a certificate of its own. */
  readonly ca?: string;
}

/** A mailbox with the name it is shown under. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** What the settings come to. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** `from the start`, `STARTTLS`, or none: that only on this very machine. */
  readonly tls: 'from the start' | 'STARTTLS' | 'none';
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly from: Mailbox;
  readonly replyTo: string | undefined;
  readonly ca: string | undefined;
}

/** The settings of a file, or of `FAIRLEAD_MAIL_URL` and `FAIRLEAD_MAIL_FROM`; undefined where there is neither. Refuses with `mail.settings`. */
export async function readMailSettings(given: {
  file?: string | undefined;
  url?: string | undefined;
  from?: string | undefined;
}): Promise<MailServer | undefined> {
  if (given.file !== undefined) return mailServerOf(await settingsOfFile(given.file));
  if (given.url === undefined && given.from === undefined) return undefined;
  return mailServerOf({ url: given.url ?? '', from: given.from ?? '' });
}

/** Checks settings and takes them apart. Refuses with `mail.settings`; never repeats the URL, which holds a password. */
export function mailServerOf(settings: MailSettings): MailServer {
  const url = URL.canParse(settings.url) ? new URL(settings.url) : undefined;
  if (url === undefined || (url.protocol !== 'smtp:' && url.protocol !== 'smtps:') || url.hostname === '')
    throw wrong('The address of the mail server is no smtps:// or smtp:// URL.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const tls = url.protocol === 'smtps:' ? 'from the start' : isThisMachine(host) ? 'none' : 'STARTTLS';
  const from = mailboxOf(settings.from);
  if (from === undefined)
    throw wrong('Who sends the mail is not said, or not as `Northwind Gifts <offers@northwind.example>`.');
  if (settings.replyTo !== undefined && !isAddress(settings.replyTo)) throw wrong('`replyTo` is no address.');
  return {
    host,
    port: url.port === '' ? (tls === 'from the start' ? 465 : 587) : Number(url.port),
    tls,
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    password: url.password === '' ? undefined : decodeURIComponent(url.password),
    from,
    replyTo: settings.replyTo,
    ca: settings.ca,
  };
}

/**
 * Whether a text is one address and nothing else: no name, no list, no control sign that could start a header of its own (CWE-93). What mail servers
 * accept beyond that (quoted local parts, comments; RFC 5321, section 4.1.2) is not sent to.
 */
export function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]{1,64}@[^\s"(),:;<>@[\\\]\p{Cc}\p{Cf}]+$/u.test(text);
}

function mailboxOf(text: string): Mailbox | undefined {
  const [, name = '', address = ''] = /^([^<>"\p{Cc}]*)<([^<>]+)>$/u.exec(text.trim()) ?? ['', '', text.trim()];
  return isAddress(address) ? { name: name.trim(), address } : undefined;
}

async function settingsOfFile(file: string): Promise<MailSettings> {
  const own = await readSecretFile(file, { code: 'mail.settings', says: 'where mail is handed over', wrong });
  const text = (name: keyof MailSettings): string | undefined => {
    const value = own(name);
    if (value === undefined || typeof value === 'string') return value;
    throw wrong(`In ${file}, \`${name}\` is no text.`);
  };
  const [replyTo, ca] = [text('replyTo'), text('ca')];
  return {
    url: text('url') ?? '',
    from: text('from') ?? '',
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(ca === undefined ? {} : { ca }),
  };
}

function wrong(message: string): Refusal {
  return new Refusal('mail.settings', message, {
    remedy:
      'Give a file with {"url": "smtps://USER:PASSWORD@HOST", "from": "NAME <ADDRESS>"}, or FAIRLEAD_MAIL_URL and FAIRLEAD_MAIL_FROM.',
  });
}
