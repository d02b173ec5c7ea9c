/**
 * One connection to a mail server, over which messages go one after the other. What it promises beyond the protocol: every failure says whether the
 * message can have been taken, because a message that may have been taken must never be sent again; and no failure repeats what the server said, which
 * often is the address.
 */
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { MailServer } from '../mail-settings.ts';

/** How far a failed hand-over got. */
export type MailFault =
  /** The server is away, busy or not to be trusted; it has not taken the message. Another try may help. */
  | 'unreachable'
  /** The server does not take mail from us: the sign-in or the sender. No message will go before that is mended. */
  | 'not let in'
  /** The server does not take this message now, others perhaps. */
  | 'deferred'
  /** The server will not take this message. */
  | 'refused'
  /** The message was being handed over when the connection ended: nobody knows. */
  | 'unanswered';

/** Carries the kind of failure and the reply code, nothing that was said. */
export class MailFailure extends Error {
  readonly fault: MailFault;
  /** The code of the server's reply (RFC 5321, section 4.2), where it gave one. */
  readonly reply: number | undefined;

  constructor(fault: MailFault, reply: number | undefined) {
    super(`mail: ${fault}`);
    this.name = 'MailFailure';
    this.fault = fault;
    this.reply = reply;
  }
}

/** Milliseconds to wait at most: for a connection, for the greeting, and for any later reply. */
export interface SessionLimits {
  readonly connectMs: number;
  readonly replyMs: number;
}

/** What nodemailer tells about a failure; only its codes are used. */
interface Told {
  readonly code?: string | undefined;
  readonly command?: string | undefined;
  readonly responseCode?: number | undefined;
}

export class SmtpSession {
  readonly #connection: SMTPConnection;
  #isOpen = true;

  private constructor(connection: SMTPConnection) {
    this.#connection = connection;
    connection.on('end', () => {
      this.#isOpen = false;
    });
  }

  /** Connects, has the certificate checked, and signs in. Throws a `MailFailure`. */
  static async open(server: MailServer, limits: SessionLimits): Promise<SmtpSession> {
    const connection = new SMTPConnection({
      host: server.host,
      port: server.port,
      secure: server.tls === 'from the start',
      requireTLS: server.tls === 'STARTTLS',
      ignoreTLS: server.tls === 'none',
      tls: { minVersion: 'TLSv1.2', ...(server.ca === undefined ? {} : { ca: server.ca }) },
      connectionTimeout: limits.connectMs,
      greetingTimeout: limits.connectMs,
      dnsTimeout: limits.connectMs,
      socketTimeout: limits.replyMs,
      // The name that we greet with: not this machine's, which is nobody's business.
      name: server.from.address.slice(server.from.address.indexOf('@') + 1),
      logger: false,
    });
    // It stays for the life of the connection: an idle one may fail too, and is then found closed.
    const failed = new Promise<never>((_resolve, reject) => {
      connection.on('error', (error: Told) => reject(failureOf(error, { isGiven: false })));
    });
    failed.catch(() => undefined); // heard below while connecting; afterwards every send has its own ears
    await Promise.race([
      failed,
      new Promise<void>((resolve, reject) => {
        connection.connect((error) => (error === undefined ? resolve() : reject(failureOf(error, { isGiven: false }))));
      }),
    ]);
    const session = new SmtpSession(connection);
    if (server.user !== undefined) await session.#signIn(server.user, server.password ?? '');
    return session;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async #signIn(user: string, pass: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#connection.login({ user, pass }, (error) => {
        if (error === null) return resolve();
        this.close();
        return reject(failureOf(error, { isGiven: false }));
      });
    });
  }

  /** Hands one message over. Resolves once the server has taken it; throws a `MailFailure` otherwise. */
  async send(envelope: { from: string; to: string }, message: Buffer): Promise<void> {
    let isGiven = false;
    // Read only after the server has said yes to sender and recipient: from then on the message may be taken.
    const stream = new Readable({
      read() {
        isGiven = true;
        this.push(message);
        this.push(null);
      },
    });
    await new Promise<void>((resolve, reject) => {
      this.#connection.send({ ...envelope, size: message.length }, stream, (error) =>
        error === null ? resolve() : reject(failureOf(error, { isGiven })),
      );
    });
  }

  /** Makes ready for the next message after one that was not taken; whether that worked. */
  async reset(): Promise<boolean> {
    if (!this.#isOpen) return false;
    return new Promise((resolve) => {
      this.#connection.reset((error) => resolve(error === null));
    });
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#connection.quit();
  }
}

function failureOf(error: Told, { isGiven }: { isGiven: boolean }): MailFailure {
  return new MailFailure(faultOf(error, isGiven), error.responseCode);
}

function faultOf({ code, command, responseCode }: Told, isGiven: boolean): MailFault {
  // 421 closes the connection; it is about the server and not about the message (RFC 5321, section 3.8).
  const isAboutMessage = responseCode !== undefined && responseCode !== 421;
  if (isGiven) {
    if (!isAboutMessage || command !== 'DATA') return responseCode === 421 ? 'unreachable' : 'unanswered';
    return responseCode >= 500 ? 'refused' : 'deferred';
  }
  if (code === 'EAUTH') return responseCode !== undefined && responseCode < 500 ? 'unreachable' : 'not let in';
  if (command === 'MAIL FROM' && isAboutMessage && responseCode >= 500)
    return responseCode === 552 ? 'refused' : 'not let in';
  if (code === 'EENVELOPE' && (command === 'RCPT TO' || command === 'API'))
    return responseCode !== undefined && responseCode < 500 ? 'deferred' : 'refused';
  if (command === 'DATA' && isAboutMessage) return responseCode >= 500 ? 'refused' : 'deferred';
  return 'unreachable';
}
