/**
 * Hands single mails over to the operator's mail server (SMTP). For batches and for every other room or door that has to write to somebody: a link to sign in
 * with, a confirmation. It promises that nothing travels without TLS except on this machine, that a message which may have been taken is never handed over a
 * second time, that a mail server which is away costs seconds and ends in a sentence, and that no address stands in an error or a log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import MailComposer from 'nodemailer/lib/mail-composer';
import { Refusal } from '../database/refusal.ts';
import type { World } from '../database/world.ts';
import { MailFailure, type SessionLimits, SmtpSession } from './internal/smtp-session.ts';
import { type MailServer, isAddress } from './mail-settings.ts';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  /** The same twice: as plain text and as HTML. A mail without the one is unreadable to some, without the other to none. */
  readonly text: string;
  readonly html: string;
  /** The address of one-click unsubscribing (RFC 8058), for whatever is not an answer to something that the person has just done. */
  readonly unsubscribeUrl?: string;
  /** Makes the Message-ID, so that a mail server can tell the same message when it sees it; a fresh one when left out. */
  readonly id?: string;
}

export interface Mailer {
  /** The name and address that mails come from. */
  readonly from: { readonly name: string; readonly address: string };
  /**
   * Resolves once the mail server has taken the mail. Refuses with
   * - `mail.unconfigured`: there is no mail server;
   * - `mail.message`: the mail itself is none (an address that is not one, a line break in the subject);
   * - `mail.unreachable`: the server is away, or not to be trusted; it has nothing, and trying again is right;
   * - `mail.not-let-in`: it does not accept our sign-in or our sender; it has nothing, and trying again is no use;
   * - `mail.deferred`: it does not take this mail now, `mail.refused`: it will never;
   * - `mail.unanswered`: the connection ended while the mail was being handed over: it may be on its way, so do not send it again.
   */
  send(mail: Mail, options?: { readonly tries?: number }): Promise<void>;
  /** Connects and signs in, and sends nothing. Refuses as `send` does. */
  check(): Promise<void>;
  close(): Promise<void>;
}

export interface MailerOptions extends Partial<SessionLimits> {
  /** Connections at once. */
  readonly connections?: number;
  /** How long to wait before each further try, in milliseconds. */
  readonly waitsMs?: readonly number[];
}

/** A mailer for the server of the settings; one that refuses everything with `mail.unconfigured` where there are none. */
export function openMailer(server: MailServer | undefined, world: World, options: MailerOptions = {}): Mailer {
  return server === undefined ? noMailer : new SmtpMailer(server, world, options);
}

/** Servers close connections that say nothing; ours go first. */
const idleMsMax = 10_000;

class SmtpMailer implements Mailer {
  readonly from: Mailer['from'];
  readonly #server: MailServer;
  readonly #world: World;
  readonly #limits: SessionLimits;
  readonly #waitsMs: readonly number[];
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #idle: { session: SmtpSession; timer: NodeJS.Timeout }[] = [];

  constructor(server: MailServer, world: World, options: MailerOptions) {
    this.from = server.from;
    this.#server = server;
    this.#world = world;
    this.#limits = { connectMs: options.connectMs ?? 10_000, replyMs: options.replyMs ?? 60_000 };
    this.#waitsMs = options.waitsMs ?? [500, 2_000];
    this.#free = options.connections ?? 2;
  }

  async send(mail: Mail, { tries = 1 + this.#waitsMs.length }: { readonly tries?: number } = {}): Promise<void> {
    const message = await this.#composed(mail);
    for (let tried = 1; ; tried++) {
      try {
        return await this.#hand(mail.to, message);
      } catch (error) {
        const mayTryAgain =
          error instanceof MailFailure && (error.fault === 'unreachable' || error.fault === 'deferred');
        if (!mayTryAgain || tried >= tries) throw this.#refusalOf(error);
        await sleep(this.#waitsMs[tried - 1] ?? this.#waitsMs.at(-1) ?? 0);
      }
    }
  }

  async check(): Promise<void> {
    try {
      const session = await SmtpSession.open(this.#server, this.#limits);
      session.close();
    } catch (error) {
      throw this.#refusalOf(error);
    }
  }

  close(): Promise<void> {
    for (const { session, timer } of this.#idle.splice(0)) {
      clearTimeout(timer);
      session.close();
    }
    return Promise.resolve();
  }

  async #composed(mail: Mail): Promise<Buffer> {
    if (!isAddress(mail.to)) throw wrongMail('It goes to something that is not one address.');
    if (/\p{Cc}/u.test(mail.subject) || mail.subject.trim() === '')
      throw wrongMail('Its subject is empty or holds a control sign, such as a line break.');
    const { unsubscribeUrl } = mail;
    if (unsubscribeUrl !== undefined && (!URL.canParse(unsubscribeUrl) || /[\s<>]/.test(unsubscribeUrl)))
      throw wrongMail('Its address for unsubscribing is no URL.');
    const domain = this.from.address.slice(this.from.address.indexOf('@') + 1);
    return new MailComposer({
      from: { name: this.from.name, address: this.from.address },
      to: { name: '', address: mail.to },
      ...(this.#server.replyTo === undefined ? {} : { replyTo: this.#server.replyTo }),
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      date: this.#world.now(),
      messageId: `<${mail.id ?? this.#world.uuid()}@${domain}>`,
      headers:
        unsubscribeUrl === undefined
          ? {}
          : {
              'List-Unsubscribe': { prepared: true, foldLines: false, value: `<${unsubscribeUrl}>` },
              'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
            },
      // What stands in a mail is given here, never fetched by the mailer from a path or an address.
      disableFileAccess: true,
      disableUrlAccess: true,
      newline: 'win',
    })
      .compile()
      .build();
  }

  /** One try. A connection that had been idle may have ended without a word; then, and nothing having been handed over, a fresh one is no second try. */
  async #hand(to: string, message: Buffer): Promise<void> {
    await this.#turn();
    try {
      const kept = this.#takeIdle();
      if (kept !== undefined) {
        try {
          return await this.#handOver(kept, to, message);
        } catch (error) {
          if (!(error instanceof MailFailure) || error.fault !== 'unreachable') throw error;
        }
      }
      return await this.#handOver(await SmtpSession.open(this.#server, this.#limits), to, message);
    } finally {
      this.#free++;
      this.#waiting.shift()?.();
    }
  }

  async #handOver(session: SmtpSession, to: string, message: Buffer): Promise<void> {
    try {
      await session.send({ from: this.from.address, to }, message);
    } catch (error) {
      const goesOn = error instanceof MailFailure && (error.fault === 'refused' || error.fault === 'deferred');
      if (goesOn && (await session.reset())) this.#keep(session);
      else session.close();
      throw error;
    }
    this.#keep(session);
  }

  async #turn(): Promise<void> {
    while (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#free--;
  }

  #keep(session: SmtpSession): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((one) => one.session === session);
      if (at >= 0) this.#idle.splice(at, 1);
      session.close();
    }, idleMsMax);
    timer.unref();
    this.#idle.push({ session, timer });
  }

  #takeIdle(): SmtpSession | undefined {
    for (let kept = this.#idle.pop(); kept !== undefined; kept = this.#idle.pop()) {
      clearTimeout(kept.timer);
      if (kept.session.isOpen) return kept.session;
    }
    return undefined;
  }

  #refusalOf(error: unknown): unknown {
    if (!(error instanceof MailFailure)) return error;
    const { host, port } = this.#server;
    const said = error.reply === undefined ? '' : ` It answered ${error.reply}.`;
    switch (error.fault) {
      case 'unreachable':
        return new Refusal('mail.unreachable', `The mail server ${host}:${port} could not be reached safely.${said}`, {
          remedy: 'Nothing was handed over. See that it runs and that its certificate is good, then try again.',
        });
      case 'not let in':
        return new Refusal('mail.not-let-in', `The mail server ${host}:${port} takes no mail from us.${said}`, {
          remedy: 'Compare user, password and sender with what the mail server expects.',
        });
      case 'deferred':
        return new Refusal('mail.deferred', `The mail server does not take this mail now.${said}`, {
          remedy: 'Nothing was handed over. Try again in some minutes.',
        });
      case 'refused':
        return new Refusal('mail.refused', `The mail server will not take this mail.${said}`, {
          remedy: 'Nothing was handed over. The address may no longer exist.',
        });
      case 'unanswered':
        return new Refusal('mail.unanswered', 'The connection ended while a mail was being handed over.', {
          remedy: 'It may be on its way: do not send it again.',
        });
      default:
        return error.fault satisfies never;
    }
  }
}

const noMailer: Mailer = {
  from: { name: '', address: '' },
  send: refuseUnconfigured,
  check: refuseUnconfigured,
  close: () => Promise.resolve(),
};

async function refuseUnconfigured(): Promise<never> {
  return Promise.reject(
    new Refusal('mail.unconfigured', 'No mail server has been named, so nothing can be sent.', {
      remedy: 'Name one with --mail FILE, or with FAIRLEAD_MAIL_URL and FAIRLEAD_MAIL_FROM.',
    }),
  );
}

function wrongMail(message: string): Refusal {
  return new Refusal('mail.message', `This mail cannot be sent. ${message}`);
}
