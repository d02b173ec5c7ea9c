/**
 * Complaints: in two clicks, joined to their decision, obeyed by the next decision, answered once by a human and read by the person alone; a rate above the policy's
 * limit pauses the placement, and nobody can press that button for a rival.
 */
import { describe, expect, test } from 'vitest';
import { verify } from '../../src/auditing/verify.ts';
import { decide } from '../../src/deciding/decide.ts';
import { resumePlacement } from '../../src/deciding/pauses.ts';
import { learn } from '../../src/models/learn.ts';
import { forget } from '../../src/people/forget.ts';
import { startSession } from '../../src/people/person-sessions.ts';
import { complain, complaintQueue, complaintsOf } from '../../src/rights/complaints.ts';
import { linkToken } from '../../src/sending/link-token.ts';
import { allow, crowd, send, shopPolicy, stock, testEngine, viewed } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const engine = await testEngine({
  policy: { ...shopPolicy, complaints: { perThousand: 100, within: '7 days', atLeast: 4 } },
});
await stock(engine, 24);
const crowdIds = await crowd(engine, 20, 24);
const [ada = '', ben = ''] = await allow(engine, ['ada', 'ben', 'cleo']);
await send(
  engine,
  ['ada', 'ben', 'cleo'].flatMap((userId) => [viewed(userId, 'item-2'), viewed(userId, 'item-4')]),
);
await learn(engine, 'alsoLiked');
await engine.models.refresh('alsoLiked');
const { url, asServer } = await testHttp({ engine });

const at = (userId: string) => decide(engine, { person: { userId }, placement: 'home' });

async function page(personId: string, act: string, fields: Record<string, string>): Promise<string> {
  const cookie = `fairlead-person=${await startSession(engine, personId)}`;
  const answer = await fetch(`${url}/privacy/${act}`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'same-origin', cookie },
    body: new URLSearchParams(fields),
  });
  return answer.text();
}

describe('a complaint', () => {
  test('takes two clicks on the page, holds the placement back at once, and is answered there', async () => {
    const decision = await at('ada');
    expect(decision.personal).toBe(true);
    const asked = await page(ada, 'ask-complain', { decision: decision.decision });
    expect(asked).toContain('action="/privacy/complain"');
    const words = 'I never <b>asked</b> for this — "ever" & שלום';
    const done = await page(ada, 'complain', { decision: decision.decision, about: 'decision', words });
    expect(done).toContain('Thank you. A person will read it.');
    expect(done).not.toContain('<b>asked</b>');
    expect((await at('ada')).personal).toBe(false);
    expect((await at('ben')).personal).toBe(true);

    const [queued] = (await asServer.listComplaints({})).body.complaints;
    expect(queued).toMatchObject({ person: ada, decision: decision.decision, placement: 'home', via: 'page' });
    const file = (await asServer.readComplaint({ params: { id: queued?.complaint ?? '' } })).body;
    expect(file).toMatchObject({
      words,
      joined: { basis: ['suggestions'], model: decision.model, items: decision.items.map(({ item }) => item) },
    });
    const answered = await asServer.answerComplaint({
      params: { id: file.complaint },
      body: { answer: 'We have stopped it.', by: 'Priya Nair' },
    });
    expect(answered.body.answeredBy).toBe('Priya Nair');
    await expect(
      asServer.answerComplaint({ params: { id: file.complaint }, body: { answer: 'Again.', by: 'Priya Nair' } }),
    ).rejects.toMatchObject({ code: 'complaint.answered' });
    const own = await page(ada, 'stay', {});
    expect(own).toContain('We have stopped it.');
    expect(own).toContain('a complaint, read by');
    expect((await at('ada')).personal).toBe(false);
    const exported = (await asServer.exportPerson({ params: { person: ada } })).body;
    expect(exported.complaints).toMatchObject([{ words, answer: 'We have stopped it.' }]);
    expect(exported.settings.withheld).toEqual(['home']);
  });

  test('about somebody else’s decision is one about nothing, and leaves no trace', async () => {
    const theirs = await at('ben');
    await expect(
      complain(engine, { personId: ada, about: 'decision', decisionId: theirs.decision, via: 'api' }),
    ).rejects.toMatchObject({ code: 'decision.unknown' });
    expect((await page(ada, 'complain', { decision: theirs.decision, about: 'decision' })).length).toBeGreaterThan(0);
    expect((await at('ben')).personal).toBe(true);
    expect(await complaintsOf(engine, engine.database, ben)).toEqual([]);
  });

  test('may let the placement go on when the person wants it', async () => {
    const decision = await at('cleo');
    const { complaint } = (await asServer.complain({ body: { decision: decision.decision, about: 'decision' } })).body;
    expect((await at('cleo')).personal).toBe(false);
    await asServer.answerComplaint({
      params: { id: complaint },
      body: { answer: 'As you wish.', by: 'Priya Nair', release: true },
    });
    expect((await at('cleo')).personal).toBe(true);
  });

  test('comes as an abuse report too, and only a link of ours can name somebody', async () => {
    const token = linkToken(engine, 'unsubscribe', {
      personId: ben,
      batchId: engine.database.world.uuid(),
      placement: 'weekly',
    });
    const report = (link: string, quotes = 'message/rfc822'): string =>
      [
        'From: <abuse@mail.example>',
        'Content-Type: multipart/report; report-type=feedback-report;',
        '\tboundary="b1"',
        '',
        '--b1',
        'Content-Type: message/feedback-report',
        '',
        'Feedback-Type: abuse',
        'Version: 1',
        '',
        '--b1',
        `Content-Type: ${quotes}`,
        '',
        'To: <ben@example.org>',
        `List-Unsubscribe: <mailto:x@shop.example>,`,
        ` <https://shop.example/u/${link}>`,
        'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
        '',
        '--b1--',
      ].join('\r\n');
    const { complaint } = (await asServer.reportAbuse({ body: { report: report(token) } })).body;
    expect(await complaintsOf(engine, engine.database, ben)).toMatchObject([
      { complaint, about: 'message', placement: 'weekly', via: 'mail', words: null },
    ]);
    for (const bad of [
      report(`${token}A`),
      report(`A${token}`),
      report(token, 'text/plain'),
      'To: x\r\n\r\nnothing',
      ''.padEnd(10, 'x'),
    ])
      await expect(asServer.reportAbuse({ body: { report: bad } })).rejects.toMatchObject({
        code: 'report.unreadable',
      });
  });

  test('in a report about a placement that has left the policy, or about somebody who was merged since, is kept all the same', async () => {
    const report = (personId: string, placement: string): string =>
      `Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n\n--b\nContent-Type: text/rfc822-headers\n\nList-Unsubscribe: <https://shop.example/u/${linkToken(engine, 'unsubscribe', { personId, batchId: engine.database.world.uuid(), placement })}>\n\n--b--`;
    const [emil = ''] = await allow(engine, ['emil']);
    await asServer.reportAbuse({ body: { report: report(emil, 'newsletter of 2019') } });
    expect(await complaintsOf(engine, engine.database, emil)).toMatchObject([{ about: 'message', placement: null }]);

    await send(engine, [
      {
        type: 'track',
        messageId: 'visit of emil',
        anonymousId: 'visitor-2',
        event: 'Product Viewed',
        consent: { Functional: true },
        properties: { product_id: 'item-6' },
      },
    ]);
    const visitor = (await asServer.lookUpPerson({ body: { anonymousId: 'visitor-2' } })).body.person;
    await send(engine, [{ type: 'identify', messageId: 'emil signs in', anonymousId: 'visitor-2', userId: 'emil' }]);
    await asServer.reportAbuse({ body: { report: report(visitor, 'weekly') } });
    expect(await complaintsOf(engine, engine.database, emil)).toHaveLength(2);
    const gone = engine.database.world.uuid();
    expect((await asServer.reportAbuse({ body: { report: report(gone, 'weekly') } })).body).toEqual({
      complaint: null,
    });
  });

  test('goes with an erased person, and goes over sealed with a merged one', async () => {
    const [dora = ''] = await allow(engine, ['dora']);
    await complain(engine, { personId: dora, about: 'processing', words: 'Too much.', via: 'api' });
    await send(engine, [
      {
        type: 'track',
        messageId: 'visit',
        anonymousId: 'visitor-1',
        event: 'Product Viewed',
        consent: { Functional: true },
        properties: { product_id: 'item-6' },
      },
    ]);
    const visitor = (await asServer.lookUpPerson({ body: { anonymousId: 'visitor-1' } })).body.person;
    await complain(engine, {
      personId: visitor,
      about: 'processing',
      words: 'Who are you?',
      via: 'api',
    });
    await send(engine, [{ type: 'identify', messageId: 'sign-in', anonymousId: 'visitor-1', userId: 'dora' }]);
    expect(new Set((await complaintsOf(engine, engine.database, dora)).map(({ words }) => words))).toEqual(
      new Set(['Too much.', 'Who are you?']),
    );
    expect((await verify(engine)).checks.filter(({ ok }) => !ok)).toEqual([]);
    await forget(engine, dora, { kind: 'erase' });
    expect(await complaintsOf(engine, engine.database, dora)).toEqual([]);
    expect((await complaintQueue(engine.database)).map(({ person }) => person)).not.toContain(dora);
  });
});

describe('the limit', () => {
  test('pauses a placement for everybody when too many people complain, each counted once and only if it reached them', async () => {
    for (let again = 0; again < 20; again += 1)
      await complain(engine, { personId: ben, about: 'processing', placement: 'home', via: 'api' });
    const [stranger = '', other = ''] = await allow(engine, ['stranger', 'other']);
    for (const personId of [stranger, other])
      await complain(engine, { personId, about: 'processing', placement: 'home', via: 'api' });
    expect(engine.pauses.has('home')).toBe(false);

    const fourth = crowdIds[0] ?? '';
    const decision = await at(fourth);
    expect(decision.personal).toBe(true);
    await asServer.complain({ body: { decision: decision.decision, about: 'decision' } });
    expect(engine.pauses.has('home')).toBe(true);
    expect((await at(crowdIds[1] ?? '')).personal).toBe(false);
    const [pause] = (await asServer.listPauses()).body.pauses;
    expect(pause).toMatchObject({ placement: 'home', pausedBy: 'the complaint limit of the policy', endedAt: null });

    await asServer.resumePlacement({ params: { placement: 'home' }, body: { by: 'Priya Nair' } });
    expect((await at(crowdIds[1] ?? '')).personal).toBe(true);
    // What was answered for by ending the pause does not count again: three more do not press the button, and all who come at once are counted together.
    const decided = await Promise.all(crowdIds.slice(2, 6).map(async (userId) => (await at(userId)).decision));
    const [last = '', ...first] = decided;
    for (const decisionId of first) await asServer.complain({ body: { decision: decisionId, about: 'decision' } });
    expect(engine.pauses.has('home')).toBe(false);
    await asServer.complain({ body: { decision: last, about: 'decision' } });
    expect(engine.pauses.has('home')).toBe(true);
    await asServer.resumePlacement({ params: { placement: 'home' }, body: { by: 'Priya Nair' } });
    const atOnce = await Promise.all(crowdIds.slice(6, 10).map(async (userId) => (await at(userId)).decision));
    await Promise.all(atOnce.map((decision) => asServer.complain({ body: { decision, about: 'decision' } })));
    expect(engine.pauses.has('home')).toBe(true);
    expect((await asServer.listPauses()).body.pauses).toHaveLength(3);
    await asServer.resumePlacement({ params: { placement: 'home' }, body: { by: 'Priya Nair' } });
    expect((await verify(engine)).checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  test('can be pressed by hand, once, and an unknown placement is none', async () => {
    const press = () =>
      asServer.pausePlacement({ params: { placement: 'home' }, body: { reason: 'Wrong prices.', by: 'Priya Nair' } });
    await press();
    await press();
    const standing = (await asServer.listPauses()).body.pauses.filter(({ endedAt }) => endedAt === null);
    expect(standing).toHaveLength(1);
    await resumePlacement(engine, { placement: 'home', by: 'Priya Nair' });
    await expect.poll(() => engine.pauses.has('home')).toBe(false);
    await expect(
      asServer.pausePlacement({ params: { placement: 'nowhere' }, body: { reason: 'x', by: 'x' } }),
    ).rejects.toMatchObject({ code: 'placement.unknown' });
  });
});
