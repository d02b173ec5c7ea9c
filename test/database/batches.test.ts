/** Batches: who has to agree, that each person gets one thing once whatever fails when, and that whoever withdraws is obeyed at once. */
import { createHmac } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify } from '../../src/auditing/verify.ts';
import { Refusal } from '../../src/database/refusal.ts';
import { learn } from '../../src/models/learn.ts';
import { choose } from '../../src/people/choose.ts';
import { forget } from '../../src/people/forget.ts';
import { type Policy } from '../../src/policy/policy.ts';
import {
  type Batch,
  type BatchRequest,
  approveBatch,
  cancelBatch,
  createBatch,
  expireBatches,
  readBatch,
} from '../../src/sending/batch.ts';
import { contentOf } from '../../src/sending/compose.ts';
import { type HandOver, beginHandOvers, expireHandOvers } from '../../src/sending/hand-overs.ts';
import { csvRow } from '../../src/sending/internal/csv-outlet.ts';
import { mailServerOf } from '../../src/sending/mail-settings.ts';
import { type Mailer, openMailer } from '../../src/sending/mail.ts';
import { fetchRemovals, referencesFor } from '../../src/sending/removals.ts';
import { type RunOptions, runBatch } from '../../src/sending/run-batch.ts';
import { unsubscribe } from '../../src/sending/unsubscribe.ts';
import { webhookOf } from '../../src/sending/webhook-settings.ts';
import { type TestEngine, allow, send, shopPolicy, stock, testEngine, viewed } from '../support/engine.ts';
import { type MailServerOptions, type TestMailServer, mailServer } from '../support/mail-server.ts';

const base: Policy = {
  ...shopPolicy,
  purposes: {
    ...shopPolicy.purposes,
    ads: {
      basis: 'consent',
      title: 'Ads elsewhere',
      notice: 'We tell our ad partners.',
      keepFor: '6 months',
      recipients: ['Example Ads Ltd', 'Other Ads Ltd'],
    },
  },
  people: {
    ...shopPolicy.people,
    ageBand: { kind: 'attribute', oneOf: ['18-24', '50+'], for: ['email', 'ads'] },
  },
  placements: {
    ...shopPolicy.placements,
    weekly: { ...shopPolicy.placements.weekly, approval: 'one person', atMost: '100 per week' },
    capped: { ...shopPolicy.placements.weekly, approval: 'one person', atMost: '1 per week' },
    agreed: { ...shopPolicy.placements.weekly, approval: 'second person', atMost: '100 per week' },
    retarget: { channel: 'ads', purposes: ['ads', 'suggestions'], model: 'alsoLiked', show: 3, approval: 'one person' },
  },
  segments: {
    grown: { for: 'email', where: { ageBand: ['50+'] } },
    young: { for: 'email', where: { ageBand: ['18-24'] } },
    grownAds: { for: 'ads', where: { ageBand: ['50+'] } },
    youngAds: { for: 'ads', where: { ageBand: ['18-24'] } },
  },
  audiences: {
    grown: { segment: 'grown', placement: 'weekly' },
    young: { segment: 'young', placement: 'weekly' },
    grownCapped: { segment: 'grown', placement: 'capped' },
    grownAgreed: { segment: 'grown', placement: 'agreed' },
    grownAds: { segment: 'grownAds', placement: 'retarget' },
    youngAds: { segment: 'youngAds', placement: 'retarget' },
  },
};

let clock = new Date();
const people = 60;
const emailOf = (index: number): string => `person-${index}@people.example`;
const folder = mkdtempSync(join(tmpdir(), 'fairlead-batch-'));
let engine: TestEngine;
const ids = new Map<number, string>();
let next = 0;
const fileName = (): string => join(folder, `batch-${next++}.csv`);
const publicUrl = 'https://fairlead.shop.example';

async function arrive(index: number, purposes = ['suggestions', 'email', 'ads'], ageBand = '50+'): Promise<string> {
  const userId = `buyer-${index}`;
  const [personId = ''] = await allow(engine, [userId], purposes);
  await send(engine, [
    { type: 'identify', messageId: `id-${index}-${next++}`, userId, traits: { email: emailOf(index), ageBand } },
    viewed(userId, `item-${index % 20}`),
    viewed(userId, `item-${(index * 7 + 1) % 20}`),
    viewed(userId, `item-${(index * 3 + 2) % 20}`),
  ]);
  ids.set(index, personId);
  return personId;
}

const world = {
  now: () => clock,
  randomBytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)),
  uuid: () => {
    clock = new Date(clock.getTime() + 1); // ids are made by the clock, so that they stay in order
    const hex = clock.getTime().toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${crypto.randomUUID().slice(15)}`;
  },
};

beforeAll(async () => {
  engine = await testEngine({ policy: base, world });
  await stock(engine, 20);
  for (let index = 0; index < people; index++) await arrive(index);
  for (let index = people; index < people + 8; index++) await arrive(index, undefined, '18-24');
  await learn(engine, 'alsoLiked');
  await engine.models.refresh('alsoLiked');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made: Mailer[] = [];
afterAll(async () => {
  for (const mailer of made) await mailer.close();
});

function mailerFor(port: number): Mailer {
  const server = mailServerOf({ url: `smtp://127.0.0.1:${port}`, from: 'Test Shop <offers@shop.example>' });
  const mailer = openMailer(server, engine.database.world, {
    connections: 4,
    waitsMs: [5, 5],
    connectMs: 2_000,
    replyMs: 2_000,
  });
  made.push(mailer);
  return mailer;
}

async function create(part: Partial<BatchRequest> = {}): Promise<Batch> {
  return createBatch(engine, { audience: 'grown', placement: 'weekly', to: 'csv', by: 'ada', ...part });
}

async function refusalOf(promise: Promise<unknown>): Promise<Refusal> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error('it was not refused', { cause: error });
  return error;
}

function rowsOf(file: string): Record<string, string>[] {
  return parse(readFileSync(file), { columns: true });
}

describe('agreeing to a batch', () => {
  it('takes somebody else than the one who made it, and only once', async () => {
    const batch = await create({ audience: 'grownAgreed', placement: 'agreed' });
    expect(batch.state).toBe('waiting');
    expect((await refusalOf(runBatch(engine, batch.batch, { publicUrl, file: fileName() }))).code).toBe('batch.state');
    expect((await refusalOf(approveBatch(engine, batch.batch, 'ada'))).code).toBe('batch.second-person');
    const agreed = await approveBatch(engine, batch.batch, 'bob');
    expect(agreed).toMatchObject({ state: 'approved', createdBy: 'ada', approvedBy: 'bob' });
    expect((await refusalOf(approveBatch(engine, batch.batch, 'eve'))).code).toBe('batch.state');
    const file = fileName();
    expect((await runBatch(engine, batch.batch, { publicUrl, file })).state).toBe('done');
    expect(rowsOf(file)).toHaveLength(people);
  });

  it('is for one version of the policy, one day, and one audience of a placement', async () => {
    const batch = await create();
    const later = { ...engine, policyVersion: engine.policyVersion + 1 };
    expect((await refusalOf(runBatch(later, batch.batch, { publicUrl, file: fileName() }))).code).toBe('batch.policy');
    clock = new Date(clock.getTime() + 24 * 3_600_000);
    const file = fileName();
    expect((await refusalOf(runBatch(engine, batch.batch, { publicUrl, file }))).code).toBe('batch.state');
    expect((await readBatch(engine, batch.batch)).state).toBe('expired');
    expect(existsSync(file) || existsSync(`${file}.part`)).toBe(false);
    const waiting = await create({ audience: 'grownAgreed', placement: 'agreed' });
    clock = new Date(clock.getTime() + 24 * 3_600_000);
    await expireBatches(engine);
    expect((await readBatch(engine, waiting.batch)).state).toBe('expired');
    expect((await refusalOf(create({ placement: 'home' }))).code).toBe('batch.placement');
    expect((await refusalOf(create({ audience: 'nobody' }))).code).toBe('audience.unknown');
  });

  it('once taken back, nothing leaves', async () => {
    const batch = await create();
    expect((await cancelBatch(engine, batch.batch)).state).toBe('cancelled');
    expect((await refusalOf(runBatch(engine, batch.batch, { publicUrl, file: fileName() }))).code).toBe('batch.state');
    expect((await refusalOf(readBatch(engine, engine.database.world.uuid()))).code).toBe('batch.unknown');
  });

  it('is not asked for what cannot be sent: a template with a strange field, a recipient that people were not told of, an ad as a mail', async () => {
    expect(
      (await refusalOf(create({ template: '<mjml><mj-body><mj-text>{{ person.email }}</mj-text></mj-body></mjml>' })))
        .code,
    ).toBe('template.field');
    expect((await refusalOf(create({ recipient: 'Somebody Else' }))).code).toBe('batch.recipient');
    expect((await refusalOf(create({ audience: 'grownAds', placement: 'retarget', to: 'smtp' }))).code).toBe(
      'batch.channel',
    );
    expect((await refusalOf(create({ audience: 'grownAds', placement: 'retarget' }))).code).toBe('batch.recipient');
    expect(
      (await refusalOf(create({ audience: 'youngAds', placement: 'retarget', recipient: 'Example Ads Ltd' }))).code,
    ).toBe('audience.too-small');
  });
});

describe('a file', () => {
  it('has each person once, each with one recorded decision, for its owner alone to read', async () => {
    const batch = await create();
    const file = fileName();
    const done = await runBatch(engine, batch.batch, { publicUrl, file });
    expect(done).toMatchObject({ state: 'done', counts: { 'handed over': people, handing: 0 } });
    const rows = rowsOf(file);
    expect(new Set(rows.map((row) => row['email']))).toEqual(
      new Set(Array.from({ length: people }, (_, index) => emailOf(index))),
    );
    expect(new Set(rows.map((row) => row['decision'])).size).toBe(people);
    const [recorded] = await engine.database.query<{ count: number }>(
      'select count(*)::integer as count from decisions where decision_id = any($1::uuid[])',
      [rows.map((row) => row['decision'])],
    );
    expect(recorded?.count).toBeGreaterThan(people / 2);
    for (const row of rows) {
      expect(row['why_url']).toMatch(/^https:\/\/fairlead\.shop\.example\/why\/[\w-]+$/);
      expect(row['unsubscribe_url']).toMatch(/^https:\/\/fairlead\.shop\.example\/u\/[\w-]+$/);
      expect(row['item_1']).toMatch(/^item-\d+$/);
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file}.part`)).toBe(false);
    expect((await refusalOf(runBatch(engine, batch.batch, { publicUrl, file: fileName() }))).code).toBe('batch.state');
  });

  it('goes on where a process ended, cut to what lasts, and nobody stands in it twice', async () => {
    const batch = await create();
    const file = fileName();
    let groups = 0;
    const dies = (): void => {
      if (++groups === 3) throw new Error('killed');
    };
    await expect(runBatch(engine, batch.batch, { publicUrl, file, groupMax: 7, onProgress: dies })).rejects.toThrow(
      'killed',
    );
    // As a kill would leave it: half a row behind what lasts, and somebody who was about to be written.
    appendFileSync(`${file}.part`, 'half a ro');
    const [someone] = await engine.database.query<HandOver>(
      "select * from hand_overs where batch_id = $1 and state = 'handed over' limit 1",
      [batch.batch],
    );
    const left = [...ids.entries()].find(([, personId]) => personId > (someone?.person_id ?? ''))?.[1] ?? '';
    if (someone !== undefined)
      await beginHandOvers(engine, engine.database, [{ ...someone, person_id: left, state: 'handing' }]);
    expect((await readBatch(engine, batch.batch)).state).toBe('sending');
    const done = await runBatch(engine, batch.batch, { publicUrl, file, groupMax: 7 });
    expect(done).toMatchObject({ state: 'done', counts: { 'handed over': people, handing: 0 } });
    const rows = rowsOf(file);
    expect(rows).toHaveLength(people);
    expect(new Set(rows.map((row) => row['email'])).size).toBe(people);
  });

  it('leaves out who withdraws or is erased while it is written, before their turn and after it', async () => {
    const [first, early, late, later] = [ids.get(0) ?? '', await arrive(500), await arrive(501), await arrive(502)];
    const batch = await create();
    const file = fileName();
    const leaving: Promise<unknown>[] = [];
    await runBatch(engine, batch.batch, {
      publicUrl,
      file,
      groupMax: 8,
      onProgress: () => {
        if (leaving.length > 0) return;
        // The first has a row already; the others are last in the order of their ids.
        leaving.push(
          forget(engine, first, { kind: 'withdraw', purposes: ['email'], method: 'form', source: 'test' }),
          forget(engine, early, { kind: 'withdraw', purposes: ['email'], method: 'form', source: 'test' }),
          forget(engine, late, { kind: 'erase' }),
        );
      },
    });
    await Promise.all(leaving);
    const emails = rowsOf(file).map((row) => row['email']);
    expect(emails).toHaveLength(people);
    expect(emails).toContain(emailOf(502));
    for (const index of [0, 500, 501]) expect(emails).not.toContain(emailOf(index));
    // What is whole has left: from then on, withdrawals stand among the removals of whoever got it.
    const referenceOf = referencesFor(engine, 'own systems');
    const removed = async (): Promise<Set<string>> =>
      new Set(
        (await fetchRemovals(engine, 'own systems', { limit: 1_000 })).removals.map(({ reference }) => reference),
      );
    expect(await removed()).not.toContain(referenceOf(later));
    await forget(engine, later, { kind: 'erase' });
    expect(await removed()).toContain(referenceOf(later));
    await forget(engine, early, { kind: 'erase' });
    await arrive(0);
  });

  it.each([
    ['=1+1', '"\'=1+1"\r\n'],
    ['+49', '"\'+49"\r\n'],
    ['-2', '"\'-2"\r\n'],
    ['@x', '"\'@x"\r\n'],
    ['\t=x', '"\'\t=x"\r\n'],
    [' =x', '"\' =x"\r\n'],
    ['a,"b"', '"a,""b"""\r\n'],
    ['a\r\nb', '"a b"\r\n'],
    ['plain', 'plain\r\n'],
    [null, '\r\n'],
  ])('the cell %j is text to a spreadsheet', (value, row) => {
    expect(csvRow([value])).toBe(row);
  });
});

describe('mail', () => {
  async function mailBatch(
    server: TestMailServer,
    options: Partial<RunOptions> = {},
    request: Partial<BatchRequest> = {},
  ): Promise<Batch> {
    const batch = await create({ to: 'smtp', ...request });
    return runBatch(engine, batch.batch, { publicUrl, mailer: mailerFor(server.port), ...options });
  }

  it('reaches each person once, with what the policy lets it say, both headers of unsubscribing, and a text part', async () => {
    const server = await mailServer();
    expect(await mailBatch(server)).toMatchObject({ state: 'done', counts: { 'handed over': people } });
    expect(new Set(server.received.map(({ to }) => to))).toEqual(
      new Set(Array.from({ length: people }, (_, index) => emailOf(index))),
    );
    expect(server.received).toHaveLength(people);
    for (const { raw, mail } of server.received) {
      const url = /^List-Unsubscribe: <(https:[^>]+)>\r$/m.exec(raw)?.[1] ?? '';
      expect(raw).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
      expect(mail.html).toContain(url);
      expect(mail.text).toContain(url);
      expect(mail.text).toContain('privacy@shop.example');
      expect(mail.html).toMatch(/Item \d+/);
      expect(`${mail.html}${mail.text}`).not.toMatch(/person-\d|50\+/);
    }
    expect(new Set(server.received.map(({ raw }) => /^List-Unsubscribe: (.*)$/m.exec(raw)?.[1])).size).toBe(people);
  });

  it('waits while the mail server is away, and goes on to those who have had nothing', async () => {
    const first = await mailServer();
    let taken = 0;
    const port = first.port;
    const batch = await create({ to: 'smtp' });
    const mailer = mailerFor(port);
    const paused = await runBatch(engine, batch.batch, {
      publicUrl,
      mailer,
      groupMax: 2,
      onProgress: () => {
        if (++taken === 5) void first.close();
      },
    });
    expect(paused.state).toBe('paused');
    expect(paused.pausedBecause).toMatch(/mail server/);
    // Still away: it says so again, and nothing is lost.
    expect((await runBatch(engine, batch.batch, { publicUrl, mailer })).state).toBe('paused');
    const second = await mailServer({ port });
    const done = await runBatch(engine, batch.batch, { publicUrl, mailer });
    expect(done.state).toBe('done');
    const all = [...first.received, ...second.received].map(({ to }) => to);
    expect(new Set(all).size).toBe(all.length);
    expect(all.length + done.counts.unanswered).toBe(people);
    expect(done.counts.unanswered).toBeLessThanOrEqual(2);
  });

  it('that may have been taken when the connection ended is told as unanswered and never sent again', async () => {
    let read = 0;
    const options: MailServerOptions = { toMail: (to) => (read++, to === emailOf(3) ? 'drop' : undefined) };
    const server = await mailServer(options);
    const done = await mailBatch(server, { groupMax: 1 });
    expect(done).toMatchObject({ state: 'done', counts: { unanswered: 1, 'handed over': people - 1 } });
    expect(read).toBe(people);
  });

  it('that was being handed over when the process ended is not handed over again', async () => {
    const server = await mailServer();
    const batch = await create({ to: 'smtp' });
    let groups = 0;
    const options = { publicUrl, mailer: mailerFor(server.port), groupMax: 3 };
    const dies = (): void => {
      if (++groups === 4) throw new Error('killed');
    };
    await expect(runBatch(engine, batch.batch, { ...options, onProgress: dies })).rejects.toThrow('killed');
    const [row] = await engine.database.query<HandOver>('select * from hand_overs where batch_id = $1 limit 1', [
      batch.batch,
    ]);
    const untouched =
      [...ids.values()]
        .filter((personId) => personId > (row?.person_id ?? ''))
        .toSorted()
        .at(-20) ?? '';
    if (row !== undefined)
      await beginHandOvers(engine, engine.database, [{ ...row, person_id: untouched, state: 'handing' }]);
    const done = await runBatch(engine, batch.batch, options);
    expect(done).toMatchObject({ state: 'done', counts: { unanswered: 1, 'handed over': people - 1 } });
    expect(new Set(server.received.map(({ to }) => to)).size).toBe(people - 1);
    expect(server.received).toHaveLength(people - 1);
  });

  it('is refused by name and not by address, and the others get theirs', async () => {
    const server = await mailServer({ toRecipient: (to) => (to === emailOf(5) ? 550 : undefined) });
    expect(await mailBatch(server)).toMatchObject({ state: 'done', counts: { refused: 1, 'handed over': people - 1 } });
  });

  it('obeys the cap of its placement over batches', async () => {
    const server = await mailServer();
    expect((await mailBatch(server, {}, { audience: 'grownCapped', placement: 'capped' })).counts['handed over']).toBe(
      people,
    );
    expect((await mailBatch(server, {}, { audience: 'grownCapped', placement: 'capped' })).counts['handed over']).toBe(
      0,
    );
    clock = new Date(clock.getTime() + 8 * 24 * 3_600_000);
    expect((await mailBatch(server, {}, { audience: 'grownCapped', placement: 'capped' })).counts['handed over']).toBe(
      people,
    );
  });

  it('stops for whoever unsubscribes, from the next recipient on and for good', async () => {
    const extra = [await arrive(600), await arrive(601)].toSorted();
    const server = await mailServer();
    const last = extra[1] ?? '';
    let left: Promise<unknown> | undefined;
    const done = await mailBatch(server, {
      groupMax: 1,
      onProgress: () => {
        left ??= forget(engine, last, { kind: 'withdraw', purposes: ['email'], method: 'form', source: 'test' });
      },
    });
    await left;
    const index = [...ids].find(([, personId]) => personId === last)?.[0] ?? -1;
    expect(server.received.map(({ to }) => to)).not.toContain(emailOf(index));
    expect(done.state).toBe('done');
    // The link in the mail of the other one.
    const other = extra[0] ?? '';
    const address = emailOf([...ids].find(([, personId]) => personId === other)?.[0] ?? -1);
    const token = /\/u\/([\w-]+)>/.exec(server.received.find(({ to }) => to === address)?.raw ?? '')?.[1] ?? '';
    expect(await unsubscribe(engine, token)).toBe(true);
    expect(await unsubscribe(engine, token)).toBe(true);
    const entries = await engine.database.query<{ purpose: string; action: string; method: string }>(
      "select purpose, action, method from consent_entries where person_id = $1 and action = 'withdraw'",
      [other],
    );
    expect(entries).toEqual([{ purpose: 'email', action: 'withdraw', method: 'unsubscribe' }]);
    const again = await mailServer();
    await mailBatch(again);
    expect(again.received.map(({ to }) => to)).not.toContain(address);
    // Erased since: the link works all the same, and tells nobody.
    await forget(engine, other, { kind: 'erase' });
    await forget(engine, last, { kind: 'erase' });
    expect(await unsubscribe(engine, token)).toBe(true);
    for (const wrong of ['', 'x', `${token}A`, token.slice(0, -1), `${token.slice(0, -2)}AA`])
      expect(await unsubscribe(engine, wrong)).toBe(false);
  });
});

describe('a webhook', () => {
  const secret = Buffer.alloc(32, 3);
  interface Posted {
    readonly id: string;
    readonly body: { data: { recipients: { email?: string; reference: string; contentUrl?: string }[] } };
  }

  async function receiver(
    answer: (turn: number) => number,
  ): Promise<{ url: string; posted: Posted[]; close: () => void }> {
    const posted: Posted[] = [];
    let turn = 0;
    const server: Server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = request.headers;
        const right = createHmac('sha256', secret)
          .update(`${String(id)}.${String(at)}.${body}`)
          .digest('base64');
        const status = signature === `v1,${right}` ? answer(turn++) : 401;
        if (status < 300) posted.push({ id: String(id), body: JSON.parse(body) as Posted['body'] });
        response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
      });
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo; // it listens on a port
    return { url: `http://127.0.0.1:${port}/hook`, posted, close: () => server.close() };
  }

  const limits = { answerMs: 2_000, waitsMs: [5, 5, 5] };

  it('is posted each person once, signed, and again under the same id until it answers', async () => {
    const hook = await receiver((turn) => (turn % 3 === 0 ? 503 : 200));
    const batch = await create({ to: 'webhook' });
    const webhook = webhookOf({ url: hook.url, secret: `whsec_${secret.toString('base64')}` });
    const done = await runBatch(engine, batch.batch, { publicUrl, webhook, webhookLimits: limits, groupMax: 9 });
    expect(done).toMatchObject({ state: 'done', counts: { 'handed over': people } });
    const emails = hook.posted.flatMap(({ body }) => body.data.recipients.map(({ email }) => email));
    expect(new Set(emails).size).toBe(people);
    expect(emails).toHaveLength(people);
    expect(new Set(hook.posted.map(({ id }) => id)).size).toBe(hook.posted.length);
    hook.close();
  });

  it('that answers nothing pauses the batch, and gets the same ids again', async () => {
    let isAway = true;
    const hook = await receiver((turn) => (turn >= 2 && isAway ? 500 : 200));
    const batch = await create({ to: 'webhook' });
    const options = {
      publicUrl,
      webhook: webhookOf({ url: hook.url, secret: secret.toString('base64') }),
      webhookLimits: limits,
      groupMax: 9,
    };
    const paused = await runBatch(engine, batch.batch, options);
    expect(paused).toMatchObject({ state: 'paused', counts: { 'handed over': 18, handing: 9 } });
    const [waiting] = await engine.database.query<{ message_id: string; person_id: string }>(
      "select message_id, person_id from hand_overs where batch_id = $1 and state = 'handing'",
      [batch.batch],
    );
    isAway = false;
    expect(await runBatch(engine, batch.batch, options)).toMatchObject({
      state: 'done',
      counts: { 'handed over': people },
    });
    expect(hook.posted.map(({ id }) => id)).toContain(waiting?.message_id);
    const references = hook.posted.flatMap(({ body }) => body.data.recipients.map(({ reference }) => reference));
    expect(new Set(references).size).toBe(people);
    expect(references).toHaveLength(people);
    hook.close();
  });

  it.each([302, 400, 410])('that answers %i is not tried again and not followed', async (status) => {
    let turns = 0;
    const hook = await receiver(() => (turns++, status));
    const batch = await create({ to: 'webhook' });
    const paused = await runBatch(engine, batch.batch, {
      publicUrl,
      webhook: webhookOf({ url: hook.url, secret: secret.toString('base64') }),
      webhookLimits: limits,
    });
    expect(paused).toMatchObject({ state: 'paused', pausedBecause: `The webhook answers ${status}.` });
    expect(turns).toBe(1);
    await cancelBatch(engine, batch.batch);
    hook.close();
  });

  it('gets no secret that could be guessed, and nothing that anybody could read on the way', () => {
    for (const [url, given] of [
      ['http://hooks.example/', 'x'.repeat(64)],
      ['https://user:pass@hooks.example/', 'x'.repeat(64)],
      ['https://hooks.example/', 'short'],
      ['ftp://hooks.example/', 'x'.repeat(64)],
    ] as const)
      expect(() => webhookOf({ url, secret: given })).toThrow(Refusal);
  });
});

describe('what a provider fetches', () => {
  it('is made now: with the catalogue of now, for as long as the person allows it', async () => {
    const personId = await arrive(700);
    const batch = await create();
    const file = fileName();
    await runBatch(engine, batch.batch, { publicUrl, file });
    const row = rowsOf(file).find((one) => one['email'] === emailOf(700));
    const token = row?.['content_url']?.split('/').at(-1) ?? '';
    const content = await contentOf(engine, publicUrl, token);
    expect(content.items.map(({ item }) => item)).toEqual([row?.['item_1'], row?.['item_2'], row?.['item_3']]);
    expect(content.html).toContain(content.unsubscribeUrl);
    expect(content.whyUrl).toBe(row?.['why_url']);
    const unsubscribeToken = row?.['unsubscribe_url']?.split('/').at(-1) ?? '';
    const refusals = [
      await refusalOf(contentOf(engine, publicUrl, unsubscribeToken)),
      await refusalOf(contentOf(engine, publicUrl, 'x')),
      await refusalOf(contentOf(engine, publicUrl, `${token.slice(0, -2)}AA`)),
    ];
    await unsubscribe(engine, unsubscribeToken);
    refusals.push(await refusalOf(contentOf(engine, publicUrl, token)));
    await forget(engine, personId, { kind: 'erase' });
    refusals.push(await refusalOf(contentOf(engine, publicUrl, token)));
    for (const refusal of refusals)
      expect([refusal.code, refusal.message]).toEqual([refusals[0]?.code, refusals[0]?.message]);
  });
});

describe('an audience for ads', () => {
  it('is pseudonyms that two recipients cannot join, of people who allow exactly that', async () => {
    const without = await arrive(800, ['suggestions', 'email']);
    const files = { 'Example Ads Ltd': fileName(), 'Other Ads Ltd': fileName() };
    const seen: Record<string, string[]> = {};
    for (const [recipient, file] of Object.entries(files)) {
      const batch = await create({ audience: 'grownAds', placement: 'retarget', recipient });
      expect((await runBatch(engine, batch.batch, { publicUrl, file })).counts['handed over']).toBe(people);
      const rows = rowsOf(file);
      expect(Object.keys(rows[0] ?? {})).toEqual(['reference']);
      seen[recipient] = rows.map((row) => row['reference'] ?? '');
    }
    const [a = [], b = []] = Object.values(seen);
    expect(new Set([...a, ...b]).size).toBe(2 * people);
    expect(a).not.toContain(referencesFor(engine, 'Example Ads Ltd')(without));
    // Nothing of a file says who it is about.
    expect(readFileSync(files['Example Ads Ltd'], 'utf8')).not.toMatch(/@|[0-9a-f]{8}-[0-9a-f]{4}-7/);
    await forget(engine, without, { kind: 'erase' });
  });

  it('is followed by removals, at once and for each recipient apart', async () => {
    const personId = ids.get(1) ?? '';
    const before = (await fetchRemovals(engine, 'Example Ads Ltd', { limit: 1_000 })).removals;
    await choose(engine, [
      { who: { personId }, choices: { purposes: { ads: false }, method: 'form', source: 'test' } },
    ]);
    for (const recipient of ['Example Ads Ltd', 'Other Ads Ltd']) {
      const { removals } = await fetchRemovals(engine, recipient, { limit: 1_000 });
      expect(removals.map(({ reference }) => reference)).toContain(referencesFor(engine, recipient)(personId));
    }
    expect(before.map(({ reference }) => reference)).not.toContain(referencesFor(engine, 'Example Ads Ltd')(personId));
    clock = new Date(clock.getTime() + 3_600_000);
    const last = (await fetchRemovals(engine, 'Example Ads Ltd', { limit: 1_000 })).removals.at(-1)?.removal;
    expect((await fetchRemovals(engine, 'Example Ads Ltd', { after: last, limit: 1_000 })).removals).toEqual([]);
    await forget(engine, ids.get(2) ?? '', { kind: 'erase' });
    const next = await fetchRemovals(engine, 'Example Ads Ltd', { after: last, limit: 1_000 });
    expect(next.removals.map(({ reference }) => reference)).toEqual([
      referencesFor(engine, 'Example Ads Ltd')(ids.get(2) ?? ''),
    ]);
  });
});

describe('afterwards', () => {
  it('everything verifies, and one changed row is found and named', async () => {
    await expect(verify(engine)).resolves.toMatchObject({ ok: true });
    await engine.database.query(
      "update hand_overs set state = 'refused' where person_id = $1 and state = 'handed over'",
      [ids.get(9)],
    );
    await engine.database.query("update batches set approved_by = 'mallory' where approved_by = 'bob'");
    const { checks } = await verify(engine);
    const findings = checks.flatMap(({ finding }) => finding ?? []).join();
    expect(findings).toMatch(/hand_overs/);
    expect(findings).toMatch(/batches/);
  });

  it('what is kept about hand-overs goes when its time has come', async () => {
    clock = new Date(clock.getTime() + 400 * 24 * 3_600_000);
    expect(await expireHandOvers(engine)).toBeGreaterThan(people);
    const [rest] = await engine.database.query<{ count: number }>('select count(*)::integer as count from hand_overs');
    expect(rest?.count).toBe(0);
  });
});
