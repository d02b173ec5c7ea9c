/** A real SMTP server on the loopback, which keeps what it was given and can be told to misbehave. It ends with the test file. */
import type { AddressInfo } from 'node:net';
import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll } from 'vitest';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  /** Whether the sender had signed in, and spoke TLS. */
  readonly user: string | undefined;
  readonly isSecure: boolean;
  readonly raw: string;
  readonly mail: Email;
}

export interface MailServerOptions extends SMTPServerOptions {
  readonly port?: number;
  /** The reply code to a recipient, in the place of yes. */
  readonly toRecipient?: (address: string) => number | undefined;
  /** Called when a mail has been read and not yet been answered: a reply code, or `drop` to end the connection without a word. */
  readonly toMail?: (address: string) => number | 'drop' | undefined | Promise<number | 'drop' | undefined>;
}

export interface TestMailServer {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** How many connections there have been. */
  readonly connections: () => number;
  close(): Promise<void>;
}

const running = new Set<TestMailServer>();
afterAll(async () => {
  for (const server of running) await server.close();
});

export async function mailServer(options: MailServerOptions = {}): Promise<TestMailServer> {
  const { port = 0, toRecipient, toMail, ...settings } = options;
  const received: ReceivedMail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    hideSTARTTLS: settings.cert === undefined,
    closeTimeout: 200,
    onAuth: (auth, _session, done) => done(null, { user: auth.username }),
    onConnect: (_session, done) => {
      connections++;
      done();
    },
    onRcptTo: ({ address }, _session, done) => done(refusal(toRecipient?.(address))),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        void (async () => {
          const to = session.envelope.rcptTo[0]?.address ?? '';
          const answer = await toMail?.(to);
          if (answer === 'drop') {
            for (const connection of server.connections) connection.close();
            return;
          }
          if (answer !== undefined) return done(refusal(answer));
          const bytes = Buffer.concat(chunks);
          const from = session.envelope.mailFrom;
          received.push({
            from: from === false ? '' : from.address,
            to,
            user: session.user as string | undefined, // what `onAuth` put there
            isSecure: session.secure,
            raw: bytes.toString('latin1'),
            mail: await PostalMime.parse(bytes),
          });
          return done();
        })();
      });
    },
    ...settings,
  });
  server.on('error', () => undefined); // broken connections are part of the tests
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const made: TestMailServer = {
    port: (server.server.address() as AddressInfo).port, // it listens on a port
    received,
    connections: () => connections,
    async close() {
      running.delete(made);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
  running.add(made);
  return made;
}

function refusal(code: number | undefined): Error | null {
  return code === undefined ? null : Object.assign(new Error('no'), { responseCode: code });
}
