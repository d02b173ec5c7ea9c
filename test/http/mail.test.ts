/** Handing mail over to a real SMTP server: what arrives, over what, and what is said when it does not. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { Refusal } from '../../src/database/refusal.ts';
import { systemWorld } from '../../src/database/world.ts';
import { type MailServer, isAddress, mailServerOf, readMailSettings } from '../../src/sending/mail-settings.ts';
import { type Mail, type MailerOptions, type Mailer, openMailer } from '../../src/sending/mail.ts';
import { localCertificate } from '../support/certificate.ts';
import { mailServer } from '../support/mail-server.ts';

const from = 'Northwind Gifts <offers@northwind.example>';
const mail: Mail = {
  to: 'ada@people.example',
  subject: 'Geschenke für dich',
  text: 'Hello Ada — ünïcode.\n.\nA line that is a dot.',
  html: '<p>Hello Ada &mdash; ünïcode.</p>',
};

const mailers: Mailer[] = [];
afterAll(async () => {
  for (const mailer of mailers) await mailer.close();
});

function mailerFor(server: MailServer, options: MailerOptions = {}): Mailer {
  const mailer = openMailer(server, systemWorld, { waitsMs: [5, 5], connectMs: 2_000, replyMs: 2_000, ...options });
  mailers.push(mailer);
  return mailer;
}

function local(port: number): MailServer {
  return mailServerOf({ url: `smtp://127.0.0.1:${port}`, from });
}

/** The refusal that a promise ends in. */
async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error('it was not refused', { cause: error });
  return error;
}

describe('a mail that is taken', () => {
  it('arrives as text and as HTML, from and to whom it says, with a Message-ID that names no machine', async () => {
    const server = await mailServer();
    await mailerFor(local(server.port)).send(mail);
    const [got] = server.received;
    expect(got).toMatchObject({ from: 'offers@northwind.example', to: mail.to });
    expect(got?.mail).toMatchObject({
      subject: mail.subject,
      from: { name: 'Northwind Gifts', address: 'offers@northwind.example' },
      to: [{ address: mail.to }],
    });
    expect(got?.mail.text?.replaceAll('\r\n', '\n').trimEnd()).toBe(mail.text);
    expect(got?.mail.html?.trimEnd()).toBe(mail.html);
    expect(got?.mail.messageId).toMatch(/^<[0-9a-f-]{36}@northwind\.example>$/);
    expect(got?.raw).not.toMatch(/x-mailer/i);
  });

  it('carries both headers of one-click unsubscribing, unfolded, and none where there is nothing to unsubscribe from', async () => {
    const server = await mailServer();
    const mailer = mailerFor(local(server.port));
    const unsubscribeUrl = `https://fairlead.northwind.example/u/${'t'.repeat(80)}`;
    await mailer.send({ ...mail, unsubscribeUrl });
    await mailer.send(mail);
    expect(`\r\n${server.received[0]?.raw}`).toContain(`\r\nList-Unsubscribe: <${unsubscribeUrl}>\r\n`);
    expect(server.received[0]?.raw).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n');
    expect(server.received[1]?.raw).not.toMatch(/list-unsubscribe/i);
  });

  it('goes over few connections, one after the other, and as many at once as allowed', async () => {
    const server = await mailServer();
    const mailer = mailerFor(local(server.port), { connections: 2 });
    await Promise.all(Array.from({ length: 20 }, (_, n) => mailer.send({ ...mail, subject: `Mail ${n}` })));
    expect(new Set(server.received.map(({ mail }) => mail.subject)).size).toBe(20);
    expect(server.connections()).toBe(2);
  });

  it('goes over a fresh connection when the server has ended the idle one, within one try', async () => {
    const first = await mailServer();
    const mailer = mailerFor(local(first.port));
    await mailer.send(mail);
    await first.close();
    const second = await mailServer({ port: first.port });
    await mailer.send(mail, { tries: 1 });
    expect(second.received).toHaveLength(1);
  });
});

describe('TLS', () => {
  const { key, cert } = localCertificate();

  it.each(['from the start', 'STARTTLS'] as const)('%s: the mail and the sign-in travel inside it', async (tls) => {
    const server = await mailServer({ key, cert, secure: tls === 'from the start', authOptional: false });
    const settings = mailServerOf({ url: `smtps://fairlead:s%40cret@localhost:${server.port}`, from, ca: cert });
    await mailerFor({ ...settings, tls }).send(mail);
    expect(server.received).toMatchObject([{ isSecure: true, user: 'fairlead' }]);
  });

  it.each(['from the start', 'STARTTLS'] as const)(
    '%s: a certificate that nobody vouches for gets nothing',
    async (tls) => {
      const server = await mailServer({ key, cert, secure: tls === 'from the start' });
      const settings = mailServerOf({ url: `smtps://fairlead:secret@localhost:${server.port}`, from });
      const refusal = await refusalOf(mailerFor({ ...settings, tls }).send(mail, { tries: 1 }));
      expect(refusal.code).toBe('mail.unreachable');
      expect(server.received).toEqual([]);
    },
  );

  it('a server that offers no STARTTLS gets neither sign-in nor mail', async () => {
    let signIns = 0;
    const server = await mailServer({ onAuth: (_auth, _session, done) => (signIns++, done(null, { user: 'x' })) });
    const settings = mailServerOf({ url: `smtp://fairlead:secret@127.0.0.1:${server.port}`, from });
    const refusal = await refusalOf(mailerFor({ ...settings, tls: 'STARTTLS' }).send(mail, { tries: 1 }));
    expect(refusal.code).toBe('mail.unreachable');
    expect(signIns).toBe(0);
  });

  it('is demanded wherever mail leaves this machine', () => {
    expect(mailServerOf({ url: 'smtp://mail.northwind.example', from })).toMatchObject({ tls: 'STARTTLS', port: 587 });
    expect(mailServerOf({ url: 'smtps://mail.northwind.example', from })).toMatchObject({
      tls: 'from the start',
      port: 465,
    });
    for (const host of ['127.0.0.1:25', '127.9.9.9', 'localhost', '[::1]:2525'])
      expect(mailServerOf({ url: `smtp://${host}`, from }).tls).toBe('none');
    for (const host of ['127.0.0.1.example', 'localhost.example', '10.0.0.1', '[::2]'])
      expect(mailServerOf({ url: `smtp://${host}`, from }).tls).toBe('STARTTLS');
  });
});

describe('a mail that is not taken', () => {
  it('a server that is away costs the tries and ends in a sentence; nothing can have been sent', async () => {
    const server = await mailServer();
    await server.close();
    const begun = performance.now();
    const refusal = await refusalOf(mailerFor(local(server.port), { waitsMs: [30, 60] }).send(mail));
    expect(refusal.code).toBe('mail.unreachable');
    expect(refusal.remedy).toContain('Nothing was handed over');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(90);
  });

  it('a server that says nothing is given up after the time allowed', async () => {
    const { createServer } = await import('node:net');
    const mute = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => mute.once('listening', resolve));
    const { port } = mute.address() as { port: number }; // it listens on a port
    const begun = performance.now();
    const refusal = await refusalOf(mailerFor(local(port), { connectMs: 150 }).send(mail, { tries: 1 }));
    expect(refusal.code).toBe('mail.unreachable');
    expect(performance.now() - begun).toBeLessThan(1_500);
    mute.close();
  });

  it('a server that comes back between two tries gets the mail once', async () => {
    let turn = 0;
    const server = await mailServer({ toRecipient: () => (turn++ === 0 ? 451 : undefined) });
    await mailerFor(local(server.port)).send(mail);
    expect(server.received).toHaveLength(1);
    expect(turn).toBe(2);
  });

  it.each([
    [550, 'mail.refused'],
    [450, 'mail.deferred'],
  ] as const)(
    'a recipient answered with %i is %s, and the next mail goes over the same connection',
    async (code, expected) => {
      const server = await mailServer({ toRecipient: (address) => (address.startsWith('gone') ? code : undefined) });
      const mailer = mailerFor(local(server.port), { connections: 1 });
      const refusal = await refusalOf(mailer.send({ ...mail, to: 'gone@people.example' }, { tries: 1 }));
      expect(refusal.code).toBe(expected);
      await mailer.send(mail);
      expect(server.received.map(({ to }) => to)).toEqual([mail.to]);
      expect(server.connections()).toBe(1);
    },
  );

  it.each([
    [554, 'mail.refused', 1],
    [451, 'mail.deferred', 3],
  ] as const)('a message answered with %i is %s after %i tries', async (code, expected, tries) => {
    let seen = 0;
    const server = await mailServer({ toMail: () => (seen++, code) });
    expect((await refusalOf(mailerFor(local(server.port)).send(mail))).code).toBe(expected);
    expect(seen).toBe(tries);
  });

  it('a sign-in that is not accepted is said once and not tried again', async () => {
    let tries = 0;
    const server = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => (tries++, done(new Error('no'))),
    });
    const settings = mailServerOf({ url: `smtp://fairlead:wrong@127.0.0.1:${server.port}`, from });
    const refusal = await refusalOf(mailerFor(settings).send(mail));
    expect(refusal.code).toBe('mail.not-let-in');
    expect(tries).toBe(1);
    expect(JSON.stringify([refusal.message, refusal.remedy])).not.toContain('wrong');
  });

  it('a connection that ends while the message is being read is never followed by a second hand-over', async () => {
    let read = 0;
    const server = await mailServer({ toMail: () => (read++, 'drop') });
    const refusal = await refusalOf(mailerFor(local(server.port)).send(mail));
    expect(refusal.code).toBe('mail.unanswered');
    expect(read).toBe(1);
  });

  it('no refusal repeats an address, whatever the server says', async () => {
    const server = await mailServer({ toRecipient: (address) => (address.includes('ada') ? 550 : 450) });
    const mailer = mailerFor(local(server.port));
    for (const to of ['ada@people.example', 'bob@people.example']) {
      const refusal = await refusalOf(mailer.send({ ...mail, to }, { tries: 1 }));
      expect(`${refusal.message}${refusal.remedy}${refusal.stack}${String(refusal.cause)}`).not.toMatch(
        /ada|bob|people/,
      );
    }
  });
});

describe('what is no mail', () => {
  it('text with control signs, lists and names is no address (CWE-93)', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{1,5}$/),
        fc.constantFrom('\r', '\n', '\0', ',', ';', '<', '>', ' ', '"', '(', '@', '\u{200b}', '\u{2028}'),
        fc.boolean(),
        (name, sign, isEarly) => {
          const at = `${name}@people.example`;
          expect(isAddress(at)).toBe(true);
          expect(isAddress(isEarly ? `${name}${sign}${at}` : `${at}${sign}${name}`)).toBe(false);
        },
      ),
    );
    for (const text of ['', '@', 'a@', '@b', `${'a'.repeat(65)}@b.example`, `a@${'b'.repeat(260)}`])
      expect(isAddress(text)).toBe(false);
  });

  it.each([
    ['an address with a header behind it', { to: 'ada@people.example\r\nBcc: eve@people.example' }],
    ['two addresses', { to: 'ada@people.example,eve@people.example' }],
    ['a subject with a line break', { subject: 'Hello\r\nBcc: eve@people.example' }],
    ['an empty subject', { subject: ' ' }],
    ['an unsubscribe address with a line break', { unsubscribeUrl: 'https://x.example/u\r\nBcc: eve@people.example' }],
  ])('%s is refused before anything is connected', async (_what, part) => {
    const server = await mailServer();
    expect((await refusalOf(mailerFor(local(server.port)).send({ ...mail, ...part }))).code).toBe('mail.message');
    expect(server.connections()).toBe(0);
  });
});

describe('settings', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-mail-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string, mode = 0o600): string => {
    const path = join(folder, `mail-${mode}-${text.length}.json`);
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };

  it('come from a file of the owner alone, or from two variables', async () => {
    const url = 'smtps://u:p@mail.northwind.example';
    const expected = { host: 'mail.northwind.example', user: 'u', password: 'p' };
    expect(await readMailSettings({ file: file(JSON.stringify({ url, from })) })).toMatchObject(expected);
    expect(await readMailSettings({ url, from })).toMatchObject(expected);
    expect(await readMailSettings({})).toBeUndefined();
  });

  it.each([
    [
      'a file that others may read',
      { file: () => file('{"url": "smtps://u:hidden@m.example", "from": "a@b.example"}', 0o644) },
    ],
    ['a file that is not there', { file: () => join(folder, 'none.json') }],
    ['a file that is no JSON', { file: () => file('smtps://u:hidden@m.example') }],
    ['a file without a sender', { file: () => file('{"url": "smtps://u:hidden@m.example"}') }],
    [
      'a list in the place of a text',
      { file: () => file('{"url": ["smtps://u:hidden@m.example"], "from": "a@b.example"}') },
    ],
    ['another scheme', { url: 'https://u:hidden@m.example', from }],
    [
      'a sender that starts a header',
      { url: 'smtps://u:hidden@m.example', from: 'A\r\nBcc: x@y.example <a@b.example>' },
    ],
  ] as [string, { file?: () => string; url?: string; from?: string }][])(
    '%s is refused, and nothing of it repeated',
    async (_what, given) => {
      const refusal = await refusalOf(readMailSettings({ ...given, file: given.file?.() }));
      expect(refusal.code).toBe('mail.settings');
      expect(`${refusal.message}${refusal.stack}`).not.toContain('hidden');
    },
  );

  it('a server that is there and lets us in passes the check, and has got nothing by it', async () => {
    const server = await mailServer();
    await mailerFor(local(server.port)).check();
    expect(server.received).toEqual([]);
    await server.close();
    expect((await refusalOf(mailerFor(local(server.port)).check())).code).toBe('mail.unreachable');
  });

  it('without any, everything is refused with what to do', async () => {
    const refusal = await refusalOf(openMailer(undefined, systemWorld).send(mail));
    expect(refusal.code).toBe('mail.unconfigured');
    expect(refusal.remedy).toContain('FAIRLEAD_MAIL_URL');
  });
});
