/** Unsubscribing by link (RFC 8058): to look changes nothing, to post withdraws, and nobody learns whether there is such a person. */
import { expect, describe, it } from 'vitest';
import { consentHistory } from '../../src/consent/ledger.ts';
import { forget } from '../../src/people/forget.ts';
import { linkToken } from '../../src/sending/link-token.ts';
import { allow, send } from '../support/engine.ts';
import { testHttp } from '../support/http.ts';

const server = await testHttp();
const { engine } = server;
let made = 0;

async function somebody(): Promise<{ personId: string; url: string; token: string }> {
  const userId = `reader-${made++}`;
  const [personId = ''] = await allow(engine, [userId], ['suggestions', 'email']);
  await send(engine, [
    { type: 'identify', messageId: `${userId}-i`, userId, traits: { email: `${userId}@people.example` } },
  ]);
  const token = linkToken(engine, 'unsubscribe', {
    personId,
    batchId: engine.database.world.uuid(),
    placement: 'weekly',
  });
  return { personId, token, url: `${server.url}/u/${token}` };
}

async function withdrawn(personId: string): Promise<string[]> {
  return (await consentHistory(engine.database, personId)).flatMap(({ action, purpose }) =>
    action === 'withdraw' ? [purpose] : [],
  );
}

const oneClick = {
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'List-Unsubscribe=One-Click',
};

describe('a link to unsubscribe', () => {
  it.each(['GET', 'HEAD'])('that is looked at (%s), however often, changes nothing', async (method) => {
    const { personId, url } = await somebody();
    for (let turn = 0; turn < 3; turn++) {
      const answer = await fetch(url, { method });
      expect(answer.status).toBe(200);
      const html = await answer.text();
      if (method === 'GET') expect(html).toMatch(/<form method="post">[^]*<button[^>]*>Unsubscribe<\/button>/);
    }
    expect(await withdrawn(personId)).toEqual([]);
  });

  it.each([
    ['as a mail program posts it', oneClick],
    ['as a form in parts', { method: 'POST', body: formOf('List-Unsubscribe', 'One-Click') }],
    [
      'as the button of the page',
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' },
    ],
    ['without a body', { method: 'POST' }],
  ])('that is posted %s withdraws that purpose and no other, at once', async (_what, request) => {
    const { personId, url } = await somebody();
    const answer = await fetch(url, request);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('You are unsubscribed.');
    expect(await withdrawn(personId)).toEqual(['email']);
    expect(
      (await engine.database.query('select field from profile_fields where person_id = $1', [personId])).length,
    ).toBe(0);
  });

  it('that is posted again says the same and writes nothing more', async () => {
    const { personId, url } = await somebody();
    const [first, second] = [await (await fetch(url, oneClick)).text(), await (await fetch(url, oneClick)).text()];
    expect(second).toBe(first);
    expect(await withdrawn(personId)).toEqual(['email']);
  });

  it('of somebody who was erased says the same, byte for byte, as that of somebody who is there', async () => {
    const [there, gone] = [await somebody(), await somebody()];
    await forget(engine, gone.personId, { kind: 'erase' });
    const pages = await Promise.all(
      [there, gone].map(async ({ url }) => ({
        offer: await (await fetch(url)).text(),
        done: await (await fetch(url, oneClick)).text(),
      })),
    );
    expect(pages[1]).toEqual(pages[0]);
  });

  it('that is not whole, or was made for something else, leads nowhere and says no more', async () => {
    const { personId, token } = await somebody();
    const content = linkToken(engine, 'content', { personId, batchId: personId, placement: 'weekly' });
    const wrong = [
      '',
      'x',
      content,
      `${token}A`,
      token.slice(1),
      token.slice(0, -1),
      `${token.slice(0, -3)}AAA`,
      '../../etc/passwd',
      '%00',
      'a'.repeat(700),
    ];
    const pages = new Set<string>();
    for (const one of wrong)
      for (const request of [{}, oneClick]) {
        const answer = await fetch(`${server.url}/u/${one}`, request);
        expect([404, 400], one).toContain(answer.status);
        if (answer.headers.get('content-type')?.startsWith('text/html') === true) pages.add(await answer.text());
      }
    expect(pages.size).toBe(1);
    expect(await withdrawn(personId)).toEqual([]);
  });

  it('names nobody: two links of one person share nothing, and no log line holds one', async () => {
    const { personId, token } = await somebody();
    const other = linkToken(engine, 'unsubscribe', { personId, batchId: personId, placement: 'weekly' });
    const bytes = Buffer.from(token, 'base64url').toString('hex');
    expect(bytes).not.toContain(personId.replaceAll('-', ''));
    expect(other.slice(0, 16)).not.toBe(token.slice(0, 16));
    await fetch(`${server.url}/u/${token}`, oneClick);
    expect(JSON.stringify(server.logged)).not.toContain(token.slice(0, 20));
  });

  it('is kept by nobody, framed by nobody, and runs nothing', async () => {
    const { url } = await somebody();
    const { headers } = await fetch(url);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-robots-tag')).toContain('noindex');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(headers.get('content-security-policy')).not.toMatch(/script-src|unsafe/);
    expect(headers.get('set-cookie')).toBeNull();
  });
});

function formOf(name: string, value: string): FormData {
  const form = new FormData();
  form.append(name, value);
  return form;
}
